"""Executes one run in this process: the same code for a detached run, one in the foreground, and a part of a demo."""

import contextlib
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jobs.context import Meter, RunContext, RunStopped, Show
from jobs.files import locked, try_lock
from jobs.folder import RunFolder, RunState
from jobs.kinds import config_of, stage_of
from jobs.owner import this_process
from jobs.runner import LocalRunner, mark_started
from music_core.config import Settings, load_settings
from music_core.errors import MusicError, RunError
from music_core.store.connect import Store, open_store
from music_core.store.runs import create_run, finish_run
from music_core.types import RunStatus

OnStep = Callable[[float, float, str], None]


def execute(
    folder: RunFolder, store: Store, settings: Settings, *, stop: threading.Event, show: Show | None = None, on_step: OnStep | None = None
) -> RunState:
    """Work on a run until it is finished, failed or asked to stop, and write down which.

    `stop` asks it to stop; `show` hears of every step, `on_step` of the run's own. Raises `RunError` when
    another process works on it; what goes wrong within the run is written to its folder, not raised.
    """
    with _held(folder):
        with locked(folder.path.parent / ".lock"):
            mark_started(folder, this_process())
        run = folder.run()
        create_run(store, run)
        with Meter(folder) as meter:

            def step(done: float, total: float, note: str) -> None:
                meter.step(done, total, note)
                if on_step is not None:
                    on_step(done, total, note)

            ctx = RunContext(store, run.id, folder.path, settings, run.kind, step, show, stop)
            status, report, error, hint = _outcome(run.kind, run.config, ctx)
        _end(folder, store, status, report, error, hint)
    return folder.shown()


def _outcome(kind: str, config: Mapping[str, Any], ctx: RunContext) -> tuple[RunStatus, dict[str, Any], str, str]:
    """Run the stage: (status, report, error, hint)."""
    ctx.log(f"{kind} starts: {dict(config)}")
    began = time.time()
    try:
        report = stage_of(kind).run(config_of(kind, config), ctx)
    except RunStopped:
        ctx.log("stopped on request")
        return "cancelled", {}, "cancelled", f"Resume it with: music jobs resume {ctx.run_id}"
    except MusicError as e:
        ctx.log(f"failed: {e}")
        return "failed", {}, e.message, e.hint
    except Exception as e:  # a defect of ours; the run must still end with a state that says so
        ctx.log(f"failed by a defect:\n{traceback.format_exc()}")
        return "failed", {}, f"{type(e).__name__}: {e}", f"This is a defect; the log has the details: music jobs logs {ctx.run_id}"
    ctx.log(f"finished in {time.time() - began:.1f} s")
    return "finished", {**report, "seconds": round(time.time() - began, 2)}, "", ""


def _end(folder: RunFolder, store: Store, status: RunStatus, report: dict[str, Any], error: str, hint: str) -> None:
    """Write the end: first the report, then the store, last the state, which makes the others count."""
    if status == "finished":
        folder.set_report(report)
    finish_run(store, folder.run_id, status, report if status == "finished" else {"error": error})
    with locked(folder.path.parent / ".lock"):
        folder.change(status=status, finished_at=time.time(), error=error, hint=hint)


@contextlib.contextmanager
def _held(folder: RunFolder) -> Iterator[None]:
    """Hold the run for this process; the lock dies with the process, so a killed run is free at once."""
    handle = os.open(folder.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if not try_lock(handle):
            raise RunError(f"Another process works on run '{folder.run_id}'.", f"Look at it with: music jobs show {folder.run_id}")
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def stop_on(*signals: signal.Signals) -> Iterator[threading.Event]:
    """An event set by the first of these signals; a second SIGINT interrupts at once. Only in the main thread."""
    stop = threading.Event()

    def ask(signum: int, _frame: object) -> None:
        if stop.is_set() and signum == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {s: signal.signal(s, ask) for s in signals}
    try:
        yield stop
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)


def open_configured(settings: Settings) -> Store:
    """The store that the settings name."""
    return open_store(settings.home, catalog=settings.catalog, data_path=settings.data_path)


@contextlib.contextmanager
def opened_for(folder: RunFolder, settings: Settings) -> Iterator[Store]:
    """The store for one run, closed at the end. A run whose store cannot be opened is marked as failed, and the error raised."""
    try:
        store = open_configured(settings)
    except MusicError as e:
        with folder.log_path.open("a", encoding="utf-8") as log:
            log.write(f"did not start: {e}\n")
        with locked(folder.path.parent / ".lock"):
            folder.change(status="failed", finished_at=time.time(), error=e.message, hint=e.hint)
        raise
    try:
        yield store
    finally:
        store.close()


def run_worker(run_id: str) -> int:
    """Entry point of a detached run (`python -m jobs run RUN_ID`). Returns the exit status: 0 only when it finished."""
    with stop_on(signal.SIGTERM, signal.SIGINT) as stop:
        settings = load_settings()
        runner = LocalRunner(settings.home)
        folder = runner.folder(run_id)
        folder.run()
        try:
            with opened_for(folder, settings) as store:
                status = execute(folder, store, settings, stop=stop).status
        except MusicError:
            status = "failed"
        runner.advance()
    return 0 if status == "finished" else 1
