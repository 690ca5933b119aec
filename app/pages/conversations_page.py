"""Conversations: every single conversation in the store, filtered, sorted, by pages; the address holds the whole state."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app import conversation_data, data
from app.components import conversation_filters, conversation_table, empty, header
from app.components.errors import shown
from app.conversation_state import ConversationList, from_query
from app.markup import visible
from app.nav import href, query_now
from app.state import PAGE_ROWS

_ABOUT = "Single conversations: both sides of every pair, and chats without a counterpart. Open one to read it by itself."


def _summary(state: ConversationList, total: int, n_all: int, names: Mapping[str, str]) -> None:
    """How many conversations pass, and whose reward they are sorted by; `names` are the models that have scored any."""
    first = (state.page - 1) * PAGE_ROWS
    rows = f"{first + 1:,} to {min(first + PAGE_ROWS, total):,} of " if total > PAGE_ROWS else ""
    parts = [f"out of {n_all:,}"] * bool(state.active)
    if total and state.model in names:
        several = "; sorted and filtered by that of" if len(names) > 1 else " by"
        parts.append(f"rewards after the last turn{several} {visible(names[state.model])}")
    n = f"<strong>{rows}{total:,} conversation{'' if total == 1 else 's'}</strong>"
    st.html(f'<div class="mw-total"><p role="status">{n} <span class="mw-note">{" · ".join(parts)}</span></p></div>')


def page() -> None:
    """Draw the page."""
    header.show("Conversations", _ABOUT)
    with shown():
        values, models = conversation_data.filter_values(), data.models()
        n_all = sum(f.n for f in values["all"])
        if not n_all:
            text = "The store is empty. A pair brings two conversations, a chat one. Fill it with one of these commands, then reload."
            empty.show(
                "No conversations yet", text, {**empty.NO_PAIRS, "Chats without a counterpart": "music import CHATS.jsonl --format chats"}
            )
            return
        state = data.with_model(from_query(query_now()), models, values)
        conversation_filters.show(state, values, [f.value for f in data.simulators()], models, conversation_data.runs())
        found = conversation_data.page_of(state)
        last_page = max(1, -(-found.total // PAGE_ROWS))
        if state.page > last_page:
            state = replace(state, page=last_page)
            found = conversation_data.page_of(state)
        scored = {f.value for f in values["model"]}
        names = {m.id: m.name for m in models if m.id in scored}
        _summary(state, found.total, n_all, names)
        if not found.rows:
            link = f'<a class="mw-link" href="{href("conversations")}">Show all conversations</a>'
            empty.show("No conversation passes these filters", "Take one of the filters above off, or all of them.", link=link)
            return
        conversation_table.show(found.rows, state, names, found.total)
