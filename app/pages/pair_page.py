"""Pair: two conversations turn by turn, and everything known about them."""

import streamlit as st

from app import actions, data, pair_state, people
from app.components import conversation, empty, facts, header, judges, labels, pair_export, pair_nav, provenance, rewards, turn_jump
from app.components.errors import shown
from app.markup import attribute
from app.nav import href, query_now
from app.pair_state import Here
from app.sides import SideNames, side_names
from app.state import from_query
from jobs.report.pair.evidence import contrasts_by_turn
from music_core.store.sides import systems_of
from music_core.types import BRANCHES


def _conversations(view: data.PairView, models: list[rewards.Scored], here: Here, names: SideNames) -> None:
    pair, contrasts = view.stored.pair, contrasts_by_turn(view.stored.origins)
    after = {branch: facts.reply_facts(models, view.readings, branch) for branch in BRANCHES}
    subtitles = facts.subtitles(bool(contrasts), names)
    written = here.state.written
    left = conversation.Side(names.title("chosen"), pair.chosen, "chosen", subtitles[0], {}, after["chosen"], written)
    right = conversation.Side(names.title("rejected"), pair.rejected, "rejected", subtitles[1], contrasts, after["rejected"], written)
    shown_as = conversation.View(here.state.words, here.state.turn, facts.turn_facts(models), here.href)
    conversation.show(left, right, key=f"mw-conv-{view.stored.id}", view=shown_as, go=lambda turn: here.go(turn=turn))


def _evidence(view: data.PairView, models: list[rewards.Scored], here: Here, names: SideNames) -> None:
    if models:
        rewards.show(models, view.stored.pair.divergence, here, names)
    else:
        empty.line("No reward model has scored this pair.", "music score")
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
    ids = [("Pair", view.stored.id), ("Seed", view.stored.seed_id)]
    ids += [(names.title("chosen"), view.stored.pair.chosen.id), (names.title("rejected"), view.stored.pair.rejected.id)]
    provenance.show(view.stored.origins, ids)
    pair_export.show(view.stored.pair, names)


def page() -> None:
    """Draw the page."""
    query = query_now()
    pair_id = query.get("pair", [""])[-1]
    link = f'<a class="mw-link" href="{href("pairs")}">Choose one from the list</a>'
    with shown(link):
        if not pair_id:
            header.show("Pair")
            empty.show("No pair chosen", "A pair's address ends in ?pair=ID.", link=link)
            return
        with header.at_least("Pair"):
            view, models = data.pair_view(pair_id), data.models()
        listed = data.with_model(from_query(query), models, data.filter_values())
        here = Here(pair_id, listed, pair_state.from_query(query))
        actions.note_seen(pair_id)
        header.show(facts.opening(view.stored), facts.title_line(view.stored))
        pair_nav.show(data.place_of(pair_id, listed, people.current()), here)
        names = side_names(systems_of(view.stored.origins))
        with st.container(horizontal=True, gap="large", key="mw-pair-body"):
            reading, rail = st.container(key="mw-pair-reading"), st.container(key="mw-pair-rail")
            with rail:
                st.header("Rewards", anchor=False)
                scored = rewards.choose_models(rewards.scored_by(view.traces, models), here)
                _evidence(view, scored, here, names)
            with reading:
                pair_nav.show_reading(here, view.stored.pair.n_turns, view.stored.pair.divergence)
                _conversations(view, scored, here, names)
        turn_jump.show(here)
