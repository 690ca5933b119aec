"""Which pairs are compared and which number is shown; the address is the state, as on the list of pairs."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.markup import plain, visible
from app.matrix_state import EXPLAINED, MEASURES, MatrixState, from_query
from app.nav import query_now, set_query
from music_core.store.pairs import Facet

_KEYS = {name: f"mw-matrix-{name}" for name in ("source", "split", "show", "trained")}


def _apply() -> None:
    """Write what the widgets hold into the address."""
    held = {name: st.session_state[key] for name, key in _KEYS.items() if key in st.session_state}
    now = from_query(query_now())
    lists = {name: tuple(held.get(name, ())) for name in ("source", "split")}
    set_query(now.changed(**lists, show=held.get("show") or now.show, trained=bool(held.get("trained"))).query())


def _many(name: str, label: str, counts: Mapping[str, int], chosen: Sequence[str]) -> None:
    options = [*counts, *(v for v in chosen if v not in counts)]
    shown = {v: f"{v} ({counts[v]:,})" if v in counts else v for v in options}
    st.session_state[_KEYS[name]] = list(chosen)
    st.multiselect(
        label, options, format_func=shown.__getitem__, key=_KEYS[name], on_change=_apply, placeholder="All", disabled=not options
    )


def show(state: MatrixState, facets: Mapping[str, Sequence[Facet]]) -> None:
    """Draw the filters, the choice of the number, and what it means."""
    counts = {name: {f.value: f.n for f in facets.get(name, ())} for name in ("source", "split")}
    left, right, last = st.columns([2, 2, 2], gap="medium", vertical_alignment="bottom")
    with left:
        _many("source", "Source", counts["source"], state.source)
    with right:
        _many("split", "Split", counts["split"], state.split)
    with last:
        st.session_state[_KEYS["trained"]] = state.trained
        about = plain("Left out unless you count them in: a model has seen the answer on the pairs that it was trained on.")
        st.checkbox("Count a model's training pairs", key=_KEYS["trained"], on_change=_apply, help=about)
    st.session_state[_KEYS["show"]] = state.show
    st.segmented_control(
        "Number shown",
        list(MEASURES),
        format_func=MEASURES.__getitem__,
        key=_KEYS["show"],
        on_change=_apply,
        required=True,
        width="content",
    )
    st.html(f'<p class="mw-note">{visible(EXPLAINED[state.show])} κ and α enter each pair once in each orientation.</p>')
