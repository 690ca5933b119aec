"""The ways on from a pair: to each of its conversations by itself, and to one HTML file, written when it is asked for."""

import streamlit as st

from app import data
from app.markup import attribute, visible
from app.nav import href
from app.sides import SideNames
from jobs.report.pair.document import build
from music_core.types import BRANCHES, ContrastPair


def side_links(pair: ContrastPair, names: SideNames) -> str:
    """Links to both conversations by themselves, as HTML. Pure."""
    ids = {"chosen": pair.chosen.id, "rejected": pair.rejected.id}
    links = " · ".join(
        f'<a class="mw-link" href="{attribute(href("conversation", {"conversation": ids[branch]}))}">{visible(names.title(branch))}</a>'
        for branch in BRANCHES
    )
    return f'<p><span class="mw-note">Each conversation by itself:</span> {links}</p>'


def show(pair: ContrastPair, names: SideNames) -> None:
    """Draw the links and the download; the file is only made by a press."""
    st.html(side_links(pair, names))
    pair_id = pair.id
    st.download_button(
        "This pair as one HTML file",
        lambda: build(data.store(), pair_id),
        f"music-{pair_id}.html",
        "text/html",
        key="mw-pair-export",
        on_click="ignore",
    )
    st.html('<p class="mw-note">Both conversations and all of the above; it needs no network.</p>')
