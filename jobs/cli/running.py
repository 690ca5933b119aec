"""How a command runs a stage: in the foreground with progress, detached, or dry."""

import signal
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from jobs import api
from jobs.cli.common import Answer, facts, say
from jobs.folder import RunFolder, RunState
from music_core.config import load_settings
from music_core.errors import RunError

F = TypeVar("F", bound=Callable[..., Any])
CANCELLED_STATUS = 130  # what a shell gives for a command ended by Ctrl-C

detach_option = click.option(
    "--detach", is_flag=True, help="Run in the background (queued when all slots are taken); follow it with `music jobs logs -f`."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what it would cost: calls, tokens, money, hours, memory.")
title_option = click.option("--title", default="", help="A title for the list of runs.")


def run_options(function: F) -> F:
    """`--detach` and `--title`."""
    return title_option(detach_option(function))


def start(
    kind: str,
    config: Mapping[str, Any],
    *,
    detach: bool = False,
    dry_run: bool = False,
    title: str = "",
    run_id: str | None = None,
    text: Callable[[Mapping[str, Any]], str] = facts,
) -> Answer:
    """Run a stage as the options ask; `text` words its report for people."""
    if dry_run:
        return _estimate(kind, config)
    run = api.new_run(kind, config, title=title, run_id=run_id)
    runner = api.runner_for()
    if detach:
        return submitted(runner.submit(run))
    return foreground(runner.create(run), text=text)


def _estimate(kind: str, config: Mapping[str, Any]) -> Answer:
    from jobs.worker import open_configured

    settings = load_settings()
    store = open_configured(settings)
    try:
        figures = api.estimate(kind, config, store, settings)
    finally:
        store.close()
    return Answer(figures, "Nothing was run. It would take:\n" + facts(figures))


def submitted(state: RunState) -> Answer:
    """The answer for a run that was handed to the runner."""
    word = "is running" if state.status == "running" else "waits for a free slot"
    return Answer(
        {"run_id": state.run_id, "status": state.status},
        f"Run {state.run_id} {word}.\nFollow it: music jobs logs -f {state.run_id}\nStop it:   music jobs cancel {state.run_id}",
    )


def foreground(folder: RunFolder, *, text: Callable[[Mapping[str, Any]], str] = facts) -> Answer:
    """Execute a run here, showing its progress; Ctrl-C stops it so that it can be resumed."""
    from jobs.cli.display import ProgressDisplay
    from jobs.worker import execute, opened_for, stop_on

    settings = load_settings()
    with stop_on(signal.SIGINT, signal.SIGTERM) as stop, opened_for(folder, settings) as store, ProgressDisplay() as display:
        state = execute(folder, store, settings, stop=stop, show=display.show)
    api.runner_for().advance()
    return _ended(folder, state, text)


def _ended(folder: RunFolder, state: RunState, text: Callable[[Mapping[str, Any]], str]) -> Answer:
    if state.status == "finished":
        report = folder.report() or {}
        return Answer({**report, "run_id": state.run_id}, text({**report, "run_id": state.run_id}))
    if state.status == "cancelled":
        hint = f"Resume it with: music jobs resume {state.run_id}"
        say(f"Cancelled. {hint}")
        return Answer({"error": "cancelled", "hint": hint, "run_id": state.run_id}, exit_code=CANCELLED_STATUS)
    raise RunError(state.note, state.hint)
