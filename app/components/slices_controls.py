"""What the slices of the Agreement page show: by which property, whom against whom, and which two on the same pairs."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import raters
from app.matrix_state import MatrixState, from_query
from app.nav import query_now, set_query
from jobs.report.slicing import BY
from music_core.evaluate.votes import GROUPS, kind_of

_KEYS = {name: f"mw-slices-{name}" for name in ("by", "rater", "against", "a", "b")}


def _apply() -> None:
    now = from_query(query_now())
    held = {name: st.session_state[key] for name, key in _KEYS.items() if key in st.session_state}
    one = {name: held.get(name) or getattr(now, name) for name in ("by", "against", "a", "b")}
    set_query(now.changed(**one, rater=tuple(held.get("rater", now.rater))).query())


def words_of(rater: str) -> str:
    """A rater in a list of choices: name and kind."""
    return raters.choice(rater)


def _one(name: str, label: str, options: Mapping[str, str], chosen: str) -> None:
    st.session_state[_KEYS[name]] = chosen if chosen in options else None
    st.selectbox(label, list(options), format_func=lambda v: options.get(v, v), key=_KEYS[name], on_change=_apply, placeholder="Nobody yet")


def show(state: MatrixState, names: Sequence[str]) -> None:
    """Draw the choice of the property, the raters (among `names`) and whom they are held against."""
    left, middle, right = st.columns([2, 2, 4], gap="medium", vertical_alignment="bottom")
    with left:
        _one("by", "Sliced by", BY, state.by)
    with middle:
        _one("against", "Held against", {n: words_of(n) for n in dict.fromkeys((*names, state.against))}, state.against)
    with right:
        offered = [n for n in dict.fromkeys((*names, *state.rater)) if n != state.against]
        st.session_state[_KEYS["rater"]] = [r for r in state.rater if r in offered]
        st.multiselect("Raters", offered, format_func=words_of, key=_KEYS["rater"], on_change=_apply, placeholder="Everybody")


def apart(a: str, b: str, reference: str) -> bool:
    """Whether `a` and `b` can be held against `reference` on the same pairs: three raters, neither of them a group of another."""
    return len({a, b, reference}) == 3 and not {GROUPS.get(kind_of(r)) for r in (a, b, reference)} & {a, b}


def two(state: MatrixState, names: Sequence[str]) -> tuple[str, str] | None:
    """The two raters that the address names, else the first two that can be compared; None where there are none."""
    if apart(state.a, state.b, state.against) and {state.a, state.b} <= set(names):
        return state.a, state.b
    first = [state.a] if state.a in names else [n for n in names if ":" in n] or list(names)
    return next(((a, b) for a in first for b in names if apart(a, b, state.against)), None)


def show_two(state: MatrixState, names: Sequence[str], chosen: tuple[str, str]) -> None:
    """Draw the choice of the two."""
    a, b = chosen
    left, right, _ = st.columns([3, 3, 2], gap="medium")
    firsts = [n for n in names if any(apart(n, other, state.against) for other in names)]
    with left:
        _one("a", "Rater", {n: words_of(n) for n in firsts}, a)
    with right:
        _one("b", "Compared with", {n: words_of(n) for n in names if apart(a, n, state.against)}, b)
