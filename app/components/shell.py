"""What the browser does for every page: links between pages without a reload, and one press for a key held down.

A plain left click on `a.mw-link` becomes a step in the browser's history; with a modifier key, or without JavaScript,
it is an ordinary link.
"""

from pathlib import Path

import streamlit as st

_SCRIPT = Path(__file__).with_name("shell.js").read_text(encoding="utf-8")
_mount = st.components.v2.component("music_shell", js=_SCRIPT)


def show() -> None:
    """Mount the handlers; draws nothing."""
    _mount(key="mw-shell-component")
