"""The matrix as a table: every two raters with all numbers, n, interval, what is left out, and links to the pairs."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import raters
from app.components.agreement_glance import interval_text, pairs_text
from app.markup import signed, table, visible
from app.matrix_state import MatrixState
from music_core.evaluate.agreement import Cell

_COLUMNS = {
    "Rater": "text",
    "Against": "text",
    "Pairs": "num",
    "Agreement": "num",
    "95 % interval": "num",
    "Without ties": "num",
    "κ": "num",
    "α": "num",
    "Note": "text",
    "Pairs that": "text",
}


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _who(rater: str) -> str:
    return f'{visible(raters.name(rater))} <span class="mw-note">{raters.kind(rater) if ":" in rater else ""}</span>'


def _row(cell: Cell, state: MatrixState) -> list[str]:
    decided = f'{_share(cell.agree_non_tie)} <span class="mw-note">of {cell.n_non_tie:,}</span>' if cell.n_non_tie else "–"
    opened = raters.opened(raters.links(cell, state.within(), trained=state.trained))
    note = f'<span class="mw-run-note">{visible(raters.explained(cell))}</span>'
    figures = [pairs_text(cell), _share(cell.agree), interval_text(cell), decided, signed(cell.kappa), signed(cell.alpha)]
    return [_who(cell.a), _who(cell.b), *figures, note, opened]


def markup(cells: Sequence[Cell], state: MatrixState) -> str:
    """The table as HTML. Pure."""
    caption = "Every two raters; n counts pairs, the interval is of agreement, by bootstrap over seeds"
    return f'<div class="mw-matrix">{table(caption, _COLUMNS, (_row(c, state) for c in cells))}</div>'


def excluded_markup(excluded: Mapping[str, Mapping[str, int]]) -> str:
    """What was said but is no vote, in a line per rater as HTML. Pure."""
    parts = [
        f"{visible(raters.name(rater))}: " + ", ".join(f"{n:,} {visible(reason)}" for reason, n in reasons.items())
        for rater, reasons in excluded.items()
    ]
    return f'<p class="mw-note">No votes, and not in any number above: {"; ".join(parts)}.</p>' if parts else ""


def show(cells: Sequence[Cell], state: MatrixState, excluded: Mapping[str, Mapping[str, int]]) -> None:
    """Draw the table."""
    st.html(markup(cells, state) + excluded_markup(excluded))
