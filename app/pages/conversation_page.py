"""Conversation: one conversation by itself, where it came from, its rewards, and the pairs that it is a side of."""

import streamlit as st

from app import conversation_data, conversation_facts, conversation_state, data, pair_state
from app.components import (
    conversation_export,
    conversation_places,
    conversation_rewards,
    conversation_turns,
    empty,
    facts,
    header,
    pair_nav,
    provenance,
    rewards,
    turn_jump,
)
from app.components.conversation_turns import Notes
from app.components.errors import shown
from app.components.trace_chart import Scored
from app.nav import href, query_now
from app.pair_state import Here
from music_core.errors import StoreError
from music_core.store.conversations import StoredConversation


def _evidence(stored: StoredConversation, found: list[Scored], here: Here) -> list[Scored]:
    """Draw what stands beside the turns, and return the models whose rewards are shown."""
    st.header("Rewards", anchor=False)
    chosen = rewards.choose_models(found, here)
    if chosen:
        conversation_rewards.show(chosen, here)
    else:
        # Only sides of pairs can be scored.
        empty.line("No reward model has scored this conversation.", "music score" if stored.sides else "")
    st.header("Pairs", anchor=False)
    conversation_places.show(stored, here)
    st.header("Provenance", anchor=False)
    ids = [("Conversation", here.id), *((f"Pair, as {side.branch}", side.pair_id) for side in stored.sides)]
    origins = conversation_facts.origins(stored)
    provenance.show(origins, ids, "conversation")
    if not any(origin.turns for origin in origins):
        empty.line("No model call is on record for its messages: they came as they are, from its source.")
    conversation_export.show(here.id, stored.conversation)
    return chosen


def page() -> None:
    """Draw the page."""
    query = query_now()
    id_ = query.get("conversation", [""])[-1]
    with shown():
        if not id_:
            header.show("Conversation")
            link = f'<a class="mw-link" href="{href("conversations")}">Choose one from the list</a>'
            empty.show("No conversation chosen", "A conversation's address ends in ?conversation=ID.", link=link)
            return
        listed = conversation_state.from_query(query)
        here = Here(id_, listed, pair_state.from_query(query), "conversation")
        try:
            stored = conversation_data.one(id_)
        except StoreError:
            header.show("Conversation")
            pair_nav.show(conversation_data.place_of(id_, listed), here)
            raise
        header.show(conversation_facts.opening(stored), conversation_facts.title_line(stored))
        pair_nav.show(conversation_data.place_of(id_, listed), here)
        with st.container(horizontal=True, gap="large", key="mw-pair-body"):
            reading, rail = st.container(key="mw-pair-reading"), st.container(key="mw-pair-rail")
            with rail:
                found = _evidence(stored, conversation_facts.scored(stored, data.models()), here)
            with reading:
                pair_nav.show_reading(here, conversation_turns.last_turn(stored.conversation), None)
                after = facts.reply_facts(found, (), "chosen")
                notes = Notes(conversation_facts.contrasts(stored), after, conversation_facts.authors(stored))
                conversation_turns.show(stored.conversation, here, notes)
        turn_jump.show(here)
