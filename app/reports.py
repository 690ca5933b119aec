"""What Overview, Agreement and Jobs read: figures of the whole store, kept until anything is committed, and runs as they are now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from app import data, outcomes
from jobs import api
from jobs.folder import RunState
from music_core.evaluate.agreement import Cell, agreement_cells
from music_core.store.info import store_info
from music_core.store.inventory import SourceCount, source_counts
from music_core.store.pairs import Facet, PairFilter
from music_core.store.votes import excluded_votes, votes
from music_core.types import RewardModel

LOG_LINES = 300


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
    return Inventory(store_info(opened)["counts"], tuple(sources), whole, data.filter_values(), tuple(data.models()))


@st.cache_resource(max_entries=32, show_spinner="Comparing the raters …")
def _agreement(home: str, version: int, f: PairFilter, with_training_pairs: bool) -> Agreement:  # noqa: ARG001
    opened = data.store()
    said = votes(opened, f)
    if with_training_pairs:
        said = [replace(v, trained_on=False) if v.trained_on else v for v in said]
    return Agreement(tuple(agreement_cells(said)), excluded_votes(opened, f))


def inventory() -> Inventory:
    """Figures of the whole store."""
    return _inventory(*_now())


def agreement(f: PairFilter | None = None, *, with_training_pairs: bool = False) -> Agreement:
    """Everybody against everybody on the pairs that pass `f`; a model's own training pairs are left out unless asked for."""
    return _agreement(*_now(), f or PairFilter(), with_training_pairs)


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
