"""The floor in the browser: a Streamlit page with two conversations and one button, and nothing else.

`PAIRS` names a JSON file: a list of pairs, each two lists of texts.
"""

import html
import json
import os
from pathlib import Path

import streamlit as st


@st.cache_resource
def _pairs() -> list[list[list[str]]]:
    found: list[list[list[str]]] = json.loads(Path(os.environ["PAIRS"]).read_text(encoding="utf-8"))
    return found


def _next() -> None:
    st.session_state["at"] = st.session_state.get("at", 0) + 1


st.set_page_config(layout="wide")
at = st.session_state.get("at", 0) % len(_pairs())
for column, texts in zip(st.columns(2), _pairs()[at], strict=True):
    column.html("".join(f"<p>{html.escape(text)}</p>" for text in texts))
st.button("Left", key=f"vote-{st.session_state.get('at', 0)}", shortcut="1", on_click=_next)
