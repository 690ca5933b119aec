"""What people are asked when they label: the guideline of a queue, else ours."""

from dataclasses import dataclass

import streamlit as st

from app import data
from music_core.guideline import TEXT, VERSION
from music_core.store.guidelines import guidelines

__all__ = ["OURS", "TEXT", "VERSION", "Guideline", "shown"]


@dataclass(frozen=True, slots=True)
class Guideline:
    """A text and its version; `wanted` is the version that the queue asks for where its text is not in this store."""

    version: str
    text: str
    wanted: str = ""


OURS = Guideline(VERSION, TEXT)


# A version is the hash of its text, so it never changes; one that is missing is looked for again.
@st.cache_resource(max_entries=32, show_spinner=False)
def _stored(home: str, version: str) -> Guideline:  # noqa: ARG001
    known = guidelines(data.store())
    if version not in known:
        raise KeyError(version)
    return Guideline(version, known[version])


def shown(version: str) -> Guideline:
    """The guideline of this version; ours where its text is not known."""
    if version == VERSION:
        return OURS
    try:
        return _stored(str(data.store().home), version)
    except KeyError:
        return Guideline(VERSION, TEXT, version)
