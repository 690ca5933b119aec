"""Who sits here: a local name, kept in this browser and recorded as unverified."""

import unicodedata
from pathlib import Path

import streamlit as st

from app.markup import visible
from music_core.types import normalise

MOST_CHARS = 60
_KEY = "mw_person"
_ASKED = "mw_person_asked"
_FORGET = "mw_person_forget"
_SCRIPT = (Path(__file__).parent / "components" / "person.js").read_text(encoding="utf-8")
_mount = st.components.v2.component("music_person", js=_SCRIPT)


def clean_name(text: str) -> str | None:
    """A name that can be stored: one line, no invisible characters, 1 to 60 characters; None when nothing is left."""
    line = " ".join(normalise(text).split())
    name = "".join(c for c in line if not unicodedata.category(c).startswith("C"))[:MOST_CHARS].strip()
    return name if name and visible(name).find("mw-ctl") < 0 else None


def current() -> str | None:
    """The name under which labels of this session are stored, or None while nobody has given one."""
    name = st.session_state.get(_KEY)
    return name if isinstance(name, str) else None


def set_current(text: str) -> None:
    """Take `text` as the name of this session; an unusable one leaves the session without a name."""
    st.session_state[_KEY] = clean_name(text)
    st.session_state[_FORGET] = st.session_state[_KEY] is None


def restore() -> None:
    """Give the name to the browser to keep, or once per session ask the browser for the one it keeps."""
    data = {"name": current() or "", "ask": _ASKED not in st.session_state, "forget": bool(st.session_state.get(_FORGET))}
    result = _mount(key="mw-person-component", data=data, on_name_change=lambda: None)
    if isinstance(result.name, str) and current() is None and not st.session_state.get(_ASKED):
        st.session_state[_ASKED] = True
        set_current(result.name)
