"""A run's folder: the truth about its state.

`run.json` what was asked for · `config.json` its settings · `state.json` how far it got · `progress.json` and
`log.txt` written while it works · `report.json` its result · whatever else its stage keeps there (a journal, a checkpoint).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.files import read_json, tail, write_json
from jobs.owner import Owner, owner_from
from music_core.errors import RunError
from music_core.types import Run, RunStatus

STOPPED: tuple[RunStatus, ...] = ("failed", "cancelled", "dead")  # these can be resumed
ENDED: tuple[RunStatus, ...] = ("finished", *STOPPED)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `done` of `total` units, what it does now, when it said so (seconds since the epoch).

    `base_done` and `base_at` are the first figures of this attempt, so that work found done after a resume
    does not flatter the estimate of the time left.
    """

    done: float = 0.0
    total: float = 0.0
    note: str = ""
    at: float = 0.0
    beat: float = 0.0
    base_done: float = 0.0
    base_at: float = 0.0

    @property
    def fraction(self) -> float:
        """Share done, between 0 and 1."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total > 0 else 0.0

    @property
    def eta_s(self) -> float | None:
        """Seconds left at the pace of this attempt; None while there is no pace yet."""
        made, spent = self.done - self.base_done, self.at - self.base_at
        return (self.total - self.done) * spent / made if made > 0 and spent > 0 and self.total > 0 else None


@dataclass(frozen=True, slots=True)
class State:
    """What state.json holds. Times are seconds since the epoch."""

    status: RunStatus = "queued"
    queued_at: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None
    cancel_at: float | None = None
    attempt: int = 1
    owner: Owner | None = None
    error: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RunState:
    """A run as shown to a person. Times are UTC; `note` says what it does now or why it stopped; `eta_s` seconds left."""

    run_id: str
    kind: str
    title: str
    status: RunStatus
    progress: Progress
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    note: str
    hint: str
    eta_s: float | None
    attempt: int
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.status in ENDED

    @property
    def resumable(self) -> bool:
        """Whether `resume` takes it up again."""
        return self.status in STOPPED

    @property
    def seconds(self) -> float | None:
        """Seconds since it started (this attempt), or that it took; None when it has not started."""
        if self.started_at is None:
            return None
        return ((self.finished_at or datetime.now(UTC)) - self.started_at).total_seconds()


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Reads and writes the files of one run; who may write which state is the runner's business."""

    path: Path

    @property
    def run_id(self) -> str:
        """The run's id is its folder's name."""
        return self.path.name

    @property
    def log_path(self) -> Path:
        """Where the run writes what it does, one line each, and whatever it prints."""
        return self.path / "log.txt"

    @property
    def lock_path(self) -> Path:
        """Held by the process that works on the run, for as long as it lives."""
        return self.path / "lock"

    def exists(self) -> bool:
        """Whether the run was submitted here."""
        return (self.path / "run.json").is_file()

    def create(self, run: Run, environment: Mapping[str, str]) -> None:
        """Write what was asked for. `environment` holds the settings file and working folder of the one who asked."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "config.json", run.config)
        facts = {"id": run.id, "kind": run.kind, "title": run.title, "created_at": run.created_at.isoformat(), **environment}
        write_json(self.path / "run.json", facts)

    def run(self) -> Run:
        """What was asked for. Raises `RunError` when there is no such run."""
        facts, config = read_json(self.path / "run.json"), read_json(self.path / "config.json")
        if facts is None or config is None:
            raise RunError(f"There is no run '{self.run_id}' in {self.path.parent}.", "List the runs with: music jobs list")
        return Run(facts["id"], facts["kind"], config, datetime.fromisoformat(facts["created_at"]), facts.get("title", ""))

    def environment(self) -> dict[str, str]:
        """`settings_file` (may be empty) and `cwd` of the one who asked."""
        facts = read_json(self.path / "run.json") or {}
        return {"settings_file": str(facts.get("settings_file", "")), "cwd": str(facts.get("cwd", "."))}

    def state(self) -> State:
        """The state as last written."""
        facts = read_json(self.path / "state.json")
        if facts is None:
            return State()
        return State(**{**facts, "owner": owner_from(facts.get("owner"))})

    def set_state(self, state: State) -> State:
        """Write the state and return it."""
        facts = {name: getattr(state, name) for name in State.__dataclass_fields__}
        write_json(self.path / "state.json", {**facts, "owner": state.owner.as_dict() if state.owner else None})
        return state

    def change(self, **changes: Any) -> State:
        """Write the state with some of its values replaced."""
        return self.set_state(replace(self.state(), **changes))

    def progress(self) -> Progress:
        """The progress as last written."""
        facts = read_json(self.path / "progress.json")
        return Progress(**facts) if facts else Progress()

    def set_progress(self, progress: Progress) -> None:
        """Write the progress."""
        write_json(self.path / "progress.json", {name: getattr(progress, name) for name in Progress.__dataclass_fields__})

    def report(self) -> dict[str, Any] | None:
        """The result of a finished run; None before."""
        return read_json(self.path / "report.json")

    def set_report(self, report: Mapping[str, Any]) -> None:
        """Write the result."""
        write_json(self.path / "report.json", report)

    def log_tail(self, n_lines: int = 200) -> str:
        """The last lines of the log."""
        return tail(self.log_path, n_lines)

    def shown(self) -> RunState:
        """The run as shown to a person, from its files as they are."""
        run, state, progress = self.run(), self.state(), self.progress()
        running = state.status == "running"
        return RunState(
            run_id=run.id,
            kind=run.kind,
            title=run.title,
            status=state.status,
            progress=progress,
            created_at=run.created_at,
            started_at=_time(state.started_at),
            finished_at=_time(state.finished_at),
            note=("stopping" if state.cancel_at else progress.note) if running else state.error,
            hint=state.hint,
            eta_s=progress.eta_s if running else None,
            attempt=state.attempt,
            config=run.config,
        )
