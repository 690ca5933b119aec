"""What the Models page reads: what is known of each model, and two of them over the same pairs; kept until anything is committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import data, reports
from app.model_state import PAGE_ROWS
from jobs.report.gather import Evaluated
from jobs.report.slice_pairs import slice_pairs
from music_core.evaluate.compare import PairedDifference, paired_difference
from music_core.evaluate.side_by_side import Accuracy, SideBySide, accuracy, differences_by, side_by_side
from music_core.evaluate.votes import GROUPS, kind_of
from music_core.facts import PairFacts
from music_core.store.facts import pair_facts, selected_margins
from music_core.store.manifests import ManifestCounts, manifest_counts
from music_core.store.pairs import PairFilter, PairRow, list_pairs
from music_core.store.runs import run_report
from music_core.store.votes import votes
from music_core.types import BranchName, RewardModel, Split, Vote, split_of

HELD_OUT: tuple[Split, ...] = ("validation", "test", "train")


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model and what is known of it. `held_out` holds its accuracy by split and, under `""`, over all pairs.

    `report` is the training run's, None for a model that was not trained here; `manifest` likewise.
    """

    model: RewardModel
    report: Mapping[str, Any] | None
    config: Mapping[str, Any] | None
    manifest: ManifestCounts | None
    held_out: Mapping[str, Accuracy]
    benchmarks: tuple[Evaluated, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two models on the same pairs: the figures, and their margins pair by pair."""

    difference: PairedDifference
    pairs: SideBySide


@dataclass(frozen=True, slots=True)
class Apart:
    """A pair of which one model is right and the other is not: who, their margins in units of spread, the reference's side."""

    row: PairRow
    right: str
    margin_a: float
    margin_b: float
    side: BranchName


def _now() -> tuple[str, int]:
    opened = data.store()
    return str(opened.home), opened.version()


@st.cache_resource(max_entries=2, show_spinner=False)
def _votes(home: str, version: int) -> tuple[Vote, ...]:  # noqa: ARG001
    return tuple(votes(data.store()))


@st.cache_resource(max_entries=2, show_spinner=False)
def _margins(home: str, version: int) -> Mapping[str, Mapping[str, float]]:  # noqa: ARG001
    return selected_margins(data.store())


@st.cache_resource(max_entries=2, show_spinner=False)
def _facts(home: str, version: int) -> tuple[PairFacts, ...]:  # noqa: ARG001
    return tuple(pair_facts(data.store()))


@st.cache_resource(max_entries=32, show_spinner=False)
def _held_out(home: str, version: int, name: str) -> Mapping[str, Accuracy]:
    rater = f"model:{name}"
    own = [v for v in _votes(home, version) if v.rater in (rater, "construction")]
    by_split: dict[str, list[Vote]] = {split: [] for split in HELD_OUT}
    for vote in own:
        by_split[split_of(vote.seed_id)].append(vote)
    return {"": accuracy(own, rater), **{split: accuracy(said, rater) for split, said in by_split.items()}}


@st.cache_resource(max_entries=16, show_spinner="Holding the two models side by side …")
def _compared(home: str, version: int, a: str, b: str, reference: str) -> Compared:
    said, margins = _of_three(_votes(home, version), a, b, reference), _margins(home, version)
    raters = (f"model:{a}", f"model:{b}")
    found = side_by_side(said, margins.get(a, {}), margins.get(b, {}), *raters, reference)
    return Compared(paired_difference(said, *raters, reference), found)


def _of_three(said: Sequence[Vote], a: str, b: str, reference: str) -> list[Vote]:
    return [v for v in said if v.rater in (f"model:{a}", f"model:{b}", reference) or GROUPS.get(kind_of(v.rater)) == reference]


@st.cache_resource(max_entries=32, show_spinner="Comparing slice by slice …")
def _sliced(home: str, version: int, a: str, b: str, reference: str, by: str) -> tuple[tuple[str, PairedDifference], ...]:
    slices = slice_pairs(by, _facts(home, version))
    said = _of_three(_votes(home, version), a, b, reference)
    return tuple(differences_by(said, slices, f"model:{a}", f"model:{b}", reference))


def held_out(model: RewardModel) -> Mapping[str, Accuracy]:
    """The model's accuracy against the construction by split, and over all under `""`, on pairs that it was not trained on."""
    return _held_out(*_now(), model.name)


def scored_names(models: Sequence[RewardModel]) -> list[str]:
    """Names of the models that have a margin of any pair, in the order given."""
    scored = reports.inventory().scored
    return [m.name for m in models if m.id in scored]


def references(a: str, b: str) -> list[str]:
    """Whom two models can be held against: the construction, people and judges as groups and one by one, those that said anything."""
    raters = {v.rater for v in _votes(*_now())}
    groups = {GROUPS[kind_of(r)] for r in raters if kind_of(r) in GROUPS}
    own = {f"model:{a}", f"model:{b}"}
    single = sorted(r for r in raters - own if kind_of(r) in ("judge", "person", "model"))
    return ["construction", *sorted(groups, reverse=True), *single]


def view_of(model: RewardModel) -> ModelView:
    """Everything that is known of one model."""
    opened = data.store()
    found = run_report(opened, model.run_id) if model.run_id else None
    run = next((r for r in data.runs() if r.id == model.run_id), None)
    benchmarks = tuple(e for e in reports.finished_evaluations() if e.state.kind == "benchmark" and e.report.get("model") == model.name)
    return ModelView(
        model,
        found[1] if found and found[0] == "finished" else None,
        run.config if run else None,
        manifest_counts(opened, model.run_id) if model.run_id else None,
        held_out(model),
        benchmarks,
    )


def compared(a: str, b: str, reference: str) -> Compared:
    """Models `a` and `b` (names) against a rater or group of the matrix, on the pairs that neither was trained on."""
    return _compared(*_now(), a, b, reference)


def sliced(a: str, b: str, reference: str, by: str) -> tuple[tuple[str, PairedDifference], ...]:
    """The paired difference in every slice by a property of the pairs (a key of `BY`)."""
    return _sliced(*_now(), a, b, reference, by)


def apart(found: Compared, page: int) -> list[Apart]:
    """One page of the pairs of which exactly one model is right, those furthest apart first."""
    pairs = found.pairs
    positions = pairs.furthest()[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    ids = tuple(pairs.pair_ids[i] for i in positions)
    if not ids:
        return []
    rows = {row.pair_id: row for row in list_pairs(data.store(), PairFilter(pair_ids=ids), limit=len(ids)).rows}
    return [
        Apart(
            rows[pairs.pair_ids[i]],
            found.difference.a if pairs.right_a[i] else found.difference.b,
            float(pairs.margins_a[i]),
            float(pairs.margins_b[i]),
            "chosen" if pairs.towards[i] > 0 else "rejected",
        )
        for i in positions
    ]
