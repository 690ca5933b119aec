"""The way to take a pair along as one HTML file: written when it is asked for."""

import streamlit as st

from app import data
from jobs.report.pair.document import build


def show(pair_id: str) -> None:
    """Draw the download; the file is only made by a press."""
    st.download_button(
        "This pair as one HTML file",
        lambda: build(data.store(), pair_id),
        f"music-{pair_id}.html",
        "text/html",
        key="mw-pair-export",
        on_click="ignore",
    )
    st.html('<p class="mw-note">Both conversations and all of the above; it needs no network.</p>')
