"""Two conversations beside each other, as one element; long ones in windows of turns."""

from collections.abc import Callable

import streamlit as st

from jobs.report.pair.alignment import align, shared_prefix
from jobs.report.pair.conversation import FOLD_CHARS, MOST_CHARS, MOST_TURNS, PLAIN, Side, Tone, View, markup, message_text

__all__ = ["FOLD_CHARS", "MOST_CHARS", "MOST_TURNS", "Side", "Tone", "View", "first_of", "markup", "message_text", "show", "window_of"]


def window_of(turn: int) -> int:
    """The window (from 1) that a turn is in."""
    return max(0, turn - 1) // MOST_TURNS + 1


def first_of(window: int) -> int:
    """The first turn of a window."""
    return (window - 1) * MOST_TURNS + 1


def _choose(key: str, go: Callable[[int], None]) -> None:
    go(first_of(st.session_state[key]))


def first_turn(n_turns: int, parting: int, view: View, key: str, go: Callable[[int], None] | None) -> int:
    """Draw the control of the windows and return the first turn of the one chosen.

    With `go` the address keeps the turn, and with it the window; otherwise the window is the control's own.
    """
    pages, widget = window_of(n_turns), f"{key}-window"
    st.html(f'<p class="mw-note">{n_turns:,} turns, {MOST_TURNS} at a time.</p>')
    opened = min(pages, window_of(view.turn or parting))
    if go is None:
        page = st.pagination(pages, default=opened, key=widget)
    else:
        st.session_state[widget] = opened
        page = st.pagination(pages, key=widget, on_change=_choose, args=(widget, go))
    return first_of(page) if page > 1 else 0


def show(
    left: Side, right: Side, *, open_prefix: bool = False, key: str, view: View = PLAIN, go: Callable[[int], None] | None = None
) -> None:
    """Draw both conversations; long ones in windows of turns with a page control above. `go` takes the turn that one asks for."""
    n_turns = max(left.conversation.n_turns, right.conversation.n_turns)
    first = 0
    if n_turns > MOST_TURNS:
        parting = shared_prefix(align(left.conversation, right.conversation))
        first = first_turn(n_turns, parting, view, key, go)
    st.html(markup(left, right, open_prefix=open_prefix, first_turn=first, view=view))
