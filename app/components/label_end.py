"""The Label page without a pair: nothing to label, all done, or everything left lies before others."""

import streamlit as st

from app import consistent
from app.components import empty
from app.labelling import Desk
from app.markup import attribute
from app.nav import href
from app.state import ListState


def nothing(desk: Desk, state: ListState) -> None:
    """Draw why there is nothing to label."""
    if desk.walk is None:
        if not state.active:
            empty.show("Nothing to label", "There is no pair in the store yet.", empty.NO_PAIRS)
            return
        filtered = attribute(href("pairs", state.query()))
        link = f'<a class="mw-link" href="{filtered}">Change the filter</a> · <a class="mw-link" href="{href("label")}">Label all pairs</a>'
        empty.show("Nothing to label", "No pair passes this queue's filter.", link=link)
    elif desk.walk.head.adjudicates:
        empty.show("Nothing to adjudicate", "No two people disagree on any pair. Queues with an overlap of 2 or more find such pairs.")
    else:
        empty.show("Nothing to label", "The plan of this queue has drawn no pair.")


def done(desk: Desk) -> None:
    """Draw what is left of a queue for this person, and for others."""
    link = f'<a class="mw-link" href="{href("pairs", {"label": "mine"})}">See what you labelled</a>'
    if desk.walk is None:
        empty.show("This queue is done", f"You have decided or skipped all {len(desk.queue):,} pairs of it.", link=link)
        return
    head, open_ = desk.walk.head, desk.walk.head.n_wanted - desk.walk.n_given
    if desk.waiting:
        text = "All pairs that are left lie before other people now. What they leave undecided comes free within ten minutes."
        empty.show("Nothing is free for you now", text, link=link)
        st.button("Look again", key="mw-label-again", shortcut="N")
        return
    text = "It has all its labels." if open_ <= 0 else f"Other people are to give the {open_:,} labels that it still lacks."
    if head.adjudicates:
        text = (
            "All disagreements are settled."
            if open_ <= 0
            else f"You have labelled the other {open_:,} pairs yourself; they need a further person."
        )
        empty.show("Nothing of this queue is left for you", text, link=link)
        return
    says = href("agreement", {"view": "estimates", "queue": head.name})
    link += f' · <a class="mw-link" href="{attribute(says)}">What its labels say</a>'
    empty.show("Nothing of this queue is left for you", text, {"The same as figures": f"music estimate --queue '{head.name}'"}, link)
    own = consistent.of_person(desk.person)
    if own is not None:
        st.html(f'<p class="mw-note">{consistent.sentence(own)}</p>')
