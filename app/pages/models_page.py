"""Models: every reward model with what it was made of, and two of them over the same pairs; the address says which."""

from collections.abc import Sequence

import streamlit as st

from app import comparing, data, reports
from app.components import empty, header, model_compare, model_detail, model_table
from app.components.errors import shown
from app.markup import details
from app.model_state import ModelState, from_query
from app.nav import href, query_now
from music_core.errors import StoreError
from music_core.types import RewardModel

ABOUT = "What each reward model was trained on, how good it is on pairs it has not seen, and where two of them disagree."
REGISTER = (
    "<p>A folder that <code>transformers</code> loads as a sequence classifier with one label can be registered, on the machine that "
    "holds the store:</p><p><code>music models register NAME FOLDER --base WHAT-IT-WAS-MADE-FROM</code></p>"
    "<p>Then have it score pairs: <code>music score --model NAME</code></p>"
)


def _one(name: str, models: Sequence[RewardModel]) -> None:
    header.show(name, "Reward model")
    st.html('<a class="mw-link" href="models">← All models</a>')
    with shown():
        model = next((m for m in models if m.name == name), None)
        if model is None:
            raise StoreError(f"There is no reward model '{name}' in this store.", "Go back to all models and choose one of them.")
        model_detail.show(comparing.view_of(model))


def _all(models: Sequence[RewardModel], state: ModelState) -> None:
    header.show("Models", ABOUT)
    if not models:
        link = f'<a class="mw-link" href="{href("jobs", {"new": "train"})}">Train a model here</a>'
        empty.show("No reward model yet", "A reward model learns from contrast pairs which side is better.", model_table.NOTHING, link)
        return
    with shown():
        held_out = {m.name: comparing.held_out(m)[""] for m in models}
        model_table.show(models, held_out, reports.inventory().scored)
        train = f'<a class="mw-link mw-filter" href="{href("jobs", {"new": "train"})}">Train a model</a>'
        score = f'<a class="mw-link mw-filter" href="{href("jobs", {"new": "score"})}">Score pairs</a>'
        st.html(f'<nav class="mw-filters" aria-label="Start a run">{train}{score}</nav>')
        st.html(details("Add a model that was trained elsewhere", REGISTER))
    with shown():
        model_compare.show(state, models)


def page() -> None:
    """Draw the page."""
    state = from_query(query_now())
    models: Sequence[RewardModel] = ()
    with shown():
        with header.at_least("Models"):
            models = data.models()
        if state.model:
            _one(state.model, models)
        else:
            _all(models, state)
