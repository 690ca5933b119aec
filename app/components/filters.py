"""The filter bar of the list of pairs. The address is the state: widgets are set from it and write back to it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from app.components.words import LABEL_STATES, ROLE_CHOICES, VERDICT_CHOICES
from app.markup import attribute, visible
from app.nav import href, query_now, set_query
from app.state import ListState, from_query, span
from music_core.store.pairs import Facet
from music_core.types import RewardModel, Run

_LISTS = {"source": "Source", "method": "Contrast made by", "schedule": "Schedule", "split": "Split", "run": "Run"}
_RANGES = {"turns": "Turns", "divergence": "Sides part at turn", "margin": "Margin"}
_TEXTS = ("q", "role", "judge", "model", "label")


def _key(name: str) -> str:
    return f"mw-filter-{name}"


def _apply() -> None:
    """Write what the widgets hold into the address."""
    held = st.session_state
    values: dict[str, Any] = {name: tuple(held[_key(name)]) for name in (*_LISTS, "verdict") if _key(name) in held}
    values |= {name: held[_key(name)] or "" for name in _TEXTS if _key(name) in held}
    for name in _RANGES:
        if _key(f"{name}-low") in held:
            ends = [held[_key(f"{name}-{end}")] for end in ("low", "high")]
            values[name] = "" if ends == [None, None] else "..".join("" if end is None else f"{end:g}" for end in ends)
    set_query(from_query(query_now()).changed(**values).query())


def _many(name: str, label: str, counts: Mapping[str, int | None], chosen: Sequence[str], names: Mapping[str, str] | None = None) -> None:
    """A choice of several values; those in the address stay choosable even where the store has none of them."""
    options = [*counts, *(v for v in chosen if v not in counts)]
    shown = {v: (names or {}).get(v, v) + (f" ({n:,})" if (n := counts.get(v)) is not None else "") for v in options}
    st.session_state[_key(name)] = list(chosen)
    st.multiselect(label, options, format_func=shown.__getitem__, key=_key(name), on_change=_apply, placeholder="Any", disabled=not options)


def _one(name: str, label: str, names: Mapping[str, str], chosen: str, visibility: Literal["visible", "collapsed"] = "visible") -> None:
    shown = {"": "Any", **names, **({chosen: chosen} if chosen not in names and chosen else {})}
    st.session_state[_key(name)] = chosen
    st.selectbox(label, list(shown), format_func=shown.__getitem__, key=_key(name), on_change=_apply, label_visibility=visibility)


def _range(name: str, text: str, step: float = 1, disabled: bool = False) -> None:
    """Two number fields for a range with open ends."""
    bounds = span(text) or (float("-inf"), float("inf"))
    kind: type[int] | type[float] = int if step == 1 else float
    for column, end, value in zip(st.columns(2, gap="xsmall", wrap=False), ("low", "high"), bounds, strict=True):
        key = _key(f"{name}-{end}")
        st.session_state[key] = None if abs(value) == float("inf") else kind(value)
        word = "from" if end == "low" else "to"
        label = f"{_RANGES[name]} {word}"
        least = 0 if step == 1 else None
        column.number_input(
            label, value=None, min_value=least, step=kind(step), key=key, on_change=_apply, placeholder=f"{word} …", disabled=disabled
        )


def _panel(state: ListState, facets: Mapping[str, Sequence[Facet]], models: Sequence[RewardModel], runs: Sequence[Run]) -> None:
    counts = {name: {f.value: f.n for f in facets.get(name, ())} for name in (*_LISTS, "judge")}
    left, right = st.columns(2, gap="medium")
    with left:
        for name in ("source", "method", "schedule", "split"):
            _many(name, _LISTS[name], counts[name], getattr(state, name))
        _many("run", _LISTS["run"], {r.id: None for r in runs}, state.run, {r.id: f"{r.title or r.kind} ({r.id})" for r in runs})
    with right:
        _one("label", "Label", LABEL_STATES, state.label)
        _one("judge", "Judge", {v: v for v in counts["judge"]}, state.judge)
        _many("verdict", "Verdict of that judge, or of any", dict.fromkeys(VERDICT_CHOICES), state.verdict, VERDICT_CHOICES)
        _range("turns", state.turns)
        _range("divergence", state.divergence)
        _one("model", "Margin by model", {m.id: m.name for m in models}, state.model)
        _range("margin", state.margin, step=0.1, disabled=not state.model)


def show(state: ListState, facets: Mapping[str, Sequence[Facet]], models: Sequence[RewardModel], runs: Sequence[Run]) -> None:
    """Draw the bar: search, the filter panel, and one chip per active filter that takes it off."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="mw-filters"):
        st.session_state[_key("q")] = state.q
        st.text_input(
            "Search", key=_key("q"), type="search", placeholder="Text in the conversations", on_change=_apply, label_visibility="collapsed"
        )
        with st.container(width=190):
            _one("role", "Search in", ROLE_CHOICES, state.role, "collapsed")
        n = len(set(state.active) - {"q"})
        with st.popover(f"Filters ({n})" if n else "Filters", icon=":material/tune:"):
            _panel(state, facets, models, runs)
    if state.active:
        st.html(chips(state, {m.id: m.name for m in models}))


def chips(state: ListState, model_names: Mapping[str, str], page: str = "pairs") -> str:
    """The active filters as links that take each of them off, as HTML."""
    out = ""
    for name in state.active:
        value = getattr(state, name)
        shown = ", ".join(VERDICT_CHOICES.get(v, v) if name == "verdict" else v for v in value) if isinstance(value, tuple) else str(value)
        shown = LABEL_STATES[shown] if name == "label" else shown.replace("..", " to ") if name in _RANGES else shown
        if name == "margin":
            shown += f" by {model_names.get(state.model, state.model or 'no model')}"
        label = {"q": "text", "label": "", "divergence": "parts at turn"}.get(name, name)
        target = href(page, state.changed(**{name: ListState.__dataclass_fields__[name].default}).query())
        out += (
            f'<a class="mw-link mw-filter" href="{attribute(target)}" aria-label="Remove the filter {attribute(f"{label} {shown}")}">'
            f'<span class="mw-note">{label}</span> {visible(shown)} <span aria-hidden="true">×</span></a>'
        )
    bare = attribute(href(page, ListState(sort=state.sort, asc=state.asc).query()))
    clear = f'<a class="mw-link mw-filter mw-clear" href="{bare}">Clear all</a>'
    return f'<nav class="mw-filters" aria-label="Active filters">{out}{clear}</nav>'
