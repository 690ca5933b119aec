"""How consistent people are with themselves, below the matrix: the ceiling of what anybody can agree with them."""

from collections.abc import Sequence

import streamlit as st

from app import consistent
from app.markup import table, visible
from music_core.evaluate.consistency import Consistency

_COLUMNS = {
    "Person": "text",
    "Pairs repeated": "num",
    "Same decision": "num",
    "95 % interval": "num",
    "Sides exchanged": "text",
    "Note": "text",
}


def _row(c: Consistency) -> list[str]:
    interval = f"{c.interval[0]:.2f} to {c.interval[1]:.2f}" if c.interval else "–"
    turned = "–" if c.same_exchanged is None else f'{c.same_exchanged:.2f} <span class="mw-note">of {c.n_exchanged:,}</span>'
    same = "–" if c.same is None else f"{c.same:.2f}"
    return [visible(c.person), f"{c.n:,}", same, interval, turned, f'<span class="mw-run-note">{visible(c.note)}</span>']


def markup(found: Sequence[Consistency]) -> str:
    """The table as HTML; empty where no pair came back to anybody. Pure."""
    if not found:
        return ""
    caption = "Own consistency: pairs that came back to the same person, and how often the decision was the same by branch"
    return f'<div class="mw-matrix">{table(caption, _COLUMNS, [_row(c) for c in found])}</div>'


def show() -> None:
    """Draw the table for everybody who got a pair twice, over all pairs of the store."""
    said = markup(consistent.of_everybody())
    if said:
        st.html(said)
