"""The workbench in the browser (`music app`): navigation, and what every page shares."""

import sys
from pathlib import Path

import streamlit as st

from app import memory, people
from app.components import entrance, shell
from app.pages import (
    agreement_page,
    conversation_page,
    conversations_page,
    data_page,
    evaluation_page,
    jobs_page,
    label_page,
    models_page,
    overview_page,
    pair_page,
    pairs_page,
    play_page,
)

_HERE = Path(__file__).parent
# Seconds. A page asks the store dozens of times, and after each answer waits for whichever session is computing; at Python's own
# 5 ms, five people who vote at once wait twice as long.
sys.setswitchinterval(0.0005)


def run() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="MUSIC Workbench", page_icon=str(_HERE / "icon.png"), layout="wide")
    st.html(_HERE / "style.css")

    refused = people.refusal("read")
    # No icons on pages: Streamlit would fetch a page's icon from the network to show it on the browser's tab.
    page = st.navigation(
        [
            st.Page(overview_page.page, title="Overview", url_path="overview", default=True),
            st.Page(pairs_page.page, title="Pairs", url_path="pairs"),
            st.Page(conversations_page.page, title="Conversations", url_path="conversations"),
            st.Page(label_page.page, title="Label", url_path="label"),
            st.Page(play_page.page, title="Play", url_path="play"),
            st.Page(agreement_page.page, title="Agreement", url_path="agreement"),
            st.Page(evaluation_page.page, title="Evaluation", url_path="evaluation"),
            st.Page(models_page.page, title="Models", url_path="models"),
            st.Page(jobs_page.page, title="Jobs", url_path="jobs"),
            st.Page(data_page.page, title="Data", url_path="data"),
            st.Page(pair_page.page, title="Pair", url_path="pair", visibility="hidden"),
            st.Page(conversation_page.page, title="Conversation", url_path="conversation", visibility="hidden"),
        ],
        position="hidden" if refused else "top",
    )
    with st.container(key="mw-shell"):
        shell.show()
        people.restore()
    if refused:
        entrance.show()
        return
    page.run()
    memory.settle(page.url_path)


if __name__ == "__main__":
    run()
