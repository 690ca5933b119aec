"""`music jobs`: runs that wait, work or have ended."""

from dataclasses import asdict

import click

from jobs import api
from jobs.cli.common import CONTEXT, Answer, command, facts, say, table, wants_json
from jobs.cli.running import detach_option, foreground, submitted
from jobs.folder import RunState
from jobs.runner import LocalRunner
from music_core.errors import RunError

run_argument = click.argument("run_id")


@click.group("jobs", context_settings=CONTEXT)
def jobs_group() -> None:
    """Runs: list, show, follow, cancel, resume."""


def _find(runner: LocalRunner, text: str) -> str:
    """The id of the run that `text` names in full or by an unambiguous part."""
    ids = [f.run_id for f in runner.folders()]
    found = [i for i in ids if i == text] or [i for i in ids if text in i]
    if len(found) == 1:
        return found[0]
    if not found:
        raise RunError(f"There is no run '{text}'.", "List the runs with: music jobs list")
    raise RunError(f"'{text}' fits {len(found)} runs: {', '.join(found[:5])}.", "Give more of the id.")


def _share(state: RunState) -> str:
    return f"{state.progress.fraction:.0%}" if state.progress.total else ""


def _facts_of(state: RunState) -> dict[str, object]:
    values = asdict(state)
    progress = values.pop("progress")
    left = None if state.eta_s is None else round(state.eta_s)
    return {**values, "eta_s": left, "done": progress["done"], "total": progress["total"], "seconds": state.seconds}


@command(jobs_group, "list")
@click.option("--limit", default=20, show_default=True, help="At most so many, the newest first.")
def list_command(limit: int) -> Answer:
    """List runs, the newest first.

    Example:
      music jobs list --limit 5
    """
    states = api.list_runs(limit=limit)
    rows = [(s.run_id, s.kind, s.status, _share(s), f"{s.created_at:%Y-%m-%d %H:%M}", (s.title or s.note)[:60]) for s in states]
    text = table(("run", "kind", "status", "done", "created (UTC)", "note"), rows) if rows else "No runs yet. Start one with: music demo"
    return Answer({"runs": [_facts_of(s) for s in states]}, text)


@command(jobs_group, "show")
@run_argument
def show_command(run_id: str) -> Answer:
    """Show one run: state, progress, settings and, once finished, its report. A part of the id is enough.

    Example:
      music jobs show generate-2026
    """
    runner = api.runner_for()
    state = runner.status(_find(runner, run_id))
    report = runner.folder(state.run_id).report()
    values = {**_facts_of(state), "report": report}
    return Answer(values, facts({k: v for k, v in values.items() if v not in (None, "")}))


@command(jobs_group, "logs")
@run_argument
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@click.option("-n", "--lines", default=200, show_default=True, help="At most so many lines from the end.")
def logs_command(run_id: str, follow: bool, lines: int) -> Answer:
    """Print a run's log.

    Example:
      music jobs logs -f train-2026
    """
    runner = api.runner_for()
    full_id = _find(runner, run_id)
    if follow:
        for piece in runner.follow(full_id):
            click.echo(piece, nl=False, err=wants_json())
        return Answer({"run_id": full_id, "status": runner.status(full_id).status})
    log = runner.logs(full_id, lines)
    return Answer({"run_id": full_id, "lines": log.splitlines()}, log or "Its log is empty.")


@command(jobs_group, "cancel")
@run_argument
@click.option("--wait", "wait_s", default=30.0, show_default=True, help="Seconds to wait for its end.")
def cancel_command(run_id: str, wait_s: float) -> Answer:
    """Ask a run to stop; it can be resumed later. One that does not stop in 20 s is ended by force.

    Example:
      music jobs cancel generate-2026
    """
    runner = api.runner_for()
    state = runner.cancel(_find(runner, run_id), wait_s=wait_s)
    text = f"Cancelled. Resume it with: music jobs resume {state.run_id}" if state.ended else f"Run {state.run_id} is still stopping."
    return Answer({"run_id": state.run_id, "status": state.status}, text)


@command(jobs_group, "resume")
@run_argument
@detach_option
def resume_command(run_id: str, detach: bool) -> Answer:
    """Take up a run that failed, was cancelled or died. Finished work is not done again.

    Example:
      music jobs resume generate-2026 --detach
    """
    runner = api.runner_for()
    full_id = _find(runner, run_id)
    if detach:
        return submitted(runner.resume(full_id))
    say(f"Resuming {full_id}")
    return foreground(runner.reopen(full_id))
