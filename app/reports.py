"""What Overview, Agreement, Evaluation and Jobs read: figures, kept until anything is committed, and runs as they are now."""

import json
import logging
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from app import data, outcomes
from jobs import api
from jobs.folder import RunState
from jobs.report.gather import Evaluated, evaluations, finished
from jobs.report.page import build
from jobs.report.slicing import slices_of, table_of
from jobs.stages.bias import report_of
from jobs.stages.select import Selection
from music_core.errors import RunError
from music_core.evaluate.agreement import Cell, agreement_cells
from music_core.evaluate.compare import PairedDifference, paired_difference
from music_core.evaluate.slices import Ceiling, Slice, ceiling
from music_core.evaluate.votes import kind_behind
from music_core.store.info import counts
from music_core.store.inventory import SourceCount, source_counts
from music_core.store.pairs import Facet, PairFilter
from music_core.store.votes import excluded_votes, vote_columns, votes
from music_core.types import RewardModel

LOG_LINES = 300
# From so many pairs on, bias is looked for in a process of its own: for seconds it holds an object for each vote, reading and pair,
# and meanwhile everybody else would wait for this one.
LARGE = 20_000
_LOG = logging.getLogger("music.app")


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is in the store. `whole` counts each pair once, whatever number of sources it has; `scored` is pairs by model id."""

    counts: Mapping[str, int]
    sources: tuple[SourceCount, ...]
    whole: SourceCount
    facets: Mapping[str, Sequence[Facet]]
    models: tuple[RewardModel, ...]

    @property
    def scored(self) -> dict[str, int]:
        """Pairs with a margin, by model id."""
        return {f.value: f.n for f in self.facets.get("model", ())}


@dataclass(frozen=True, slots=True)
class Agreement:
    """The matrix, and what was said but is no vote: rater → reason → pairs."""

    cells: tuple[Cell, ...]
    excluded: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class RunView:
    """One run: its state now, its report once it finished, the end of its log."""

    state: RunState
    report: Mapping[str, Any] | None
    log: str


def _now() -> tuple[str, int]:
    opened = data.store()
    return str(opened.home), opened.version()


@st.cache_resource(max_entries=8, show_spinner=False)
def _inventory(home: str, version: int) -> Inventory:  # noqa: ARG001
    opened = data.store()
    *sources, whole = source_counts(opened)
    return Inventory(counts(opened), tuple(sources), whole, data.filter_values(), tuple(data.models()))


@st.cache_resource(max_entries=32, show_spinner="Comparing the raters …")
def _agreement(home: str, version: int, f: PairFilter, with_training_pairs: bool) -> Agreement:  # noqa: ARG001
    found = vote_columns(data.store(), f)
    table = table_of(found, with_training_pairs=with_training_pairs)
    return Agreement(tuple(agreement_cells(table)), excluded_votes(data.store(), f))


@st.cache_resource(max_entries=16, show_spinner="Looking for biases …")
def _bias(home: str, version: int, selection: Selection) -> Mapping[str, Any]:  # noqa: ARG001
    if inventory().whole.n < LARGE:
        return report_of(data.store(), selection)
    return _bias_apart(selection)


def _bias_apart(selection: Selection) -> Mapping[str, Any]:
    # Not by multiprocessing, which runs the main module anew, and that is a page here.
    done = subprocess.run(
        [sys.executable, "-m", "jobs.bias_apart"], input=json.dumps(asdict(selection)), capture_output=True, text=True, check=False
    )
    if done.returncode:
        _LOG.error("Bias in a process of its own failed with %d: %s", done.returncode, done.stderr)
        raise RunError("The process that looks for biases failed.", "The server's log says how.")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if "error" in found:
        raise RunError(found["error"], found["hint"])
    return dict(found["report"])


@st.cache_resource(max_entries=16, show_spinner="Comparing the raters slice by slice …")
def _slices(home: str, version: int, f: PairFilter, by: str, with_training_pairs: bool) -> tuple[Slice, ...]:  # noqa: ARG001
    return tuple(slices_of(data.store(), f, by, with_training_pairs=with_training_pairs))


@st.cache_resource(max_entries=16, show_spinner=False)
def _ceiling(home: str, version: int, f: PairFilter) -> Ceiling:  # noqa: ARG001
    return ceiling(votes(data.store(), f, kinds=("person",)))


@st.cache_resource(max_entries=64, show_spinner=False)
def _difference(home: str, version: int, f: PairFilter, with_training_pairs: bool, a: str, b: str, reference: str) -> PairedDifference:  # noqa: ARG001
    found = vote_columns(data.store(), f, kinds={kind_behind(rater) for rater in (a, b, reference)})
    return paired_difference(table_of(found, with_training_pairs=with_training_pairs), a, b, reference)


# The states tell a run that was finished since from what was read before.
@st.cache_resource(max_entries=4, show_spinner=False)
def _evaluations(home: str, states: tuple[tuple[str, str], ...]) -> tuple[Evaluated, ...]:  # noqa: ARG001
    opened = data.store()
    return tuple(evaluations(opened, finished(opened)))


def inventory() -> Inventory:
    """Figures of the whole store."""
    return _inventory(*_now())


def agreement(f: PairFilter | None = None, *, with_training_pairs: bool = False) -> Agreement:
    """Everybody against everybody on the pairs that pass `f`; a model's own training pairs are left out unless asked for."""
    return _agreement(*_now(), f or PairFilter(), with_training_pairs)


