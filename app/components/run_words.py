"""How a run looks in a line: its status, how far it is, what it is called."""

from app.form_fields import VERBS
from app.markup import attribute, chip, visible
from app.nav import href
from app.outcomes import title_of
from app.times import duration
from jobs.folder import RunState
from music_core.types import RunStatus

STATUS_TITLES: dict[RunStatus, str] = {
    "queued": "Waits for a free slot",
    "running": "Works now",
    "finished": "Done",
    "failed": "Ended with an error; it can be resumed",
    "cancelled": "Stopped on request; it can be resumed",
    "dead": "Its process is gone; it can be resumed",
}
KIND_NAMES = {
    "import": "Import",
    "export": "Export",
    "agreement": "Agreement",
    **{kind: verb.split()[0] for kind, verb in VERBS.items()},
    "benchmark": "Benchmark",
    "bias": "Bias",
    "sample": "Sample",
    "demo": "Demo",
}


def status_chip(state: RunState) -> str:
    """The status as HTML."""
    return chip(state.status, f"run-{state.status}", STATUS_TITLES[state.status])


def kind_name(kind: str) -> str:
    """The kind as a word for people; an unknown one as it is."""
    return KIND_NAMES.get(kind, kind)


def name_of(state: RunState) -> str:
    """What the run is called in lists: kind and title, plain text."""
    title = state.title or title_of(state.kind, state.config)
    return f"{kind_name(state.kind)}: {title}" if title else kind_name(state.kind)


def link(state: RunState) -> str:
    """A link to the run as HTML."""
    return (
        f'<a class="mw-link mw-run-name" href="{attribute(href("jobs", {"run": state.run_id}))}" dir="auto">{visible(name_of(state))}</a>'
    )


def bar(state: RunState) -> str:
    """A progress bar with its figures for a run that works; nothing for others."""
    if state.status != "running":
        return ""
    share = 100 * state.progress.fraction
    left = f" · {duration(state.eta_s)} left" if state.eta_s else ""
    words = f"{state.progress.done:g} of {state.progress.total:g}{left}" if state.progress.total else "starting"
    return (
        f'<span class="mw-meter" role="progressbar" aria-valuenow="{share:.0f}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-label="Progress"><i style="width:{share:.1f}%"></i></span><span class="mw-note">{words}</span>'
    )
