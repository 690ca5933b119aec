"""The list of pairs: one row per pair, every cell of it a figure or a link; the column heads sort."""

from collections.abc import Mapping

import streamlit as st

from app.components.listing import heading, pager
from app.markup import attribute, chip, shorten, signed, visible
from app.nav import href
from app.sides import side_names
from app.state import PAGE_ROWS, ListState
from music_core.store.pairs import PairRow

# Heading, sort name (None: cannot be sorted by), class of the cells.
_COLUMNS = (
    ("Opening", "opening", "text"),
    ("Turns", "turns", "num"),
    ("Parts at", "divergence", "num"),
    ("Margin", "margin", "num"),
    ("Verdicts", None, "text"),
    ("Labels", "labels", "num"),
    ("Added", "created", "text"),
)
_OPENING_CHARS = 170
_DASH = '<span class="mw-note">–</span>'


def _head(state: ListState) -> str:
    sorts = [(name, None if sort == "margin" and not state.model else sort, kind) for name, sort, kind in _COLUMNS]
    return "".join(heading(name, sort, kind, state, "pairs") for name, sort, kind in sorts)


def _margin(value: float | None, largest: float) -> str:
    """The figure with a bar to the left or right of a middle line."""
    if value is None:
        return _DASH
    side = "chosen" if value > 0 else "rejected"
    width = 50 * min(1.0, abs(value) / largest) if largest else 0
    return f'{signed(value)}<span class="mw-bar mw-bar-{side}" aria-hidden="true"><i style="width:{width:.0f}%"></i></span>'


def _row(row: PairRow, query: Mapping[str, object], largest: float) -> str:
    target = attribute(href("pair", {**query, "pair": row.pair_id}))  # type: ignore[dict-item]
    opening = visible(shorten(row.opening, _OPENING_CHARS)) or "<em>empty first message</em>"
    about = " · ".join(visible(part) for part in (row.source, row.method or "", row.schedule or "") if part)
    names = side_names(row.systems)
    if not names.built:
        about += f" · {visible(names.chosen)} beside {visible(names.rejected)}"
    verdicts = "".join(
        f'<span class="mw-verdict">{visible(judge)} {chip(names.verdict(value), value, names.verdict_title(value))}</span>'
        for judge, value in row.verdicts.items()
    )
    cells = (
        ("num", str(row.n_turns)),
        ("num", str(row.divergence) if row.divergence else "never"),
        ("num", _margin(row.margin, largest)),
        ("text", verdicts or _DASH),
        ("num", str(row.n_labels) if row.n_labels else _DASH),
        ("text mw-when", f'<time datetime="{row.created_at.isoformat()}">{row.created_at:%Y-%m-%d}</time>'),
    )
    return (
        f'<tr><th scope="row" class="mw-col-text"><a class="mw-link mw-open" href="{target}" dir="auto">{opening}</a>'
        f'<span class="mw-note">{about} · {row.split}</span></th>'
        + "".join(f'<td class="mw-col-{kind}">{cell}</td>' for kind, cell in cells)
        + "</tr>"
    )


def markup(rows: tuple[PairRow, ...], state: ListState) -> str:
    """The table as HTML. Pure."""
    largest = max((abs(r.margin) for r in rows if r.margin is not None), default=0.0)
    query = dict(state.query())
    body = "".join(_row(row, query, largest) for row in rows)
    return (
        f'<div class="mw-scroll"><table class="mw-table mw-pairs"><caption class="mw-sr">Pairs</caption>'
        f"<thead><tr>{_head(state)}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def show(rows: tuple[PairRow, ...], state: ListState, total: int) -> None:
    """Draw the rows of one page, and the way to the others."""
    st.html(markup(rows, state) + pager(state, -(-total // PAGE_ROWS), "pairs"))