def bias(selection: Selection) -> Mapping[str, Any]:
    """What pulls every rater on the selected pairs, and the findings; a model's own training pairs are left out."""
    return _bias(*_now(), selection)


def slices(f: PairFilter, by: str, *, with_training_pairs: bool = False) -> tuple[Slice, ...]:
    """The matrix of every slice of the pairs that pass `f`."""
    return _slices(*_now(), f, by, with_training_pairs)


def human_ceiling(f: PairFilter) -> Ceiling:
    """How often a person says what most other people say."""
    return _ceiling(*_now(), f)


def difference(f: PairFilter, a: str, b: str, reference: str, *, with_training_pairs: bool = False) -> PairedDifference:
    """Rater `a` against `b` by their agreement with `reference` on the same pairs. Raises `ValueError` for the same rater twice."""
    return _difference(*_now(), f, with_training_pairs, a, b, reference)


def finished_evaluations() -> tuple[Evaluated, ...]:
    """Best-of-N and benchmark runs that finished, the newest first."""
    opened = data.store()
    return _evaluations(str(opened.home), tuple((s.run_id, str(s.finished_at)) for s in finished(opened)))


def html_report(selection: Selection) -> str:
    """The report on the selected pairs and all evaluations as one HTML file; made anew each time."""
    return build(data.store(), selection)[0]


def version() -> int:
    """The store's newest snapshot."""
    return data.store().version()


def runs(limit: int = 50) -> list[RunState]:
    """The newest runs of this store's folder, as they are now."""
    return api.list_runs(home=data.store().home, limit=limit)


@st.cache_data(max_entries=500, show_spinner=False)
def _summary(home: str, run_id: str, kind: str, finished_at: object) -> str:  # noqa: ARG001
    return outcomes.summary(kind, api.report(run_id, home=data.store().home) or {})


def note_of(state: RunState) -> str:
    """What a run does now, why it stopped, or what came of it, in a line."""
    if state.status != "finished":
        return state.note
    return _summary(str(data.store().home), state.run_id, state.kind, state.finished_at)


def run_state(run_id: str) -> RunState:
    """One run as it is now. Raises `RunError` when there is none."""
    return api.status(run_id, home=data.store().home)


def run_view(run_id: str) -> RunView:
    """One run with its log's end and its report. Raises `RunError` when there is none."""
    home = data.store().home
    state = api.status(run_id, home=home)
    report = api.report(run_id, home=home) if state.status == "finished" else None
    return RunView(state, report, api.log_tail(run_id, LOG_LINES, home=home))
