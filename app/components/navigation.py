"""The row of pages at the top, as one element.

Streamlit's own is some sixty components for ten pages, which the browser goes through some ten times for every key and click.
"""

from collections.abc import Mapping

import streamlit as st

from app.markup import attribute, visible
from app.nav import href


def markup(pages: Mapping[str, str], now: str) -> str:
    """Links to `pages` (name → title), the one that is open marked, as HTML. Pure."""
    links = ""
    for name, title in pages.items():
        here = ' aria-current="page"' if name == now else ""
        links += f'<li><a class="mw-link" href="{href(name)}" data-title="{attribute(title)}"{here}>{visible(title)}</a></li>'
    # Streamlit's own way past its bar leads to the beginning of what a script draws, which is here.
    skip = '<li><a class="mw-skip" href="#">Skip the pages</a></li>'
    return f'<nav class="mw-nav" aria-label="Pages"><ul>{skip}{links}</ul></nav>'


def show(pages: Mapping[str, str], now: str) -> None:
    """Draw the row; `now` is the name of the page that is open, which may be none of them."""
    with st.container(key="mw-nav"):
        st.html(markup(pages, now))
