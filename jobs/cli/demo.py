"""How `music demo` finds its run again: the same settings are the same run."""

from collections.abc import Mapping
from typing import Any

from jobs import api
from jobs.cli.common import Answer, facts, say
from jobs.cli.running import foreground, submitted
from music_core.errors import RunError
from music_core.types import content_id

KEYS = ("pairs", "readings", "trained_steps", "traced", "agreement")


def run_demo(config: Mapping[str, Any], *, detach: bool = False, title: str = "") -> Answer:
    """Start the demo, go on where it stopped, or give its result when it is finished."""
    run = api.new_run("demo", config, title=title or "The whole line on the embedded model")
    run_id = f"demo-{content_id('d', dict(run.config))[2:10]}"
    runner = api.runner_for()
    folder = runner.folder(run_id)
    status = runner.status(run_id).status if folder.exists() else None
    if status == "running":
        raise RunError(f"The demo runs already as {run_id}.", f"Follow it with: music jobs logs -f {run_id}")
    if status == "finished":
        return _shown(Answer(folder.report() or {}, _words(folder.report() or {})))
    if status is None:
        runner.create(api.new_run("demo", config, title=run.title, run_id=run_id))
    else:
        say(f"Going on with {run_id}.")
        if status != "queued":
            runner.reopen(run_id)
    if detach:
        return submitted(runner.enqueue(run_id))
    return _shown(foreground(folder, text=_words))


def _shown(answer: Answer) -> Answer:
    if not all(k in answer.data for k in KEYS):
        return answer
    return Answer({k: answer.data[k] for k in KEYS}, answer.text, answer.exit_code)


def _words(report: Mapping[str, Any]) -> str:
    return facts({k: report.get(k) for k in KEYS}) + "\nLook at it: music app   (source 'demo')"
