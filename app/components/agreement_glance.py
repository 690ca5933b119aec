"""Agreement at a glance: every rater against the construction, with n and interval."""

from collections.abc import Sequence

import streamlit as st

from app import raters
from app.markup import chip, table, visible
from app.nav import href
from app.reports import Agreement
from music_core.evaluate.agreement import Cell

_COLUMNS = {
    "Rater": "text",
    "Agrees with the construction": "text",
    "95 % interval": "num",
    "Pairs": "num",
    "Without ties": "num",
    "Pairs that": "text",
}
MOST = 12


def interval_bar(cell: Cell) -> str:
    """The share as a dot and its interval as a line, on a scale from 0 to 1 with the middle marked; HTML. Pure."""
    return "" if cell.agree is None else interval_bar_of(cell.agree, cell.interval)


def interval_bar_of(share: float, ends: Sequence[float] | None) -> str:
    """The same of any share. Pure."""
    low, high = ends or (share, share)
    return (
        f'<span class="mw-whisker" aria-hidden="true"><i style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
        f'<b style="left:{100 * share:.1f}%"></b></span>'
    )


def interval_text(cell: Cell) -> str:
    """The interval in figures, or a dash."""
    return f"{cell.interval[0]:.2f} to {cell.interval[1]:.2f}" if cell.interval else "–"


def pairs_text(cell: Cell) -> str:
    """The number of pairs, a small one marked. HTML."""
    few = f" {chip('few', 'few', f'Fewer than {raters.FEW} pairs: read with care')}" if 0 < cell.n < raters.FEW else ""
    return f"{cell.n:,}{few}"


def _row(cell: Cell) -> list[str]:
    other = cell.b if cell.a == raters.CONSTRUCTION else cell.a
    share = f"{cell.agree:.2f}" if cell.agree is not None else f'<span class="mw-note">{visible(cell.note)}</span>'
    decided = f'{cell.agree_non_tie:.2f} <span class="mw-note">of {cell.n_non_tie:,}</span>' if cell.agree_non_tie is not None else "–"
    who = f'{visible(raters.name(other))} <span class="mw-note">{raters.kind(other)}</span>'
    return [
        who,
        f'<span class="mw-score"><b>{share}</b>{interval_bar(cell)}</span>',
        interval_text(cell),
        pairs_text(cell),
        decided,
        raters.opened(raters.links(cell, {})),
    ]


def markup(cells: Sequence[Cell]) -> str:
    """The table as HTML. Pure."""
    own = [c for c in cells if raters.CONSTRUCTION in (c.a, c.b)]
    if not own and cells:
        link = f'<a class="mw-link" href="{href("agreement")}">Everybody against everybody</a>'
        return f'<p class="mw-note">No pair that anybody judged was built to have a better side.</p>{link}'
    if not own:
        return '<p class="mw-note">Nobody but the construction has said anything yet: no verdict, no reward, no label.</p>'
    more = f'<span class="mw-note"> · {len(own) - MOST} more raters there</span>' if len(own) > MOST else ""
    rows = table(
        "Share of pairs on which a rater prefers the side that was built to be better; a tie agrees with no side",
        _COLUMNS,
        map(_row, own[:MOST]),
    )
    return f'<div class="mw-glance">{rows}</div><a class="mw-link" href="{href("agreement")}">Everybody against everybody</a>{more}'


def show(found: Agreement) -> None:
    """Draw the table."""
    st.html(markup(found.cells))
