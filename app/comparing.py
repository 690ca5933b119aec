"""What the Models page reads: what is known of each model, and two of them over the same pairs.

Figures are kept until anything that they rest on is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app import data, reports
from app.model_state import PAGE_ROWS
from jobs.report.gather import Evaluated
from jobs.report.slicing import members_by
from music_core.evaluate.compare import PairedDifference, paired_difference
from music_core.evaluate.side_by_side import Accuracy, SideBySide, accuracy, differences_by, side_by_side
from music_core.evaluate.votes import GROUPS, VoteTable, kind_behind, kind_of, table_of_numbers
from music_core.store.manifests import ManifestCounts, manifest_counts
from music_core.store.model_margins import SeedCounts, TwoMargins, held_out_counts, ids_of, margins_of_two, written
from music_core.store.pairs import PairFilter, PairRow, list_pairs
from music_core.store.places import places_of
from music_core.store.runs import run_report
from music_core.store.votes import VoteColumns, vote_columns
from music_core.types import BranchName, RewardModel, Split

HELD_OUT: tuple[Split, ...] = ("validation", "test", "train")
CONSTRUCTION = "construction"
RESTS_ON = ("pairs", "traces", "models", "runs", "pins")
Writes = tuple[tuple[str, int], ...]


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
    """Two models on the same pairs: the figures, and their margins pair by pair; `numbers` is how the index calls these pairs."""

    difference: PairedDifference
    pairs: SideBySide
    numbers: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Apart:
    """A pair of which one model is right and the other is not: who, their margins in units of spread, the reference's side."""

    row: PairRow
    right: str
    margin_a: float
    margin_b: float
    side: BranchName


def _key(reference: str = CONSTRUCTION) -> tuple[str, Writes]:
    """The cache key of what is read: which store, and the writes that it rests on. Labels come all day; margins do not."""
    opened = data.store()
    said = {"person": ("labels",), "judge": ("readings",)}.get(kind_behind(reference), ())
    return str(opened.home), written(opened, (*RESTS_ON, *said))


@st.cache_resource(max_entries=2, show_spinner=False)
def _counts(home: str, version: Writes) -> tuple[SeedCounts, ...]:  # noqa: ARG001
    return tuple(held_out_counts(data.store()))


@st.cache_resource(max_entries=4, show_spinner="Reading the margins …")
def _margins(home: str, version: Writes, a_id: str, b_id: str) -> TwoMargins:  # noqa: ARG001
    return margins_of_two(data.store(), a_id, b_id)


@st.cache_resource(max_entries=1, show_spinner="Reading what people and judges said …")
def _votes(home: str, version: Writes, kind: str) -> VoteColumns:  # noqa: ARG001
    return vote_columns(data.store(), kinds=(kind,))


@st.cache_resource(max_entries=64, show_spinner=False)
def _held_out(home: str, version: Writes, model_id: str) -> Mapping[str, Accuracy]:
    own = [c for c in _counts(home, version) if c.model_id == model_id]
    parts: dict[str, list[SeedCounts]] = {"": own, **{split: [c for c in own if c.split == split] for split in HELD_OUT}}
    return {name: accuracy([(c.n, c.n_right, c.n_seeds) for c in part], sum(c.n_trained_on for c in part)) for name, part in parts.items()}


