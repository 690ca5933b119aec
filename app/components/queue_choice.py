"""Which queue is labelled; drawn only where there is one."""

from collections.abc import Sequence

import streamlit as st

from app.markup import shorten
from app.nav import query_now, set_query
from music_core.store.queues import DISAGREEMENTS, QueueHead

_KEY = "mw-label-queue"
_ALL = ""


def _apply() -> None:
    set_query({"queue": str(st.session_state[_KEY])})


def words(head: QueueHead) -> str:
    """A queue in a list; not how its pairs were chosen, which could tell something about them."""
    return f"{shorten(head.name, 60)}: {head.n_drawn:,} pairs"


def show(heads: Sequence[QueueHead], n_disputed: int) -> None:
    """Draw the choice; the address holds it. `n_disputed` pairs wait for a further person."""
    now = query_now().get("queue", [_ALL])[-1]
    names = {_ALL: "All pairs, or those of a filter", **{head.name: words(head) for head in heads}}
    if n_disputed or now == DISAGREEMENTS:
        names[DISAGREEMENTS] = f"Disagreements ({n_disputed:,})"
    names.setdefault(now, now)
    # Also around nothing: what is drawn behind it is known by its place, and a click on it must not be lost when the first queue comes.
    with st.container(width=460):
        if len(names) < 2:
            return
        st.session_state[_KEY] = now
        st.selectbox("Queue", list(names), format_func=names.__getitem__, key=_KEY, on_change=_apply)
