"""Brings the turn that the address names into view, once for each time that it is asked for."""

from pathlib import Path

import streamlit as st

from app.pair_state import Here

_SCRIPT = Path(__file__).with_name("turn_jump.js").read_text(encoding="utf-8")
_mount = st.components.v2.component("music_turn_jump", js=_SCRIPT)


def show(here: Here) -> None:
    """Mount the script; draws nothing."""
    with st.container(key="mw-turn-jump"):
        _mount(key="mw-turn-jump-component", data={"pair": here.id, "turn": here.state.turn})
