"""Who sits here: an identity from the sign-in, else a local name, kept in this browser and recorded as unverified."""

import functools
import os
import threading
import time
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.errors import StreamlitAuthError, StreamlitMissingAuthlibError
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.secrets import secrets_singleton

from app import roles
from app.markup import visible
from app.roles import Act, Person, RoleError
from music_core.config import Role, load_settings
from music_core.errors import ConfigError, MissingExtraError, MusicError
from music_core.types import SIGNED_IN, normalise

MOST_CHARS = 60
# `music app` sets it where it found a sign-in, so that a file of secrets that breaks later never opens the workbench to everybody.
EXPECTED = "MUSIC_SIGN_IN"
_KEY = "mw_person"
_ASKED = "mw_person_asked"
_FORGET = "mw_person_forget"
_KEPT = "mw_person_kept"
_TROUBLE = "mw_person_trouble"
# What one person leaves in a session and the next must not find: cards with their tokens, outcomes, drafts.
_OWN = (
    "mw_card",
    "mw_outcome",
    "mw_changing",
    "mw_held",
    "mw_label_pair",
    "mw_label_desk",
    "mw_label_step",
    "mw_label_last_step",
    "mw_draft",
    "mw_estimate",
    "mw_run_outcome",
    "mw_import_preview",
    "mw_import_token",
    "mw_play_outcome",
)
_SCRIPT = (Path(__file__).parent / "components" / "person.js").read_text(encoding="utf-8")
_mount = st.components.v2.component("music_person", js=_SCRIPT)
_SECRETS_READ = threading.Event()

SignIn = Literal["off", "on", "broken"]


def clean_name(text: str) -> str | None:
    """A name that can be stored: one line, no invisible characters, 1 to 60 characters; None when nothing is left.

    What reads like an identity of the sign-in is no name.
    """
    line = " ".join(normalise(text).split())
    name = "".join(c for c in line if not unicodedata.category(c).startswith("C"))[:MOST_CHARS].strip()
    if unicodedata.normalize("NFKC", name).casefold().replace(" ", "").startswith(SIGNED_IN):
        return None
    return name if name and visible(name).find("mw-ctl") < 0 else None


# Streamlit works out the paths anew at each question, which takes longer than to look at the files. Its settings may change while it runs.
@functools.lru_cache(maxsize=8)
def _secret_files(folder: str, second: int) -> tuple[str, ...]:  # noqa: ARG001
    return tuple(st.get_option("secrets.files"))


def sign_in() -> SignIn:
    """Whether people can sign in: `broken` where a sign-in was set up and its secrets cannot be read now."""
    there = any(os.path.exists(path) for path in _secret_files(os.getcwd(), int(time.monotonic())))  # noqa: PTH109, PTH110 -- asked a dozen times by a page
    # While there is no file Streamlit looks for it at length at every question, and a page asks a dozen times. A file that was
    # read once counts on, even where it is gone.
    if (there or _SECRETS_READ.is_set()) and secrets_singleton.load_if_toml_exists():
        _SECRETS_READ.set()
        if "auth" in secrets_singleton:
            return "on"
    elif there:
        return "broken"
    return "broken" if os.environ.get(EXPECTED) == "required" else "off"


def providers() -> tuple[str | None, ...]:
    """The providers to sign in with; (None,) where there is one without a name."""
    section: Mapping[str, Any] = secrets_singleton.get("auth") or {}
    named = tuple(name for name, value in section.items() if isinstance(value, Mapping) and "client_id" in value)
    return ((None,) if "client_id" in section else ()) + named


def _claims() -> Mapping[str, Any] | None:
    """The claims of whoever signed in, as Streamlit checked them; None for nobody."""
    # What the session was opened with, and not `st.user`, which looks for a file of secrets at each question.
    known = get_script_run_ctx()
    if sign_in() == "off" and (known is None or "is_logged_in" not in known.user_info):
        return None
    found = dict(st.user.to_dict())
    return found if found.get("is_logged_in") is True else None


def signed_in() -> bool:
    """Whether this session has signed in, with or without an identity that we can use."""
    return _claims() is not None


def enter(provider: str | None) -> None:
    """Send the browser to the provider. What hinders that is shown by `trouble`."""
    try:
        st.login(provider)
    except StreamlitMissingAuthlibError:
        st.session_state[_TROUBLE] = MissingExtraError("Signing in", "auth")
    except StreamlitAuthError as e:
        st.session_state[_TROUBLE] = ConfigError(f"The sign-in is not set up whole: {str(e).split('.')[0].strip()}.", "See docs/people.md.")


def leave() -> None:
    """Sign out, here and at the provider where it allows that; what the person left in this session goes."""
    _forget_own()
    st.logout()


def trouble() -> MusicError | None:
    """What hindered the last attempt to sign in; told once."""
    found = st.session_state.pop(_TROUBLE, None)
    return found if isinstance(found, MusicError) else None


def who() -> Person | None:
    """The person of this session; None while nobody has signed in or given a name."""
    claims = _claims()
    if claims is not None:
        return roles.person_of(claims)
    name = st.session_state.get(_KEY)
    return Person(name, name) if isinstance(name, str) and clean_name(name) == name else None


def current() -> str | None:
    """Under what labels of this session are stored, or None for nobody."""
    person = who()
    return person.id if person else None


def role() -> Role:
    """What the person of this session is here; read from the settings each time, so a change of them counts at once."""
    try:
        claims, people = _claims(), load_settings().people
    except ConfigError:  # the pages say what is wrong with the settings; until it is mended nobody may do anything
        return "none"
    if claims is not None:
        return roles.role_of(claims, people)
    return roles.role_without_sign_in(people, sign_in() != "off")


def refusal(act: Act) -> str:
    """Why this session may not do that, in a sentence for the page; empty where it may."""
    return roles.refusal(role(), act)


def guard(act: Act) -> None:
    """Raise `RoleError` unless this session may do that. Whatever writes calls it first."""
    roles.check(role(), act)


def guard_label(person: str) -> bool:
    """Let nobody label under another person's name; whether the label's person is verified. Raises `RoleError`."""
    guard("label")
    now = who()
    if now is None or now.id != person:
        raise RoleError(
            "What is on screen was dealt to somebody else; nothing was stored.", "Reload the page to go on under your own name."
        )
    return now.verified


def set_current(text: str) -> None:
    """Take `text` as the local name of this session; an unusable one leaves the session without a name."""
    name = clean_name(text)
    if name != st.session_state.get(_KEY):
        _forget_own()
    st.session_state[_KEY] = name
    st.session_state[_FORGET] = name is None


def _forget_own() -> None:
    for key in _OWN:
        st.session_state.pop(key, None)


def restore() -> None:
    """Give the local name to the browser to keep, or once per session ask the browser for the one it keeps."""
    local = st.session_state.get(_KEY)
    data = {"name": local or "", "ask": _ASKED not in st.session_state, "forget": bool(st.session_state.get(_FORGET)), "here": signed_in()}
    result = _mount(key="mw-person-component", data=data, on_name_change=lambda: None)
    if isinstance(result.name, str) and not local and not st.session_state.get(_ASKED):
        st.session_state[_ASKED] = True
        set_current(result.name)


def is_kept() -> bool:
    """Whether the browser keeps the local name already, and nothing else is to be told to it: then `restore` may be left out."""
    local = st.session_state.get(_KEY)
    return local is not None and st.session_state.get(_KEPT) == local and sign_in() == "off"


def note_kept() -> None:
    """A run with `restore` has ended, so that it has reached the browser; one that was interrupted may not have."""
    st.session_state[_KEPT] = st.session_state.get(_KEY)
