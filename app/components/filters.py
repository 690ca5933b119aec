"""The filter bar of the list of pairs. The address is the state: widgets are set from it and write back to it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import raters
from app.components.filter_chips import BUILT_CHOICES, SAID_CHOICES
from app.components.filter_chips import chips as chips
from app.components.filter_fields import Fields
from app.components.words import LABEL_STATES, VERDICT_CHOICES
from app.markup import plain
from app.nav import query_now, set_query
from app.state import NOT_STATED, ListState, from_query
from music_core.store.filters import GAPS
from music_core.store.pairs import Facet
from music_core.types import RewardModel, Run

_LISTS = {"source": "Source", "method": "Contrast made by", "schedule": "Schedule", "split": "Split", "run": "Run"}
_CHOSEN = (*_LISTS, "verdict", "said", "gap", "simulator")
_RANGES = {
    "turns": "Turns",
    "divergence": "Sides part at turn",
    "margin": "Margin",
    "people": "People who labelled",
    "chars": "Characters, chosen − rejected",
}
_TEXTS = ("q", "role", "judge", "model", "label", "person", "pool", "built", "a", "b", "rel")


def _apply() -> None:
    """Write what the widgets hold into the address."""
    set_query(from_query(query_now()).changed(**_FIELDS.held(_CHOSEN, _TEXTS, tuple(_RANGES))).query())


_FIELDS = Fields("mw-filter", _apply)
_key, _many, _one = _FIELDS.key, _FIELDS.many, _FIELDS.one


def _range(name: str, text: str, step: float = 1, disabled: bool = False, least: int | None = 0) -> None:
    _FIELDS.range(name, _RANGES[name], text, step, disabled, least)


def _names(facets: Mapping[str, Sequence[Facet]], name: str) -> dict[str, int | None]:
    return {f.value: f.n for f in facets.get(name, ())}


def _source_panel(state: ListState, facets: Mapping[str, Sequence[Facet]], runs: Sequence[Run]) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        for name in ("source", "method", "schedule"):
            _many(name, _LISTS[name], _names(facets, name), getattr(state, name))
        _one("built", "Construction", BUILT_CHOICES, state.built)
    with right:
        _many("split", _LISTS["split"], _names(facets, "split"), state.split)
        _many("run", _LISTS["run"], {r.id: None for r in runs}, state.run, {r.id: f"{r.title or r.kind} ({r.id})" for r in runs})
        counts = {**_names(facets, "simulator"), NOT_STATED: None}
        _many("simulator", "Simulated by", counts, state.simulator, {NOT_STATED: "nobody on record"})
        _one("pool", "In the pool of queue", {q: f"{q} ({n:,})" for q, n in _names(facets, "queue").items()}, state.pool)


def _raters_panel(state: ListState, facets: Mapping[str, Sequence[Facet]], models: Sequence[RewardModel]) -> None:
    _two_raters(state, facets, models)
    left, right = st.columns(2, gap="medium")
    people = {v: v for v in _names(facets, "person")}
    with left:
        _one("label", "Label", LABEL_STATES, state.label)
        _one("person", "Labelled by", people, state.person)
        _many("said", "With the label", dict.fromkeys(SAID_CHOICES), state.said, SAID_CHOICES)
        _range("people", state.people)
    with right:
        _one("judge", "Judge", {v: v for v in _names(facets, "judge")}, state.judge)
        _many("verdict", "Verdict of that judge, or of any", dict.fromkeys(VERDICT_CHOICES), state.verdict, VERDICT_CHOICES)
        _one("model", "Margin by model", {m.id: m.name for m in models}, state.model)
        _range("margin", state.margin, step=0.1, disabled=not state.model)


def _two_raters(state: ListState, facets: Mapping[str, Sequence[Facet]], models: Sequence[RewardModel]) -> None:
    """Who is compared with whom. A comparison that came with a third rater is shown by its chip only."""
    scored = _names(facets, "model")
    named = [
        *(f"judge:{v}" for v in _names(facets, "judge")),
        *(f"model:{m.name}" for m in models if m.id in scored),
        *(f"person:{v}" for v in _names(facets, "person")),
    ]
    names = {r: raters.choice(r) for r in (raters.CONSTRUCTION, "people", "judges", *named, raters.LONGER)}
    first, how, second = st.columns([3, 3, 3], gap="small")
    with first:
        _one("a", "First rater", names, state.a)
    with how:
        shown = raters.HELD_NAMES if state.ref else raters.RELATION_NAMES
        st.session_state[_key("rel")] = state.rel if state.rel in shown else next(iter(shown))
        label = "How they vote" if not state.ref else f"Held against {plain(raters.choice(state.ref))}"
        st.selectbox(label, list(shown), format_func=shown.__getitem__, key=_key("rel"), on_change=_apply)
    with second:
        _one("b", "Second rater", names, state.b)


def _text_panel(state: ListState) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        _range("turns", state.turns)
        _range("divergence", state.divergence)
    with right:
        _many("gap", "Length of the replies from there on", dict.fromkeys(GAPS), state.gap)
        _range("chars", state.chars, least=None)


def show(
    state: ListState,
    facets: Mapping[str, Sequence[Facet]],
    models: Sequence[RewardModel],
    runs: Sequence[Run],
) -> None:
    """Draw the bar: search, the filter panel, and one chip per active filter that takes it off."""
    with _FIELDS.bar(state.q, state.role, len(set(state.active) - {"q"})):
        source, said, text = st.tabs(["Source and construction", "Raters", "Conversations"])
        with source:
            _source_panel(state, facets, runs)
        with said:
            _raters_panel(state, facets, models)
        with text:
            _text_panel(state)
    if state.active:
        st.html(chips(state, {m.id: m.name for m in models}))
