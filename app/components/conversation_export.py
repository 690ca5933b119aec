"""The way to take one conversation along, in the form that chat templates and `music import` read."""

import json

import streamlit as st

from music_core.types import Conversation


def document(id_: str, conversation: Conversation) -> str:
    """One row of chat-format JSON: the id and the messages as {role, content}. ASCII, so that any string survives. Pure."""
    return json.dumps({"id": id_, "messages": conversation.as_dicts()}, indent=1) + "\n"


def show(id_: str, conversation: Conversation) -> None:
    """Draw the download; the file is only made by a press."""
    st.download_button(
        "This conversation as JSON",
        lambda: document(id_, conversation),
        f"music-{id_}.json",
        "application/json",
        key="mw-conversation-export",
        on_click="ignore",
    )
    st.html('<p class="mw-note">Its messages as a list of role and content; <code>music import FILE --format chats</code> reads it.</p>')
