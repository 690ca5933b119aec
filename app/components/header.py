"""The top of every page: its title, one line about it, and who sits here."""

import streamlit as st

from app import people
from app.markup import plain, visible

_FIELD = "mw-person-name"


def show(title: str, about: str = "") -> None:
    """Draw the title with the name control at its right; both may hold text that is not ours."""
    with st.container(horizontal=True, vertical_alignment="top", horizontal_alignment="distribute", key="mw-header"):
        line = f"<p>{visible(about)}</p>" if about else ""
        st.html(f'<header class="mw-title"><h1 dir="auto">{visible(title)}</h1>{line}</header>', width="stretch")
        name = people.current()
        with st.popover(plain(name) if name else "Your name", icon=":material/person:", key="mw-person-popover"):
            name_form("header")


def name_form(place: str) -> None:
    """Ask for the local name, or change it."""
    key = f"{_FIELD}-{place}"
    with st.form(f"{key}-form", border=False):
        st.text_input("Your name", value=people.current() or "", key=key, max_chars=people.MOST_CHARS, placeholder="For example: Ada")
        st.html('<p class="mw-note">Stored with each of your labels as unverified, and kept in this browser. There is no sign-in.</p>')
        st.form_submit_button("Use this name", on_click=_take, args=(key,))


def _take(key: str) -> None:
    people.set_current(st.session_state[key])
