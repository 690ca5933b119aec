"""How much is in the store: a few aligned figures, and each source with how far it is along the line."""

from collections.abc import Sequence

import streamlit as st

from app.markup import attribute, table, visible
from app.nav import Query, href
from app.reports import Inventory
from music_core.store.inventory import SourceCount

_COLUMNS = {
    "Source": "text",
    "Pairs": "num",
    "Train": "num",
    "Validation": "num",
    "Test": "num",
    "Judged": "num",
    "Scored": "num",
    "Labelled": "num",
}


def markup(found: Inventory) -> str:
    """The figures as HTML. Pure."""
    counts = found.counts
    people = len(found.facets.get("person", ()))
    judges = len(found.facets.get("judge", ()))
    figures: tuple[tuple[str, int, str, str, Query], ...] = (
        ("Pairs", counts["pairs"], f"from {counts['seeds']:,} seeds", "pairs", {}),
        ("Conversations", counts["conversations"], "two to a pair", "conversations", {}),
        ("Readings", counts["readings"], f"by {_many(judges, 'judge')}", "", {}),
        ("Labels", counts["labels"], f"by {_many(people, 'person', 'people')}", "pairs", {"label": "any"}),
        ("Models", counts["models"], f"{sum(bool(m.path) for m in found.models)} with weights here", "", {}),
        ("Runs", counts["runs"], "recorded in the store", "jobs", {}),
    )
    cells = ""
    for name, n, note, page, query in figures:
        link = f'<a class="mw-link" href="{attribute(href(page, query))}">{name}</a>' if page and n else name
        cells += f'<div><dt>{link}</dt><dd>{n:,}</dd><dd class="mw-note">{note}</dd></div>'
    return f'<dl class="mw-figures">{cells}</dl>'


def _many(n: int, one: str, many: str = "") -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _linked(n: int, query: Query) -> str:
    return f'<a class="mw-link" href="{attribute(href("pairs", query))}">{n:,}</a>' if n else '<span class="mw-note">0</span>'


def _row(s: SourceCount) -> list[str]:
    own: dict[str, str] = {"source": s.source} if s.source else {}
    name = f'<a class="mw-link" href="{attribute(href("pairs", own))}">{visible(s.source)}</a>' if s.source else "All sources"
    splits = [_linked(n, {**own, "split": split}) for split, n in (("train", s.train), ("validation", s.validation), ("test", s.test))]
    return [name, _linked(s.n, own), *splits, _share(s.judged, s.n), _share(s.scored, s.n), _linked(s.labelled, {**own, "label": "any"})]


def _share(part: int, whole: int) -> str:
    """A count with a thin bar of its share below it."""
    if not part:
        return '<span class="mw-note">0</span>'
    width = max(2.0, 100 * part / whole) if whole else 0
    return f'{part:,}<span class="mw-meter mw-share" aria-hidden="true"><i style="width:{width:.0f}%"></i></span>'


def sources_markup(sources: Sequence[SourceCount], whole: SourceCount) -> str:
    """The table of sources as HTML; its last line counts every pair once. Pure."""
    rows = [_row(s) for s in sources] + ([_row(whole)] if len(sources) > 1 else [])
    return table("Pairs by source; judged, scored and labelled by anybody", _COLUMNS, rows)


def show(found: Inventory) -> None:
    """Draw both."""
    st.html(f'{markup(found)}<div class="mw-sources">{sources_markup(found.sources, found.whole)}</div>')
