"""What a stage gets: its store and folder, a way to say how far it is, and to learn that it should stop."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from jobs.folder import Progress, RunFolder
from music_core.config import Settings
from music_core.store.connect import Store

WRITE_EVERY_S = 1.0
BEAT_EVERY_S = 5.0

Show = Callable[[str, float, float, str], None]
"""Called with (stage, done, total, note) on every step; must be quick."""


class RunStopped(Exception):  # noqa: N818 -- not an error: somebody asked the run to stop, and it can be resumed
    """Raised by `RunContext.check` when the run was asked to stop."""


class Meter:
    """Keeps a run's progress and writes it to its folder: at most once a second, and now and then as a sign of life."""

    def __init__(self, folder: RunFolder) -> None:
        now = time.time()
        self._folder = folder
        self._now = Progress(at=now, beat=now, base_at=now)
        self._based = False
        self._dirty = True
        self._closing = threading.Event()
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._write_now_and_then, name="progress", daemon=True)

    def __enter__(self) -> "Meter":
        """Start writing."""
        self._flush()
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        """Write the last figures and stop."""
        self._closing.set()
        self._thread.join()
        self._flush()

    def step(self, done: float, total: float, note: str = "") -> None:
        """Take new figures; they reach the disk within a second."""
        now = time.time()
        with self._guard:
            base = self._now if self._based else replace(self._now, base_done=done, base_at=now)
            self._based = True
            self._now = replace(base, done=done, total=total, note=note, at=now, beat=now)
            self._dirty = True

    def _flush(self) -> None:
        with self._guard:
            self._now = replace(self._now, beat=time.time())
            figures, self._dirty = self._now, False
        self._folder.set_progress(figures)

    def _write_now_and_then(self) -> None:
        while not self._closing.wait(WRITE_EVERY_S):
            if self._dirty or time.time() - self._now.beat > BEAT_EVERY_S:
                self._flush()


@dataclass(frozen=True, slots=True)
class RunContext:
    """Handed to a stage. `folder` is the run's own; what lies there survives a kill and is found again on resume."""

    store: Store
    run_id: str
    folder: Path
    settings: Settings
    stage: str
    on_step: Callable[[float, float, str], None]
    show: Show | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: float, total: float, note: str = "") -> None:
        """Say that `done` of `total` units are finished and what is going on."""
        self.on_step(done, total, note)
        if self.show is not None:
            self.show(self.stage, done, total, note)

    def should_stop(self) -> bool:
        """Whether somebody asked the run to stop; a stage looks at this between units of work."""
        return self.stop.is_set()

    def check(self) -> None:
        """Raise `RunStopped` if the run should stop."""
        if self.should_stop():
            raise RunStopped

    def log(self, text: str) -> None:
        """Append one line with the time to the run's log."""
        with (self.folder / "log.txt").open("a", encoding="utf-8") as f:
            f.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}\n")
