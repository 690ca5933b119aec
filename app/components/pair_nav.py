"""Where a pair stands in the filtered list, one step either way, and the ways through its turns. The address keeps all of it."""

import streamlit as st

from app.data import Place
from app.markup import attribute
from app.nav import href, set_query
from app.pair_state import Here
from app.state import ListState

_WRITTEN = "mw-as-written"


def _go(here: Here) -> None:
    set_query(here.query())


def where(place: Place, state: ListState) -> str:
    """The place in the list, in words."""
    if not place.total:
        return "no pair passes this filter" if state.active else "there are no pairs"
    if place.position is None:
        return f"not among the {place.total:,} pair{'s' if place.total > 1 else ''} of this filter"
    only = ", the only one" if place.total == 1 else ""
    return f"{place.position:,} of {place.total:,} in {'this filter' if state.active else 'all pairs'}{only}"


def show(place: Place, here: Here) -> None:
    """Draw the way back, the place, previous and next pair with their keys."""
    back = attribute(href("pairs", here.listed.query()))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="mw-pair-nav"):
        line = (
            f'<p class="mw-where"><a class="mw-link" href="{back}">← Pairs</a> <span class="mw-note">{where(place, here.listed)}</span></p>'
        )
        st.html(line, width="stretch")
        for words, key, target in (("Previous", "J", place.previous), ("Next", "K", place.following)):
            target_args = (here.other(target or ""),)
            st.button(words, shortcut=key, key=f"mw-{words}", on_click=_go, args=target_args, disabled=target is None)


def _write(here: Here) -> None:
    here.go(written=bool(st.session_state[_WRITTEN]))


def show_reading(here: Here, n_turns: int, parting: int) -> None:
    """Draw the ways through the turns and how their text is shown; `parting` is the turn where the sides part (0: nowhere)."""
    turn = here.state.turn
    steps = (
        ("Previous turn", "H", turn - 1 if turn > 1 else 0),
        ("Next turn", "L", turn + 1 if turn < n_turns else 0),
        ("Where they part", "D", parting if parting <= n_turns else 0),
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="mw-pair-turns"):
        for words, key, target in steps:
            name = f"mw-{words.replace(' ', '-')}"
            st.button(words, shortcut=key, key=name, on_click=_go, args=(here.changed(turn=target),), disabled=not target)
        words = "Hide changed words" if here.state.words else "Show changed words"
        st.button(words, shortcut="W", key="mw-words", on_click=_go, args=(here.changed(words=not here.state.words),))
        st.session_state[_WRITTEN] = here.state.written
        st.toggle("As written", key=_WRITTEN, on_change=_write, args=(here,))
