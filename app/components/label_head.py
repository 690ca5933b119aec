"""The top of the Label page: who labels, how far the queue is, how to decide, and what became of the last click."""

import streamlit as st

from app import actions, guideline
from app.components import errors, filters, header
from app.labelling import Desk
from app.markup import details, visible
from app.state import ListState


def ask_name() -> None:
    """Nobody labels without a name."""
    with st.container(width=460, key="mw-ask-name"):
        st.header("Who is labelling?", anchor=False)
        st.html("<p>Each label is stored under a name. Use the same one each time, and only your own.</p>")
        header.name_form("label")


def show(desk: Desk, state: ListState) -> None:
    """Draw progress, guideline, the queue's filters and the last outcome."""
    n, done = len(desk.queue), desk.n_done
    share = 100 * done / n if n else 0
    st.html(
        f'<div class="mw-progress"><p>You, <strong>{visible(desk.person)}</strong>, have decided <strong>{done:,} of {n:,}</strong> '
        f'in this queue</p><div class="mw-meter" role="progressbar" aria-valuemin="0" aria-valuemax="{n}" aria-valuenow="{done}" '
        f'aria-label="Pairs decided by you"><i style="width:{share:.1f}%"></i></div></div>'
        + details(f"How to decide (guideline {guideline.VERSION})", f'<div class="mw-text">{visible(guideline.TEXT)}</div>', css="mw-guide")
    )
    if state.active:
        st.html(filters.chips(state, {}, page="label"))
    if desk.stored is None:
        return
    found = actions.outcome(desk.stored.id)
    if found and found.error:
        errors.show(found.error)
        st.html('<p class="mw-note">Your decision is not stored. The pair is still open; vote again.</p>')
    elif found and found.remark:
        st.html(f'<p class="mw-remark" role="status">{visible(found.remark)}</p>')
    elif found and found.label and found.label.event.choice is None:
        text = "Taken back. You have seen the answer, so a new decision counts as informed."
        st.html(f'<p class="mw-remark" role="status">{text}</p>')
    elif desk.label is not None and not desk.revealed:
        st.html('<p class="mw-remark" role="status">You skipped this pair before; it is open again.</p>')
