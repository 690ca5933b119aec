"""The filter bar of the list of conversations, and its active filters as words that take each of them off."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.components.filter_chips import links, range_words
from app.components.filter_fields import Fields
from app.components.words import ROLE_CHOICES
from app.conversation_state import ConversationList, from_query
from app.nav import href, query_now, set_query
from app.state import NOT_STATED
from music_core.store.pairs import Facet
from music_core.types import RewardModel, Run

SIDE_CHOICES: Mapping[str, str] = {
    "chosen": "chosen side of a pair",
    "rejected": "rejected side of a pair",
    "neutral": "side of a pair of two systems",
    "none": "in no pair",
}
_LABELS: Mapping[str, str] = {"q": "text", "side": "", "chars": "characters", "simulator": "written by"}
_RANGES = ("turns", "chars", "reward")


def _apply() -> None:
    """Write what the widgets hold into the address."""
    held = _FIELDS.held(("source", "run", "split", "side", "simulator"), ("q", "role", "model"), _RANGES)
    set_query(from_query(query_now()).changed(**held).query())


_FIELDS = Fields("mw-conversations", _apply)


def words(state: ConversationList, name: str, model_names: Mapping[str, str]) -> str:
    """What the active filter `name` says. Pure."""
    value = getattr(state, name)
    match name:
        case "side":
            return " or ".join(SIDE_CHOICES[v] for v in value)
        case "simulator":
            return ", ".join("nobody on record" if v == NOT_STATED else v for v in value)
        case "reward":
            return f"{range_words(value)} by {model_names.get(state.model, state.model)}"
        case "q":
            return f"{value} {ROLE_CHOICES[state.role]}" if state.role else str(value)
    return ", ".join(value) if isinstance(value, tuple) else range_words(value)


def chips(state: ConversationList, model_names: Mapping[str, str]) -> str:
    """The active filters as links that take each of them off, as HTML. Pure."""
    page = "conversations"
    found = [(_LABELS.get(name, name), words(state, name, model_names), href(page, state.without(name).query())) for name in state.active]
    return links(found, href(page, ConversationList(sort=state.sort, asc=state.asc).query()))


def _counted(facets: Mapping[str, Sequence[Facet]], name: str) -> dict[str, int | None]:
    return {f.value: f.n for f in facets.get(name, ())}


def _panel(
    state: ConversationList,
    facets: Mapping[str, Sequence[Facet]],
    simulators: Sequence[str],
    models: Sequence[RewardModel],
    runs: Sequence[Run],
) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        _FIELDS.many("source", "Source", _counted(facets, "source"), state.source)
        of_run = {r.id: f"{r.title or r.kind} ({r.id})" for r in runs}
        _FIELDS.many("run", "Written or imported by run", dict.fromkeys(of_run), state.run, of_run)
        _FIELDS.many("split", "Split", _counted(facets, "split"), state.split)
        wrote = {**dict.fromkeys(simulators), NOT_STATED: None}
        _FIELDS.many("simulator", "Model that wrote a message", wrote, state.simulator, {NOT_STATED: "nobody on record"})
    with right:
        _FIELDS.many("side", "In pairs", dict.fromkeys(SIDE_CHOICES), state.side, SIDE_CHOICES)
        _FIELDS.range("turns", "Turns", state.turns)
        _FIELDS.range("chars", "Characters", state.chars)
        _FIELDS.one("model", "Reward by model", {m.id: m.name for m in models}, state.model)
        _FIELDS.range("reward", "Reward", state.reward, step=0.1, disabled=not state.model)


def show(
    state: ConversationList,
    facets: Mapping[str, Sequence[Facet]],
    simulators: Sequence[str],
    models: Sequence[RewardModel],
    runs: Sequence[Run],
) -> None:
    """Draw the bar: search, the filter panel, and one chip per active filter that takes it off."""
    with _FIELDS.bar(state.q, state.role, len(set(state.active) - {"q"})):
        _panel(state, facets, simulators, models, runs)
    if state.active:
        st.html(chips(state, {m.id: m.name for m in models}))
