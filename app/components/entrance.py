"""What somebody sees who may not read this workbench: why, and the way to sign in."""

import streamlit as st

from app import people
from app.components import errors, header
from app.markup import visible
from app.roles import shown_id
from music_core.config import load_settings
from music_core.errors import ConfigError

_BROKEN = "Signing in was set up for this workbench, but its secrets cannot be read, so nobody can come in."


def show() -> None:
    """Draw the way in."""
    with st.container(width=520, key="mw-entrance"):
        st.title("MUSIC Workbench", anchor=False)
        with errors.shown():
            load_settings()
        state = people.sign_in()
        if state == "broken":
            errors.show(
                ConfigError(_BROKEN, "Whoever runs it finds the reason in the log of the server; docs/people.md has the form of the file.")
            )
        elif people.signed_in():
            _without_role()
        elif state == "on":
            st.html("<p>Sign in to read and label. Your labels are stored under your identity.</p>")
            header.sign_in_buttons("entrance")
        else:
            st.html("<p>This workbench is closed to visitors: its settings give them no role.</p>")


def _without_role() -> None:
    person = people.who()
    if person is None:
        text = "Your provider told neither a verified e-mail nor a subject, so this workbench cannot tell you from others."
        st.html(f"<p>{text}</p>")
    else:
        line = f'"{shown_id(person.id)}" = "annotator"'
        st.html(
            f"<p>You are signed in as <strong>{visible(person.name)}</strong>, and have no role here yet.</p>"
            f"<p>Whoever runs this workbench can give you one, in <code>music.toml</code> under <code>[people.roles]</code>:</p>"
            f"<p><code>{visible(line)}</code></p>"
        )
    st.button("Sign out", key="mw-sign-out-entrance", on_click=people.leave)
