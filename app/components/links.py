"""Links between our pages without a reload: a plain left click on `a.mw-link` becomes a step in the browser's history.

With a modifier key, or without JavaScript, they are ordinary links.
"""

from pathlib import Path

import streamlit as st

_SCRIPT = Path(__file__).with_name("links.js").read_text(encoding="utf-8")
_mount = st.components.v2.component("music_links", js=_SCRIPT)


def show() -> None:
    """Mount the click handler; draws nothing."""
    _mount(key="mw-links-component")