def _table(home: str, version: Writes, a: RewardModel, b: RewardModel, reference: str) -> VoteTable:
    """The votes of both models and of whom they are held against, on the pairs that both have scored."""
    rows = _margins(home, version, a.id, b.id)
    every, nobody = np.arange(len(rows.pair)), np.zeros(len(rows.pair), np.bool_)
    raters = [f"model:{a.name}", f"model:{b.name}"]
    parts = [
        (np.full(len(every), i), every, np.sign(margins).astype(np.int8), trained, nobody)
        for i, (margins, trained) in enumerate(((rows.margin_a, rows.trained_a), (rows.margin_b, rows.trained_b)))
    ]
    if reference == CONSTRUCTION:
        at = np.flatnonzero(rows.built)
        parts.append((np.full(len(at), len(raters)), at, np.ones(len(at), np.int8), nobody[at], nobody[at]))
        raters.append(CONSTRUCTION)
    else:
        others = _votes(home, version, kind_behind(reference))
        named = np.array([reference in (rater, GROUPS.get(kind_of(rater))) for rater in others.raters], np.bool_)
        place = places_of(others.index_numbers, rows.pair)
        kept = np.flatnonzero(named[others.rater] & (place[others.pair] >= 0))
        said = (others.rater[kept] + len(raters), place[others.pair[kept]], others.value[kept], others.trained_on[kept], others.final[kept])
        parts.append(said)
        raters += others.raters
    rater, pair, value, trained_on, final = (np.concatenate(column) for column in zip(*parts, strict=True))
    return table_of_numbers(raters, rater, pair, value, trained_on, final, rows.seed)


@st.cache_resource(max_entries=16, show_spinner="Holding the two models side by side …")
def _compared(home: str, version: Writes, a: RewardModel, b: RewardModel, reference: str) -> Compared:
    table, rows = _table(home, version, a, b, reference), _margins(home, version, a.id, b.id)
    raters = (f"model:{a.name}", f"model:{b.name}")
    pairs = side_by_side(table, rows.margin_a, rows.margin_b, *raters, reference)
    return Compared(paired_difference(table, *raters, reference), pairs, rows.pair[pairs.at])


@st.cache_resource(max_entries=32, show_spinner="Comparing slice by slice …")
def _sliced(
    home: str, version: Writes, a: RewardModel, b: RewardModel, reference: str, by: str
) -> tuple[tuple[str, PairedDifference], ...]:
    table, members = _table(home, version, a, b, reference), members_by(data.store(), by, _margins(home, version, a.id, b.id).pair)
    return tuple(differences_by(table, members, f"model:{a.name}", f"model:{b.name}", reference))


def held_out(model: RewardModel) -> Mapping[str, Accuracy]:
    """The model's accuracy against the construction by split, and over all under `""`, on pairs that it was not trained on."""
    return _held_out(*_key(), model.id)


def scored_names(models: Sequence[RewardModel]) -> list[str]:
    """Names of the models that have a margin of any pair, in the order given."""
    scored = reports.inventory().scored
    return [m.name for m in models if m.id in scored]


def references() -> list[str]:
    """Whom two models can be held against: the construction, people and judges as groups and one by one, those that said anything."""
    values = data.filter_values()
    found = [CONSTRUCTION]
    for kind in ("person", "judge"):
        names = [f.value for f in values.get(kind, ())]
        found += [GROUPS[kind], *(f"{kind}:{name}" for name in names)] if names else []
    return found


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


def compared(a: RewardModel, b: RewardModel, reference: str) -> Compared:
    """Two models against a rater or group of the matrix, on the pairs that neither was trained on."""
    return _compared(*_key(reference), a, b, reference)


def sliced(a: RewardModel, b: RewardModel, reference: str, by: str) -> tuple[tuple[str, PairedDifference], ...]:
    """The paired difference in every slice by a property of the pairs (a key of `BY`)."""
    return _sliced(*_key(reference), a, b, reference, by)


def apart(found: Compared, page: int) -> list[Apart]:
    """One page of the pairs of which exactly one model is right, those furthest apart first."""
    pairs = found.pairs
    positions = pairs.furthest()[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    if not positions:
        return []
    ids = ids_of(data.store(), found.numbers[positions].tolist())
    rows = {row.pair_id: row for row in list_pairs(data.store(), PairFilter(pair_ids=tuple(ids)), limit=len(ids)).rows}
    return [
        Apart(
            rows[pair_id],
            found.difference.a if pairs.right_a[i] else found.difference.b,
            float(pairs.margins_a[i]),
            float(pairs.margins_b[i]),
            "chosen" if pairs.towards[i] > 0 else "rejected",
        )
        for i, pair_id in zip(positions, ids, strict=True)
    ]
