"""The view of the Agreement page that holds everybody against everybody: chart and table of one number."""

from collections.abc import Sequence

import streamlit as st

from app import raters, reports
from app.components import agreement_chart, agreement_filters, agreement_table, consistency_table, nobody_voted
from app.markup import visible
from app.matrix_state import MatrixState
from music_core.evaluate.agreement import Cell


def remarks(cells: Sequence[Cell], state: MatrixState) -> str:
    """What to keep in mind about the figures, as HTML. Pure."""
    few = sum(0 < c.n < raters.FEW for c in cells)
    said = []
    if few:
        of = f"{few} of {len(cells)} comparisons rest" if few > 1 else "One comparison rests"
        said.append(f"{of} on fewer than {raters.FEW} pairs; their intervals are wide and their κ and α unsteady.")
    if state.trained:
        said.append("Training pairs of the models are counted, so a model's agreement here flatters it.")
    return "".join(f'<p class="mw-remark" role="note">{visible(r)}</p>' for r in said)


def show(state: MatrixState) -> None:
    """Draw the view."""
    found = reports.agreement(state.filter(), with_training_pairs=state.trained)
    cells = [c for c in found.cells if c.n or c.n_trained_on]
    if not cells:
        nobody_voted.show(state)
        return
    agreement_filters.measure(state)
    said = remarks(cells, state)
    if said:
        st.html(said)
    agreement_chart.show(cells, state)
    agreement_table.show(cells, state, found.excluded)
    consistency_table.show()
