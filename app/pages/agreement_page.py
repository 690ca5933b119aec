"""Agreement: construction, judges, reward models and people against each other, on the same pairs."""

from collections.abc import Sequence

import streamlit as st

from app import data, raters, reports
from app.components import agreement_chart, agreement_filters, agreement_table, empty, header
from app.components.errors import shown
from app.markup import visible
from app.matrix_state import MatrixState, from_query
from app.nav import href, query_now
from music_core.evaluate.agreement import Cell

ABOUT = "Who prefers the same side? Construction is which side was built to be better; judges, reward models and people vote on it."


def _remarks(cells: Sequence[Cell], state: MatrixState) -> None:
    few = sum(0 < c.n < raters.FEW for c in cells)
    remarks = []
    if few:
        of = f"{few} of {len(cells)} comparisons rest" if few > 1 else "One comparison rests"
        remarks.append(f"{of} on fewer than {raters.FEW} pairs; their intervals are wide and their κ and α unsteady.")
    if state.trained:
        remarks.append("Training pairs of the models are counted, so a model's agreement here flatters it.")
    if remarks:
        st.html("".join(f'<p class="mw-remark" role="note">{visible(r)}</p>' for r in remarks))


def _nothing(state: MatrixState) -> None:
    if state.source or state.split:
        link = f'<a class="mw-link" href="{href("agreement")}">Compare on all pairs</a>'
        empty.show(
            "Nobody voted on these pairs", "No judge, model or person has said anything about the pairs that pass these filters.", link=link
        )
        return
    links = "".join(
        f'<li><a class="mw-link" href="{href(page, query)}">{words}</a><span>{why}</span></li>'
        for words, page, query, why in (
            ("Ask a judge", "jobs", {"new": "judge"}, "A chat model reads pairs in both orders."),
            ("Label pairs", "label", {}, "A person decides, blind."),
            ("Score with a model", "jobs", {"new": "score"}, "A reward model votes by its margin."),
        )
    )
    empty.show("Nothing to compare yet", "Agreement needs a second voice beside the construction.", link=f"<ul>{links}</ul>")


def page() -> None:
    """Draw the page."""
    header.show("Agreement", ABOUT)
    with shown():
        values = data.filter_values()
        if not values.get("split"):
            empty.show("No pairs yet", "The store is empty. Fill it with one of these commands, or from the Overview.", empty.NO_PAIRS)
            return
        state = from_query(query_now())
        agreement_filters.show(state, values)
        found = reports.agreement(state.filter(), with_training_pairs=state.trained)
        cells = [c for c in found.cells if c.n or c.n_trained_on]
        if not cells:
            _nothing(state)
            return
        _remarks(cells, state)
        agreement_chart.show(cells, state)
        agreement_table.show(cells, state, {m.name: m.id for m in data.models()}, found.excluded)
