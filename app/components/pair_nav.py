"""Where a pair stands in the filtered list, one step either way, and the ways through its turns. The address keeps all of it."""

import streamlit as st

from app.data import Place
from app.markup import attribute
from app.nav import href, set_query
from app.pair_state import Here, Listed

_WRITTEN = "mw-as-written"


def _go(here: Here) -> None:
    set_query(here.query())


def where(place: Place, state: Listed, one: str = "pair") -> str:
    """The place in the list, in words; `one` is what the list is of."""
    if not place.total:
        return f"no {one} passes this filter" if state.active else f"there are no {one}s"
    if place.position is None:
        return f"not among the {place.total:,} {one}{'s' if place.total > 1 else ''} of this filter"
    only = ", the only one" if place.total == 1 else ""
    return f"{place.position:,} of {place.total:,} in {'this filter' if state.active else f'all {one}s'}{only}"


def show(place: Place, here: Here) -> None:
    """Draw the way back to the list, the place, previous and next pair (or whatever the list is of) with their keys."""
    one = here.page
    back = attribute(href(f"{one}s", here.listed.query()))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="mw-pair-nav"):
        way = f'<a class="mw-link" href="{back}">← {one.capitalize()}s</a>'
        st.html(f'<p class="mw-where">{way} <span class="mw-note">{where(place, here.listed, one)}</span></p>', width="stretch")
        for words, key, target in (("Previous", "J", place.previous), ("Next", "K", place.following)):
            target_args = (here.other(target or ""),)
            st.button(words, shortcut=key, key=f"mw-{words}", on_click=_go, args=target_args, disabled=target is None)


def _write(here: Here) -> None:
    here.go(written=bool(st.session_state[_WRITTEN]))


def show_reading(here: Here, n_turns: int, parting: int | None) -> None:
    """Draw the ways through the turns and how their text is shown.

    `parting` is the turn where the sides part (0: nowhere; None: there are no two sides).
    """
    turn = here.state.turn
    steps = [("Previous turn", "H", turn - 1 if turn > 1 else 0), ("Next turn", "L", turn + 1 if turn < n_turns else 0)]
    if parting is not None:
        steps.append(("Where they part", "D", parting if parting <= n_turns else 0))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="mw-pair-turns"):
        for words, key, target in steps:
            name = f"mw-{words.replace(' ', '-')}"
            st.button(words, shortcut=key, key=name, on_click=_go, args=(here.changed(turn=target),), disabled=not target)
        if parting is not None:
            words = "Hide changed words" if here.state.words else "Show changed words"
            st.button(words, shortcut="W", key="mw-words", on_click=_go, args=(here.changed(words=not here.state.words),))
        st.session_state[_WRITTEN] = here.state.written
        st.toggle("As written", key=_WRITTEN, on_change=_write, args=(here,))
