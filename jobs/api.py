"""What the app and scripts call to start and watch runs. Nothing heavy is imported before it is needed.

Every function takes `home`, the store's folder; left out, it is the one that `MUSIC_HOME` or `music.toml` names.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jobs.folder import Progress, RunFolder, RunState
from jobs.runner import LocalRunner, new_run_id
from music_core.config import Settings, load_settings
from music_core.errors import RunError
from music_core.types import Run

if TYPE_CHECKING:  # these bring duckdb; only annotations need them here
    from jobs.kinds import EstimatedStage
    from music_core.store.connect import Store

__all__ = [
    "KindInfo",
    "Progress",
    "RunState",
    "cancel",
    "estimate",
    "kinds",
    "list_runs",
    "log_tail",
    "new_run",
    "report",
    "resume",
    "runner_for",
    "status",
    "submit",
]


@dataclass(frozen=True, slots=True)
class KindInfo:
    """A kind of run for forms: `settings` are its settings with their defaults, `estimated` says that `estimate` works."""

    name: str
    about: str
    settings: Mapping[str, Any]
    required: Sequence[str]
    estimated: bool


def runner_for(home: Path | None = None) -> LocalRunner:
    """The runner of a store's folder."""
    return LocalRunner(home or load_settings().home)


def kinds() -> dict[str, KindInfo]:
    """All kinds of run by name."""
    from jobs.kinds import KINDS, stage_of

    out: dict[str, KindInfo] = {}
    for kind in KINDS.values():
        settings, required = {}, []
        for f in dataclasses.fields(stage_of(kind.name).Config):
            if f.default is not dataclasses.MISSING:
                settings[f.name] = f.default
            elif f.default_factory is not dataclasses.MISSING:
                settings[f.name] = f.default_factory()
            else:
                required.append(f.name)
        out[kind.name] = KindInfo(kind.name, kind.about, settings, required, kind.estimated)
    return out


def new_run(kind: str, config: Mapping[str, Any], *, title: str = "", run_id: str | None = None) -> Run:
    """A run ready to be submitted. Raises `RunError` for an unknown kind, `ConfigError` for an unknown or impossible setting."""
    from jobs.kinds import config_of

    checked = config_of(kind, config)
    full = {f.name: _plain(getattr(checked, f.name)) for f in dataclasses.fields(checked)}
    return Run(run_id or new_run_id(kind), kind, full, datetime.now(UTC), title)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def submit(kind: str, config: Mapping[str, Any], *, title: str = "", run_id: str | None = None, home: Path | None = None) -> RunState:
    """Start a run in the background, or queue it when all slots are taken."""
    return runner_for(home).submit(new_run(kind, config, title=title, run_id=run_id))


def status(run_id: str, *, home: Path | None = None) -> RunState:
    """The run as it is now: status, progress, times, note, seconds left. Raises `RunError` when there is none."""
    return runner_for(home).status(run_id)


def list_runs(*, home: Path | None = None, limit: int = 50) -> list[RunState]:
    """Runs, the newest first."""
    return runner_for(home).all(limit)


def log_tail(run_id: str, n_lines: int = 200, *, home: Path | None = None) -> str:
    """The last lines of a run's log."""
    return runner_for(home).logs(run_id, n_lines)


def cancel(run_id: str, *, wait_s: float = 0.0, home: Path | None = None) -> RunState:
    """Ask a run to stop and wait up to `wait_s` seconds for it. It can be resumed."""
    return runner_for(home).cancel(run_id, wait_s=wait_s)


def resume(run_id: str, *, home: Path | None = None) -> RunState:
    """Take up a failed, cancelled or dead run in the background."""
    return runner_for(home).resume(run_id)


def report(run_id: str, *, home: Path | None = None) -> dict[str, Any] | None:
    """The report of a finished run; None before."""
    folder: RunFolder = runner_for(home).folder(run_id)
    folder.run()
    return folder.report()


def estimate(kind: str, config: Mapping[str, Any], store: "Store", settings: Settings | None = None) -> dict[str, Any]:
    """What a run would cost, without starting it.

    Keys: calls, tokens_in, tokens_out, cost (US dollars), hours, memory_gb_per_device, those that apply, and `rates`,
    each marked as assumed or measured. Raises `RunError` for a kind that cannot tell.
    """
    from jobs.kinds import config_of, kind_of, stage_of

    if not kind_of(kind).estimated:
        raise RunError(f"A run of kind '{kind}' cannot be tried dry.", "It costs no calls and little time.")
    stage = cast("EstimatedStage", stage_of(kind))
    return stage.estimate(config_of(kind, config), store, settings or load_settings())
