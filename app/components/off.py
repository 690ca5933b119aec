"""Why something on the page is off for this person, beside it."""

import streamlit as st

from app.markup import visible


def show(reason: str) -> None:
    """Draw the reason; nothing without one."""
    if reason:
        st.html(f'<p class="mw-remark mw-off" role="note">{visible(reason)}</p>')
