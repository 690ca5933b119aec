"""Agreement: construction, judges, reward models and people against each other, on the same pairs; the address names the view."""

from collections.abc import Callable, Mapping

from app import data
from app.components import agreement_filters, agreement_matrix, bias_view, empty, estimates, header, report_button, slices_view
from app.components.errors import shown
from app.matrix_state import MatrixState, from_query
from app.nav import query_now, set_query
from jobs.stages.select import Selection

ABOUT = "Who prefers the same side? Construction is which side was built to be better; judges, reward models and people vote on it."


def _estimates(state: MatrixState) -> None:
    estimates.show(state.queue, lambda queue: set_query(state.changed(queue=queue).query()))


# What draws each of `matrix_state.VIEWS`.
DRAW: Mapping[str, Callable[[MatrixState], None]] = {
    "matrix": agreement_matrix.show,
    "bias": bias_view.show,
    "slices": slices_view.show,
    "estimates": _estimates,
}


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
        with shown():
            DRAW[state.view](state)
        report_button.show(Selection(sources=state.source, splits=state.split))
