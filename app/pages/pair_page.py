"""Pair: two conversations turn by turn, and everything known about them."""

import streamlit as st

from app import actions, data, people
from app.components import conversation, empty, facts, header, judges, labels, provenance, rewards
from app.components.errors import shown
from app.components.pair_nav import show as show_place
from app.markup import attribute
from app.nav import href, query_now
from app.sides import SideNames, side_names
from app.state import from_query
from music_core.store.sides import systems_of
from music_core.types import BranchName, RewardTrace


def _conversations(view: data.PairView, sides: dict[BranchName, RewardTrace], as_written: bool, names: SideNames) -> None:
    pair, contrasts = view.stored.pair, facts.contrasts_of(view.stored.origins)
    after: dict[BranchName, dict[int, str]] = {b: facts.reply_facts(sides, view.readings, b) for b in ("chosen", "rejected")}
    subtitles = (
        "answered the user's messages",
        "answered modified instructions at marked turns" if contrasts else "by the data set's preference",
    )
    if not names.built:
        subtitles = ("one of two systems", "the other; neither was built to be better")
    left = conversation.Side(names.title("chosen"), pair.chosen, "chosen", subtitles[0], {}, after["chosen"], as_written)
    right = conversation.Side(names.title("rejected"), pair.rejected, "rejected", subtitles[1], contrasts, after["rejected"], as_written)
    conversation.show(left, right, key=f"mw-conv-{view.stored.id}")


def _evidence(
    view: data.PairView, by_model: dict[str, dict[BranchName, RewardTrace]], model_id: str | None, models: dict[str, str], names: SideNames
) -> None:
    st.header("Rewards", anchor=False)
    if model_id is None:
        empty.line("No reward model has scored this pair.", "music score")
    else:
        rewards.show(by_model[model_id], view.stored.pair.divergence, models.get(model_id, model_id), names)
    st.header("Judges", anchor=False)
    if view.verdicts:
        judges.show(view.verdicts, view.readings, names)
    else:
        empty.line("No judge has read this pair.", "music judge")
    st.header("Labels", anchor=False)
    if view.history:
        labels.show(view.history, names)
    else:
        empty.line("Nobody has labelled this pair.")
    target = attribute(href("label", {"pair": view.stored.id}))
    st.html(f'<a class="mw-link" href="{target}">Label this pair</a> <span class="mw-note">informed, as you have seen the answer</span>')
    st.header("Provenance", anchor=False)
    origin_ids = [("Pair", view.stored.id), ("Seed", view.stored.seed_id)]
    side_ids = [(names.title("chosen"), view.stored.pair.chosen.id), (names.title("rejected"), view.stored.pair.rejected.id)]
    provenance.show(view.stored.origins, [*origin_ids, *side_ids])


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
        by_model, names = rewards.traces_by_model(view.traces), side_names(systems_of(view.stored.origins))
        with st.container(horizontal=True, gap="large", key="mw-pair-body"):
            reading, rail = st.container(key="mw-pair-reading"), st.container(key="mw-pair-rail")
            with rail:
                model_id = rewards.choose_model(by_model, models)
                _evidence(view, by_model, model_id, {m.id: m.name for m in models}, names)
            with reading:
                _conversations(view, by_model.get(model_id or "", {}), as_written, names)
