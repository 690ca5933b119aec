"""What the pages of conversations read; kept until pairs, chats or traces are committed by anybody."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import data
from app.conversation_state import ConversationList
from app.state import PAGE_ROWS
from music_core.store.conversation_filter import ConversationFilter
from music_core.store.conversations import (
    ConversationPage,
    StoredConversation,
    conversation_facets,
    conversation_place,
    get_conversation,
    list_conversations,
)
from music_core.store.model_margins import written
from music_core.store.pairs import Facet
from music_core.store.runs import list_runs, run_report
from music_core.types import Run

# Kinds of run that bring conversations into the store.
KINDS = ("generate", "bon", "import", "demo")
# Those of them that are known by the source that they filled, not by a mark on every origin.
FILL_SOURCES = ("import", "demo")
MOST_RUNS = 10_000
Writes = tuple[tuple[str, int], ...]


@st.cache_data(max_entries=64, show_spinner=False)
def _page(home: str, version: Writes, f: ConversationFilter, sort: str, descending: bool, offset: int) -> ConversationPage:  # noqa: ARG001
    return list_conversations(data.store(), f, sort=sort, descending=descending, limit=PAGE_ROWS, offset=offset)


@st.cache_data(max_entries=8, show_spinner="Counting the conversations …")
def _facets(home: str, version: Writes) -> dict[str, list[Facet]]:  # noqa: ARG001
    return conversation_facets(data.store())


# Asked for rather than kept as a list of ids: that takes longer to read than ten questions, and much memory.
@st.cache_data(max_entries=256, show_spinner=False)
def _place(home: str, version: Writes, f: ConversationFilter, sort: str, descending: bool, id_: str) -> data.Place:  # noqa: ARG001
    return data.Place(*conversation_place(data.store(), id_, f, sort=sort, descending=descending))


@st.cache_resource(max_entries=64, show_spinner=False)
def _one(home: str, version: Writes, conversation_id: str) -> StoredConversation:  # noqa: ARG001
    return get_conversation(data.store(), conversation_id)


def _now() -> tuple[str, Writes]:
    """The cache key: which store, and the writes that all of this rests on. Labels and verdicts come all day and change none of it."""
    opened = data.store()
    return str(opened.home), written(opened, ("pairs", "traces"))


def _filter(state: ConversationList) -> ConversationFilter:
    """The filter, with the sources that the state's runs filled: an import leaves no mark of its own on what it stored."""
    if not state.run:
        return state.filter()
    filled = [run.id for run in list_runs(data.store(), MOST_RUNS) if run.id in state.run and run.kind in FILL_SOURCES]
    reports = [report for run_id in filled if (report := run_report(data.store(), run_id)) is not None]
    return state.filter(sorted({source for _, found in reports if isinstance(source := found.get("source"), str) and source}))


def filter_values() -> Mapping[str, Sequence[Facet]]:
    """Values to filter by, each with its number of conversations."""
    return _facets(*_now())


def runs() -> list[Run]:
    """The newest runs that bring conversations, newest first."""
    return [run for run in data.runs() if run.kind in KINDS]


def page_of(state: ConversationList) -> ConversationPage:
    """The rows of the state's page."""
    return _page(*_now(), _filter(state), state.sorted_by, not state.asc, (state.page - 1) * PAGE_ROWS)


def one(conversation_id: str) -> StoredConversation:
    """One conversation with where it stands. Raises `StoreError` for an unknown id."""
    return _one(*_now(), conversation_id)


def place_of(conversation_id: str, state: ConversationList) -> data.Place:
    """The conversation's neighbours in the list of `state`."""
    return _place(*_now(), _filter(state), state.sorted_by, not state.asc, conversation_id)
