"""Which pairs are compared, in which view and by which number; the address is the state, as on the list of pairs."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.markup import plain, visible
from app.matrix_state import EXPLAINED, MEASURES, VIEWS, MatrixState, from_query
from app.nav import query_now, set_query
from music_core.store.pairs import Facet

_KEYS = {name: f"mw-matrix-{name}" for name in ("view", "source", "split", "show", "trained")}


def _apply() -> None:
    """Write what the widgets hold into the address; what is not drawn in this view stays as it is."""
    now = from_query(query_now())
    held = {name: st.session_state[key] for name, key in _KEYS.items() if key in st.session_state}
    lists = {name: tuple(held.get(name, getattr(now, name))) for name in ("source", "split")}
    one = {name: held.get(name) or getattr(now, name) for name in ("view", "show")}
    set_query(now.changed(**lists, **one, trained=bool(held.get("trained", now.trained))).query())


def _many(name: str, label: str, counts: Mapping[str, int], chosen: Sequence[str]) -> None:
    options = [*counts, *(v for v in chosen if v not in counts)]
    shown = {v: f"{v} ({counts[v]:,})" if v in counts else v for v in options}
    st.session_state[_KEYS[name]] = list(chosen)
    st.multiselect(
        label, options, format_func=shown.__getitem__, key=_KEYS[name], on_change=_apply, placeholder="All", disabled=not options
    )


def _switch(name: str, label: str, options: Mapping[str, str], chosen: str, *, hidden: bool = False) -> None:
    st.session_state[_KEYS[name]] = chosen
    st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        key=_KEYS[name],
        on_change=_apply,
        required=True,
        width="content",
        label_visibility="collapsed" if hidden else "visible",
    )


def show(state: MatrixState, facets: Mapping[str, Sequence[Facet]]) -> None:
    """Draw the choice of the view and the filters that all views have."""
    _switch("view", "View", VIEWS, state.view, hidden=True)
    if state.view == "estimates":  # of a queue's own pool
        return
    counts = {name: {f.value: f.n for f in facets.get(name, ())} for name in ("source", "split")}
    left, right, last = st.columns([2, 2, 2], gap="medium", vertical_alignment="bottom")
    with left:
        _many("source", "Source", counts["source"], state.source)
    with right:
        _many("split", "Split", counts["split"], state.split)
    if state.view != "bias":  # there, they are always left out and counted
        with last:
            st.session_state[_KEYS["trained"]] = state.trained
            about = plain("Left out unless you count them in: a model has seen the answer on the pairs that it was trained on.")
            st.checkbox("Count a model's training pairs", key=_KEYS["trained"], on_change=_apply, help=about)


def measure(state: MatrixState) -> None:
    """Draw the choice of the matrix's number, and what it means."""
    _switch("show", "Number shown", dict(MEASURES.items()), state.show)
    st.html(f'<p class="mw-note">{visible(EXPLAINED[state.show])} κ and α enter each pair once in each orientation.</p>')
