"""What a report is made of, read out of a store and its runs: JSON types, each part as the command of its name gives it."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from jobs import api
from jobs.folder import RunState
from jobs.report.slice_parts import paired_differences
from jobs.report.slicing import BY, slices_by
from jobs.stages.bias import report_of
from jobs.stages.estimates import QueueEstimates, estimates_of
from jobs.stages.select import Selection, selected_filter
from music_core.evaluate.agreement import Cell, agreement_cells
from music_core.evaluate.compare import PairedDifference
from music_core.evaluate.slices import Ceiling, Slice, ceiling
from music_core.store.connect import Store
from music_core.store.facts import pair_facts
from music_core.store.info import store_info
from music_core.store.queues import list_queues
from music_core.store.votes import excluded_votes, votes

EVALUATIONS = ("bon", "benchmark")
MOST_RUNS = 500
_PACKAGES = ("music-workbench", "duckdb", "numpy", "plotly")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A finished evaluation and its report."""

    state: RunState
    report: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The run's title, else who was compared."""
        if self.state.kind == "benchmark":
            return self.state.title or f"{self.report['model']} on {self.report['title']}"
        return self.state.title or f"{self.report['a']} against {', '.join(self.report['b'])}"


@dataclass(frozen=True, slots=True)
class Gathered:
    """All values of a report. `selection` names the pairs behind `cells`, `bias`, slices, ceiling and differences.

    `whole` is the matrix of `cells`, `slices` one of every value of a property. Evaluations are all of the store's folder,
    estimates those of all its queues.
    """

    made_at: datetime
    versions: Mapping[str, str]
    snapshot: int
    counts: Mapping[str, int]
    selection: Mapping[str, Any]
    cells: tuple[Mapping[str, Any], ...]
    excluded: Mapping[str, Mapping[str, int]]
    bias: Mapping[str, Any]
    evaluations: tuple[Evaluated, ...]
    whole: tuple[Cell, ...]
    slices: Mapping[str, Sequence[Slice]]
    ceiling: Ceiling
    differences: tuple[PairedDifference, ...]
    estimates: tuple[QueueEstimates, ...]


def gather(store: Store, selection: Selection) -> Gathered:
    """Read everything; the newest evaluation comes first. Raises `RunError` where a limited selection holds no pair."""
    f = selected_filter(store, selection)
    said = votes(store, f)
    facts = pair_facts(store, f)
    whole = tuple(agreement_cells(said))
    return Gathered(
        made_at=datetime.now(UTC),
        versions={"Python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        snapshot=store.version(),
        counts=store_info(store)["counts"],
        selection={name: value for name, value in asdict(selection).items() if value not in (None, ())},
        cells=tuple(cell.as_dict() for cell in whole),
        excluded=excluded_votes(store, f),
        bias=report_of(store, selection),
        evaluations=tuple(evaluations(store, finished(store))),
        whole=whole,
        slices={by: slices_by(by, said, facts) for by in BY},
        ceiling=ceiling(said),
        differences=tuple(paired_differences(said)),
        estimates=tuple(estimates_of(store, head.name) for head in list_queues(store)),
    )


def finished(store: Store) -> list[RunState]:
    """The finished evaluations of the store's folder, the newest first."""
    states = api.list_runs(home=store.home, limit=MOST_RUNS)
    return [state for state in states if state.kind in EVALUATIONS and state.status == "finished"]


def evaluations(store: Store, states: Sequence[RunState]) -> list[Evaluated]:
    """The evaluations with their reports; one without a report is left out."""
    found = ((state, api.report(state.run_id, home=store.home)) for state in states)
    return [Evaluated(state, report) for state, report in found if report]


def by_benchmark(found: Sequence[Evaluated]) -> dict[str, list[Evaluated]]:
    """Benchmark → its runs, the newest of each model; benchmarks in the order of their newest run."""
    out: dict[str, dict[str, Evaluated]] = {}
    for run in found:
        if run.state.kind == "benchmark":
            out.setdefault(run.report["benchmark"], {}).setdefault(run.report["model"], run)
    return {name: list(runs.values()) for name, runs in out.items()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"
