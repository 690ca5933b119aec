"""Play: a person talks with two assistants side by side and votes; the conversation becomes a pair. The address names it."""

import streamlit as st

from app import data, people, playing
from app.choices import Choices, endpoint_names
from app.components import header, off, play_end, play_start, play_talk
from app.components.errors import shown
from app.nav import query_now
from music_core.config import load_settings

ABOUT = "You are the user. Talk with two assistants side by side and say which served you better; the conversation becomes a pair."
ALL = '<a class="mw-link" href="play">← New conversation</a>'


def _start() -> None:
    if refused := people.refusal("label"):
        off.show(refused)
        return
    person = people.current()
    if person is None:
        with st.container(width=460, key="mw-ask-name"):
            st.header("Who is talking?", anchor=False)
            st.html("<p>The conversation and your vote are stored under a name. Use the same one each time.</p>")
            header.name_form("play")
        return
    choices = Choices(endpoints=endpoint_names(load_settings()))
    usable, problem = playing.usable(data.models())
    play_start.show(person, choices, usable, problem, playing.journal().drafts(person))


def page() -> None:
    """Draw the page."""
    header.show("Play", ABOUT)
    with shown():
        draft_id = query_now().get("draft", [""])[-1]
        if not draft_id:
            _start()
            return
        st.html(ALL)
        draft = playing.journal().read(draft_id)
        if draft.open:
            play_talk.show(draft, people.current())
        else:
            play_end.show(draft)
