"""Pair: two conversations turn by turn, and everything known about them."""

import streamlit as st

from app import actions, data, people
from app.components import conversation, empty, facts, header, judges, labels, provenance, rewards
from app.components.errors import shown
from app.components.pair_nav import show as show_place
from app.markup import attribute
from app.nav import href, query_now
from app.state import from_query
from music_core.types import BranchName, RewardTrace


def _conversations(view: data.PairView, sides: dict[BranchName, RewardTrace], as_written: bool) -> None:
    pair, contrasts = view.stored.pair, facts.contrasts_of(view.stored.origins)
    after: dict[BranchName, dict[int, str]] = {b: facts.reply_facts(sides, view.readings, b) for b in ("chosen", "rejected")}
    subtitle = "answered modified instructions at marked turns" if contrasts else "by the data set's preference"
    left = conversation.Side("Chosen", pair.chosen, "chosen", "answered the user's messages", {}, after["chosen"], as_written)
    right = conversation.Side("Rejected", pair.rejected, "rejected", subtitle, contrasts, after["rejected"], as_written)
    conversation.show(left, right, key=f"mw-conv-{view.stored.id}")


def _evidence(view: data.PairView, by_model: dict[str, dict[BranchName, RewardTrace]], model_id: str | None, names: dict[str, str]) -> None:
    st.header("Rewards", anchor=False)
    if model_id is None:
        empty.line("No reward model has scored this pair.", "music score")
    else:
        rewards.show(by_model[model_id], view.stored.pair.divergence, names.get(model_id, model_id))
    st.header("Judges", anchor=False)
    if view.verdicts:
        judges.show(view.verdicts, view.readings)
    else:
        empty.line("No judge has read this pair.", "music judge")
    st.header("Labels", anchor=False)
    if view.history:
        labels.show(view.history)
    else:
        empty.line("Nobody has labelled this pair.")
    target = attribute(href("label", {"pair": view.stored.id}))
    st.html(f'<a class="mw-link" href="{target}">Label this pair</a> <span class="mw-note">informed, as you have seen the answer</span>')
    st.header("Provenance", anchor=False)
    origin_ids = [("Pair", view.stored.id), ("Seed", view.stored.seed_id)]
    provenance.show(view.stored.origins, [*origin_ids, ("Chosen", view.stored.pair.chosen.id), ("Rejected", view.stored.pair.rejected.id)])


def page() -> None:
    """Draw the page."""
    query = query_now()
    pair_id = query.get("pair", [""])[-1]
    with shown():
        if not pair_id:
            header.show("Pair")
            link = f'<a class="mw-link" href="{href("pairs")}">Choose one from the list</a>'
            empty.show("No pair chosen", "A pair's address ends in ?pair=ID.", link=link)
            return
        models = data.models()
        state = data.with_model(from_query(query), models, data.filter_values())
        view = data.pair_view(pair_id)
        actions.note_seen(pair_id)
        header.show(facts.opening(view.stored), facts.title_line(view.stored))
        as_written = show_place(data.place_of(pair_id, state, people.current()), state)
        by_model = rewards.traces_by_model(view.traces)
        with st.container(horizontal=True, gap="large", key="mw-pair-body"):
            reading, rail = st.container(key="mw-pair-reading"), st.container(key="mw-pair-rail")
            with rail:
                model_id = rewards.choose_model(by_model, models)
                _evidence(view, by_model, model_id, {m.id: m.name for m in models})
            with reading:
                _conversations(view, by_model.get(model_id or "", {}), as_written)
