"""Where a pair stands in the filtered list: back to it, and one step either way."""

import streamlit as st

from app.data import Place
from app.markup import attribute
from app.nav import href, set_query
from app.state import ListState


def _go(pair_id: str, state: ListState) -> None:
    set_query({**state.query(), "pair": pair_id})


def show(place: Place, state: ListState) -> bool:
    """Draw the way back, the place, previous and next with their keys; returns whether text is wanted as it was written."""
    back = attribute(href("pairs", state.query()))
    kind = "this filter" if state.active else "all pairs"
    where = f"{place.position:,} of {place.total:,} in {kind}" if place.position else f"not among the {place.total:,} pairs of this filter"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="mw-pair-nav"):
        st.html(
            f'<p class="mw-where"><a class="mw-link" href="{back}">← Pairs</a> <span class="mw-note">{where}</span></p>', width="stretch"
        )
        as_written = st.toggle("As written", key="mw-as-written", persist_state="session")
        for words, key, target in (("Previous", "J", place.previous), ("Next", "K", place.following)):
            st.button(words, shortcut=key, key=f"mw-{words}", on_click=_go, args=(target or "", state), disabled=target is None)
    return as_written
