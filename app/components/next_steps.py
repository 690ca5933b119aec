"""What to do next, each with the reason and a link to where it is done."""

from collections.abc import Sequence

import streamlit as st

from app.advice import Step
from app.markup import attribute, visible
from app.nav import href


def markup(steps: Sequence[Step]) -> str:
    """The list as HTML. Pure."""
    if not steps:
        return '<p class="mw-note">Every pair is judged and scored, and people have labelled enough to compare with.</p>'
    rows = "".join(
        f'<li><a class="mw-link" href="{attribute(href(s.page, s.query))}">{visible(s.action)}</a>'
        f'<p class="mw-note">{visible(s.why)}</p></li>'
        for s in steps
    )
    return f'<ol class="mw-steps">{rows}</ol>'


def show(steps: Sequence[Step]) -> None:
    """Draw the list."""
    st.html(markup(steps))
