"""The top of every page: its title, one line about it, and at its right who sits here and in which role."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from app import people
from app.components import errors
from app.markup import plain, visible
from app.roles import ABOUT, Person, may, shown_id
from music_core.config import Role

_FIELD = "mw-person-name"


def show(title: str, about: str = "") -> None:
    """Draw the title with the control of the person at its right; both may hold text that is not ours."""
    with st.container(horizontal=True, vertical_alignment="top", horizontal_alignment="distribute", key="mw-header"):
        line = f"<p>{visible(about)}</p>" if about else ""
        st.html(f'<header class="mw-title"><h1 dir="auto">{visible(title)}</h1>{line}</header>', width="stretch")
        person, role, sign_in = people.who(), people.role(), people.sign_in()
        # On a machine of one's own everything is allowed, and the role would be noise.
        tail = "" if sign_in == "off" and role == "admin" else f" · {role}"
        name = plain(person.name) if person else "Sign in" if sign_in == "on" else "Your name"
        with st.popover(f"{name}{tail}", icon=":material/person:", key="mw-person-popover"):
            _about(person, role, sign_in)


@contextmanager
def at_least(title: str) -> Iterator[None]:
    """Should what is inside fail, the page has this title all the same, above the error: without one nobody hears where they are."""
    try:
        yield
    except Exception:
        show(title)
        raise


def _about(person: Person | None, role: Role, sign_in: people.SignIn) -> None:
    signed_in = person is not None and person.verified
    if person is not None and signed_in:
        st.html(f"<p>Signed in as <strong>{visible(person.name)}</strong></p><p class='mw-note'>{visible(shown_id(person.id))}</p>")
    if role != "admin" or sign_in != "off":
        st.html(f'<p>Role <strong>{role}</strong>. <span class="mw-note">{ABOUT[role]}</span></p>')
    if sign_in == "broken":
        st.html('<p class="mw-note">The sign-in is set up, but its secrets cannot be read. See the log of the server.</p>')
    if people.signed_in():
        st.button("Sign out", key="mw-sign-out", on_click=people.leave)
        return
    if sign_in == "on":
        sign_in_buttons("header")
    if may(role, "label"):
        name_form("header")


def sign_in_buttons(place: str) -> None:
    """One button for each provider."""
    for provider in people.providers():
        words = f"Sign in with {plain(provider.capitalize())}" if provider else "Sign in"
        st.button(words, key=f"mw-sign-in-{place}-{provider or ''}", on_click=people.enter, args=(provider,), type="primary")
    error = people.trouble()
    if error is not None:
        errors.show(error)


def name_form(place: str) -> None:
    """Ask for the local name, or change it."""
    key = f"{_FIELD}-{place}"
    with st.form(f"{key}-form", border=False):
        st.text_input("Your name", value=people.current() or "", key=key, max_chars=people.MOST_CHARS, placeholder="For example: Ada")
        tail = "" if people.sign_in() == "on" else " There is no sign-in."
        st.html(f'<p class="mw-note">Stored with each of your labels as unverified, and kept in this browser.{tail}</p>')
        st.form_submit_button("Use this name", on_click=_take, args=(key,))


def _take(key: str) -> None:
    people.set_current(st.session_state[key])
