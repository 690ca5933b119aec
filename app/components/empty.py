"""A page without anything to show says why and what to do next."""

from collections.abc import Mapping

import streamlit as st

from app.markup import visible


def show(title: str, text: str, commands: Mapping[str, str] | None = None, link: str = "") -> None:
    """Draw an empty state. `commands` maps what one gets to the command for it; `link` is HTML made by us."""
    rows = "".join(f"<li><span>{visible(what)}</span><code>{visible(command)}</code></li>" for what, command in (commands or {}).items())
    tail = (f"<ul>{rows}</ul>" if rows else "") + (f"<p>{link}</p>" if link else "")
    st.html(f'<div class="mw-empty"><h2>{visible(title)}</h2><p>{visible(text)}</p>{tail}</div>')


def line(text: str, command: str = "") -> None:
    """Draw the same in one line, for a part of a page."""
    tail = f" Use <code>{visible(command)}</code>." if command else ""
    st.html(f'<p class="mw-note">{visible(text)}{tail}</p>')


NO_PAIRS = {
    "The sample that comes with the workbench": "music sample load",
    "Your own preference data": "music import FILE.jsonl",
    "The whole line on the embedded model, about 10 minutes": "music demo",
}
