"""The form that makes a labelling queue of the pairs of a filter, with what it would draw."""

from collections.abc import Sequence

import streamlit as st

from app import data, people, queue_making
from app.components import empty, errors, fields, filters, off
from app.forms import Field
from app.markup import attribute, details, facts
from app.nav import href
from app.queue_making import TOKEN
from app.state import ListState
from jobs.stages.queues import Config, Drawn


def drawn_markup(config: Config, drawn: Drawn) -> str:
    """What the queue would draw, as HTML. Pure."""
    probabilities = sorted({p.probability for p in drawn.pool})
    spread = f"{probabilities[0]:.3g}" if len(probabilities) == 1 else f"{probabilities[0]:.3g} to {probabilities[-1]:.3g}"
    unknown = int(drawn.settings.get("n_unknown", 0))
    rows = [
        ("Pairs in the pool", f"{len(drawn.pool):,}"),
        ("Drawn with this seed", f"{drawn.n_drawn:,}"),
        ("Labels wanted", f'{drawn.n_drawn * config.overlap:,}<span class="mw-note">{config.overlap} for each pair</span>'),
        ("Chance of a pair", spread),
    ]
    rows += [("Unknown to the plan", f'{unknown:,}<span class="mw-note">count as one in the middle</span>')] if unknown else []
    return f'<section class="mw-reveal" aria-label="What would be drawn"><h2>What would be drawn</h2>{facts(rows)}</section>'


def show(state: ListState, person: str) -> None:
    """Draw the form for the pairs that `state` lets through."""
    n = len(data.queue_of(state))
    back = attribute(href("pairs", state.query()))
    if not n:
        link = f'<a class="mw-link" href="{back}">Back to the pairs</a>'
        empty.show("No pairs to make a queue of", "No pair passes this filter.", link=link)
        return
    chosen = "all that there are" if not state.active else "those of this filter"
    pool = f"{n:,} pair{'' if n == 1 else 's'}"
    about = f"<p>The pool of the new queue: <strong>{pool}</strong>, {chosen}. Its labels will speak for all of them. "
    st.html(f'{about}<a class="mw-link" href="{back}">See or change them</a></p>')
    if state.active:
        st.html(filters.chips(state, {m.id: m.name for m in data.models()}))
    drawn, error = queue_making.last()
    if error is not None:
        errors.show(error)
    if drawn is not None:
        st.html(drawn_markup(*drawn))
    refused = people.refusal("queue")
    off.show(refused)
    _form(queue_making.fields(n, queue_making.raters()), state, person, off=bool(refused))
    st.html(
        details(
            "The same on the command line",
            "<p><code>music queue make NAME --labels N</code>, for filters by source, split, method, schedule and run</p>",
        )
    )


def _form(offered: Sequence[Field], state: ListState, person: str, *, off: bool) -> None:
    args = (offered, state, person)
    with st.form("mw-queue-form", border=False, enter_to_submit=False):
        fields.show(TOKEN, offered, {f.name: f.default for f in offered})
        with st.expander("A guideline of your own"):
            st.text_area(
                "Text, with the few signs of Markdown", key=queue_making.TEXT_KEY, height=160, help="It is used instead of the one above."
            )
        with st.container(horizontal=True, gap="small"):
            # The values are read when the button was pressed, not when it was drawn.
            st.form_submit_button("Make the queue", type="primary", key="mw-queue-make", on_click=_make, args=args, disabled=off)
            st.form_submit_button("Estimate", key="mw-queue-estimate", on_click=_estimate, args=args)


def _make(offered: Sequence[Field], state: ListState, person: str) -> None:
    queue_making.make(fields.values_of(TOKEN, offered), offered, state, person)


def _estimate(offered: Sequence[Field], state: ListState, person: str) -> None:
    queue_making.estimate(fields.values_of(TOKEN, offered), offered, state, person)
