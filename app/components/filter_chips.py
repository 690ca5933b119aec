"""The active filters of the list of pairs as words, each with a link that takes it off. Pure."""

from collections.abc import Iterable, Mapping

from app import raters
from app.components.words import LABEL_STATES, VERDICT_CHOICES
from app.markup import attribute, visible
from app.nav import href
from app.state import NOT_STATED, ListState
from jobs.report.words import MODES

SAID_CHOICES: Mapping[str, str] = {
    "chosen": "chosen is better",
    "rejected": "rejected is better",
    "tie": "tie",
    "both_bad": "both bad",
    "skip": "skipped",
    "left": "left on screen",
    "right": "right on screen",
}
BUILT_CHOICES: Mapping[str, str] = {"yes": "one side built to be better", "no": "neither side built to be better"}
_LABELS: Mapping[str, str] = {
    "q": "text",
    "label": "",
    "a": "",
    "built": "",
    "divergence": "parts at turn",
    "said": "labelled",
    "person": "labelled by",
    "people": "people who labelled",
    "gap": "replies:",
    "chars": "chosen − rejected, characters",
    "pool": "in the pool of queue",
    "conversation": "with the conversation",
    "also": "also",
    "picked": "Best-of-N:",
    "simulator": "simulated by",
}


def words(state: ListState, name: str, model_names: Mapping[str, str]) -> str:
    """What the active filter `name` says."""
    value = getattr(state, name)
    match name:
        case "a":
            return raters.compared_words(state.a, state.b, state.rel, state.ref) + " (training pairs counted)" * state.trained
        case "picked":
            who = " against ".join(state.picked) or "picks"
            return ", ".join(filter(None, [who, f"N = {state.n}" if state.n else "", MODES.get(state.mode, "")]))
        case "verdict" | "said":
            known = VERDICT_CHOICES if name == "verdict" else SAID_CHOICES
            return ", ".join(known.get(v, v) for v in value)
        case "simulator":
            return ", ".join("nobody on record" if v == NOT_STATED else v for v in value)
        case "also":
            parts = (text.partition(":") for text in value)
            return ", ".join(f"{prop} {own}" if own else f"no {prop} stated" for prop, _, own in parts)
        case "label" | "built":
            return (LABEL_STATES if name == "label" else BUILT_CHOICES).get(value, value)
        case "margin":
            return f"{range_words(value)} by {model_names.get(state.model, state.model or 'no model')}"
    return ", ".join(value) if isinstance(value, tuple) else range_words(value) if ".." in value and name != "q" else str(value)


def range_words(text: str) -> str:
    """A range `low..high` in words."""
    low, _, high = text.partition("..")
    return f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"


def chips(state: ListState, model_names: Mapping[str, str], page: str = "pairs") -> str:
    """The active filters as links that take each of them off, as HTML."""
    found = [(_LABELS.get(name, name), words(state, name, model_names), href(page, state.without(name).query())) for name in state.active]
    return links(found, href(page, ListState(sort=state.sort, asc=state.asc).query()))


def links(found: Iterable[tuple[str, str, str]], bare: str) -> str:
    """Active filters (label, what it says, address without it) as links that take each of them off, as HTML; `bare` is without any."""
    out = ""
    for label, shown, target in found:
        takes_off = attribute(f"{label} {shown}".strip())
        note = f'<span class="mw-note">{label}</span> ' if label else ""
        out += (
            f'<a class="mw-link mw-filter" href="{attribute(target)}" aria-label="Remove the filter {takes_off}">'
            f'{note}{visible(shown)} <span aria-hidden="true">×</span></a>'
        )
    clear = f'<a class="mw-link mw-filter mw-clear" href="{attribute(bare)}">Clear all</a>'
    return f'<nav class="mw-filters" aria-label="Active filters">{out}{clear}</nav>'
