"""The workbench in the browser (`music app`): navigation, and what every page shares."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app import memory, people
from app.components import entrance, navigation, shell

_HERE = Path(__file__).parent
# Seconds. A page asks the store dozens of times, and after each answer waits for whichever session is computing; at Python's own
# 5 ms, five people who vote at once wait twice as long.
sys.setswitchinterval(0.0005)


# Title by address, in the order of the navigation, whose first is the start page; and pages that only links lead to.
_PAGES = {
    name: name.capitalize()
    for name in ("overview", "pairs", "conversations", "label", "play", "agreement", "evaluation", "models", "jobs", "data")
}
_HIDDEN = {"pair": "Pair", "conversation": "Conversation"}


def run() -> None:
    """Draw the page that the address names."""
    memory.forget_widgets()
    st.set_page_config(page_title="MUSIC Workbench", page_icon=str(_HERE / "icon.png"), layout="wide")
    st.html(_HERE / "style.css")

    refused = people.refusal("read")
    # No icons on pages: Streamlit would fetch a page's icon from the network to show it on the browser's tab. The row of pages is ours.
    page = st.navigation(
        [
            *(st.Page(_drawn(name), title=title, url_path=name, default=name == next(iter(_PAGES))) for name, title in _PAGES.items()),
            *(st.Page(_drawn(name), title=title, url_path=name, visibility="hidden") for name, title in _HIDDEN.items()),
        ],
        position="hidden",
    )
    # Streamlit's bar is away in a page that is embedded (?embed=true), as its own row of pages would be.
    if not (refused or st.context.is_embedded):
        navigation.show(_PAGES, page.url_path or next(iter(_PAGES)))
    with st.container(key="mw-shell"):
        # Not once the browser has both, and a name: it takes some milliseconds for each of them, whenever anything on the page changes.
        if not people.is_kept():
            shell.show()
            people.restore()
    if refused:
        entrance.show()
        return
    page.run()
    people.note_kept()
    memory.settle(page.url_path)


def import_page(name: str) -> Callable[[], None]:
    """The function that draws a page; its module is imported when it is first needed, since all of them take half a second."""
    draw: Callable[[], None] = importlib.import_module(f"app.pages.{name}_page").page
    return draw


def import_pages() -> None:
    """Import what nobody has opened yet."""
    for name in (*_PAGES, *_HIDDEN):
        import_page(name)


def _drawn(name: str) -> Callable[[], None]:
    return lambda: import_page(name)()


if __name__ == "__main__":
    run()
