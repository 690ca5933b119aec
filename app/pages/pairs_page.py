"""Pairs: everything in the store, filtered, sorted, by pages; the address holds the whole state."""

from dataclasses import replace

import streamlit as st

from app import data, people, queues
from app.components import empty, filters, header, pair_table, saved_views
from app.components.errors import shown
from app.markup import attribute, visible
from app.nav import href, query_now
from app.state import PAGE_ROWS, ListState, from_query
from music_core.store.pairs import Facet


def _summary(state: ListState, total: int, n_all: int, margins_by: str) -> None:
    """How many pairs pass, whose margins stand in the list, and the way to label them."""
    first = (state.page - 1) * PAGE_ROWS
    rows = f"{first + 1:,} to {min(first + PAGE_ROWS, total):,} of " if total > PAGE_ROWS else ""
    parts = [f"out of {n_all:,}"] * bool(state.active) + [f"margins by {visible(margins_by)}"] * bool(margins_by and total)
    kept = state.changed(sort="created", asc=False).query()
    ways = (
        ("Label these blind", "label", kept),
        ("Make a queue of these", "label", {"make": "1", **kept}),
        ("Export these", "data", {"export": "1", **kept}),
    )
    links = " · ".join(f'<a class="mw-link" href="{attribute(href(page, query))}">{words}</a>' for words, page, query in ways if total)
    n = f"<strong>{rows}{total:,} pair{'' if total == 1 else 's'}</strong>"
    st.html(f'<div class="mw-total"><p role="status">{n} <span class="mw-note">{" · ".join(parts)}</span></p><span>{links}</span></div>')


def page() -> None:
    """Draw the page."""
    header.show("Pairs", "Contrast pairs of whole conversations. Open one to read both sides, its rewards, verdicts and labels.")
    with shown():
        person, values, models = people.current(), data.filter_values(), data.models()
        n_all = sum(f.n for f in values.get("split", ()))
        if not n_all:
            empty.show("No pairs yet", "The store is empty. Fill it with one of these commands, then reload.", empty.NO_PAIRS)
            return
        state = data.with_model(from_query(query_now()), models, values)
        also = {"simulator": data.simulators(), "queue": [Facet(head.name, head.n_pool) for head in queues.heads()]}
        filters.show(state, {**values, **also}, models, data.runs())
        saved_views.show(state, data.views(), person)
        found = data.page_of_pairs(state, person)
        last_page = max(1, -(-found.total // PAGE_ROWS))
        if state.page > last_page:
            state = replace(state, page=last_page)
            found = data.page_of_pairs(state, person)
        _summary(state, found.total, n_all, next((m.name for m in models if m.id == state.model), ""))
        if not found.rows:
            link = f'<a class="mw-link" href="{href("pairs")}">Show all pairs</a>'
            empty.show("No pair passes these filters", "Take one of the filters above off, or all of them.", link=link)
            return
        pair_table.show(found.rows, state, found.total)
