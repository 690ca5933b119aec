"""Starts, watches and stops runs. One small protocol; here is the runner for this machine."""

import itertools
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from jobs.files import locked, tail
from jobs.folder import RunFolder, RunState, State
from jobs.owner import Owner, is_alive, is_here, owner_of, send
from music_core.errors import RunError
from music_core.types import Run

GRACE_S = 20.0  # between asking a run to stop and ending it
SILENT_S = 60.0  # a run of another machine that gave no sign of life for so long counts as dead
SLOTS_VARIABLE = "MUSIC_SLOTS"


class Runner(Protocol):
    """Where runs are executed. Every method is quick and may be called by several processes at once."""

    def submit(self, run: Run) -> RunState:
        """Take a run; it starts as soon as there is room."""
        ...

    def status(self, run_id: str) -> RunState:
        """The run as it is now; `RunError` when there is none."""
        ...

    def logs(self, run_id: str, n_lines: int = 200) -> str:
        """The last lines of its log."""
        ...

    def cancel(self, run_id: str) -> RunState:
        """Ask it to stop; it can be resumed later."""
        ...

    def resume(self, run_id: str) -> RunState:
        """Take up a run that failed, was cancelled or died, under the same id and in the same folder."""
        ...


def new_run_id(kind: str) -> str:
    """A readable id that sorts by time: kind, UTC date and time, four random hex digits."""
    return f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def default_slots() -> int:
    """Runs at a time: `MUSIC_SLOTS`, else one per two processors."""
    given = os.environ.get(SLOTS_VARIABLE, "")
    if given and not (given.isdigit() and int(given) > 0):
        raise RunError(f"{SLOTS_VARIABLE} is '{given}'.", "It is the number of runs at a time: 1 or more.")
    return int(given) if given else max(1, (os.cpu_count() or 2) // 2)


# Children of this process, so that they are collected when they end; without it they would stay as zombies of a long-lived app.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class LocalRunner:
    """Runs on this machine: each a detached process group of its own, so the app may be restarted meanwhile.

    `home` is the store's folder; `slots` runs work at a time and the others wait in order of submission.
    Whoever looks (an app, a command, a run that has just ended) moves the queue on; a lock file makes sure that
    nobody starts a run twice. The state lies in the run's folder, so nothing is lost with the process that asked.
    """

    home: Path
    slots: int = field(default_factory=default_slots)
    grace_s: float = GRACE_S

    @property
    def runs_dir(self) -> Path:
        """The folder of all run folders."""
        return self.home / "runs"

    @property
    def _lock(self) -> Path:
        return self.runs_dir / ".lock"

    def folder(self, run_id: str) -> RunFolder:
        """The folder of a run, known or not. Raises `RunError` for an id that is no plain name."""
        if not run_id or run_id.startswith(".") or Path(run_id).name != run_id:
            raise RunError(f"'{run_id}' is no run id.", "List the runs with: music jobs list")
        return RunFolder(self.runs_dir / run_id)

    def folders(self) -> list[RunFolder]:
        """All runs' folders, the oldest first."""
        if not self.runs_dir.is_dir():
            return []
        found = [RunFolder(p) for p in self.runs_dir.iterdir() if not p.name.startswith(".")]
        known = [f for f in found if f.exists()]
        return sorted(known, key=lambda f: (f.path.joinpath("run.json").stat().st_mtime_ns, f.run_id))

    def create(self, run: Run) -> RunFolder:
        """Write down a run without starting it. Raises `RunError` if its id is taken."""
        folder = self.folder(run.id)
        with locked(self._lock):
            if folder.exists():
                raise RunError(f"There is a run '{run.id}' already.", f"Look at it with: music jobs show {run.id}")
            settings_file = os.environ.get("MUSIC_CONFIG") or "music.toml"
            known = str(Path(settings_file).resolve()) if Path(settings_file).is_file() else ""
            folder.create(run, {"settings_file": known, "cwd": str(Path.cwd())})
            folder.set_state(State("queued", queued_at=0.0))
        return folder

    def submit(self, run: Run) -> RunState:
        """Write the run down, put it into the queue and start what fits."""
        self.create(run)
        return self.enqueue(run.id)

    def enqueue(self, run_id: str) -> RunState:
        """Put a run that was written down into the queue and start what fits."""
        with locked(self._lock):
            self.folder(run_id).change(status="queued", queued_at=time.time())
        self.advance()
        return self.folder(run_id).shown()

    def status(self, run_id: str) -> RunState:
        """The run as it is now; moves the queue on. Raises `RunError` when there is none."""
        folder = self.folder(run_id)
        folder.run()
        self.advance()
        return folder.shown()

    def all(self, limit: int = 50) -> list[RunState]:
        """The runs of this machine, the newest first; moves the queue on."""
        self.advance()
        return [f.shown() for f in itertools.islice(reversed(self.folders()), limit)]

    def logs(self, run_id: str, n_lines: int = 200) -> str:
        """The last lines of its log; empty before it started."""
        folder = self.folder(run_id)
        folder.run()
        return tail(folder.log_path, n_lines)

    def follow(self, run_id: str, *, every_s: float = 0.5) -> Iterator[str]:
        """The log as it grows, piece by piece, until the run has ended."""
        folder = self.folder(run_id)
        folder.run()
        at = 0
        while True:
            ended = self.status(run_id).ended  # asked first, so that nothing written before the end is missed
            if folder.log_path.is_file():
                with folder.log_path.open("rb") as f:
                    f.seek(at)
                    piece = f.read()
                at += len(piece)
                if piece:
                    yield piece.decode("utf-8", "replace")
            if ended:
                return
            time.sleep(every_s)

    def cancel(self, run_id: str, *, wait_s: float = 0.0) -> RunState:
        """Ask the run to stop, wait up to `wait_s` seconds for it, and end it by force once the grace period is over.

        A run in the queue leaves it. Raises `RunError` when it has ended already.
        """
        folder = self.folder(run_id)
        folder.run()
        with locked(self._lock):
            self._settle(folder)
            state = folder.state()
            if state.status == "queued":
                folder.change(status="cancelled", finished_at=time.time(), error="cancelled before it started")
            elif state.status == "running":
                folder.change(cancel_at=state.cancel_at or time.time())
                if state.owner is not None and is_here(state.owner):
                    send(state.owner, signal.SIGTERM)
            else:
                raise RunError(f"Run '{run_id}' is {state.status} already.", f"Look at it with: music jobs show {run_id}")
        deadline = time.monotonic() + wait_s
        while not (shown := self.status(run_id)).ended and time.monotonic() < deadline:
            time.sleep(0.05)
        return shown

    def resume(self, run_id: str) -> RunState:
        """Put a stopped run back into the queue. Raises `RunError` when it runs, waits or is finished."""
        self.reopen(run_id)
        return self.enqueue(run_id)

    def reopen(self, run_id: str) -> RunFolder:
        """Make a stopped run startable again without starting it."""
        folder = self.folder(run_id)
        folder.run()
        with locked(self._lock):
            self._settle(folder)
            state = folder.state()
            # A run that was written down but never queued lost its process before it began.
            if not folder.shown().resumable and not (state.status == "queued" and not state.queued_at):
                raise RunError(f"Run '{run_id}' is {state.status}, so there is nothing to resume.", "Look at it with: music jobs show")
            folder.set_state(State("queued", queued_at=0.0, attempt=state.attempt + 1))
        return folder

    def advance(self) -> None:
        """Notice dead runs, end those that were asked to stop long ago, start queued runs in free slots."""
        _children[:] = [c for c in _children if c.poll() is None]
        if not any(f.state().status in ("queued", "running") for f in self.folders()):
            return
        with locked(self._lock):
            states = [(f, self._settle(f)) for f in self.folders()]
            working = {s.owner.pid for _, s in states if s.status == "running" and s.owner is not None}
            waiting = sorted((s.queued_at, f.run_id, f) for f, s in states if s.status == "queued" and s.queued_at > 0)
            for _, _, folder in waiting[: max(0, self.slots - len(working))]:
                self._start(folder)

    def _settle(self, folder: RunFolder) -> State:
        """The state, corrected where its process is gone or will not stop. Call with the lock held."""
        state, owner = folder.state(), folder.state().owner
        if state.status != "running":
            return state
        if owner is None:
            gone, why = True, "its process ended at once; see its log"
        elif is_here(owner):
            if state.cancel_at is not None and time.time() - state.cancel_at > self.grace_s:
                send(owner, signal.SIGKILL)
                _wait_until(lambda: not is_alive(owner), 2.0)
            gone, why = not is_alive(owner), "its process is gone"
        else:
            gone, why = time.time() - folder.progress().beat > SILENT_S, f"no sign of life from {owner.host}"
        if not gone:
            return state
        state = folder.state()  # it may have written its end between the two looks
        if state.status != "running":
            return state
        if state.cancel_at is not None:
            return folder.change(status="cancelled", finished_at=time.time(), error="cancelled; ended by force")
        return folder.change(status="dead", finished_at=time.time(), error=why, hint=f"Resume it with: music jobs resume {folder.run_id}")

    def _start(self, folder: RunFolder) -> None:
        """Start the process of a queued run. Call with the lock held."""
        asked = folder.environment()
        environment = {**os.environ, "MUSIC_HOME": str(self.home.resolve()), SLOTS_VARIABLE: str(self.slots), "PYTHONUNBUFFERED": "1"}
        if asked["settings_file"]:
            environment["MUSIC_CONFIG"] = asked["settings_file"]
        cwd = asked["cwd"] if Path(asked["cwd"]).is_dir() else None
        with folder.log_path.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "jobs", "run", folder.run_id],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=cwd,
                env=environment,
            )
        _children.append(child)
        mark_started(folder, owner_of(child.pid))


def mark_started(folder: RunFolder, owner: Owner | None) -> State:
    """Write that a run works, and who does it. Call with the runs' lock held."""
    before = folder.state()
    return folder.set_state(State("running", before.queued_at, started_at=time.time(), attempt=before.attempt, owner=owner))


def _wait_until(holds: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
