"""The top of the Label page: who labels, how far the queue is, how to decide, and what became of the last click."""

import streamlit as st

from app import actions, guideline
from app.components import errors, filters, header
from app.labelling import Desk
from app.markup import details, visible
from app.roles import shown_id
from app.state import ListState


def ask_name() -> None:
    """Nobody labels without a name."""
    with st.container(width=460, key="mw-ask-name"):
        st.header("Who is labelling?", anchor=False)
        st.html("<p>Each label is stored under a name. Use the same one each time, and only your own.</p>")
        header.name_form("label")


def _meter(words: str, about: str, done: int, n: int) -> str:
    share = 100 * done / n if n else 0
    return (
        f'<div class="mw-progress"><p>{words}</p><div class="mw-meter" role="progressbar" aria-valuemin="0" aria-valuemax="{n}" '
        f'aria-valuenow="{done}" aria-label="{about}"><i style="width:{share:.1f}%"></i></div></div>'
    )


def progress_markup(desk: Desk) -> str:
    """How far the queue is as HTML: of a labelling queue how far all are together, without anybody's name. Pure."""
    who = f"You, <strong>{visible(shown_id(desk.person))}</strong>, have decided"
    if desk.walk is None:
        words = f"{who} <strong>{desk.n_done:,} of {len(desk.queue):,}</strong> in this queue"
        return _meter(words, "Pairs decided by you", desk.n_done, len(desk.queue))
    head, given = desk.walk.head, desk.walk.n_given
    words = f"Queue <strong>{visible(head.name)}</strong> has <strong>{given:,} of {head.n_wanted:,}</strong> labels"
    tail = f'<p class="mw-note">{who} or skipped {desk.n_done:,} of its {len(desk.queue):,} pairs.</p>'
    return _meter(words, "Labels given by everybody", given, head.n_wanted) + tail


def _other_guideline(desk: Desk) -> str:
    if desk.walk is None or desk.walk.head.guideline == guideline.VERSION:
        return ""
    text = f"This queue was made for guideline {desk.walk.head.guideline}; yours is {guideline.VERSION}, and your labels will say so."
    return f'<p class="mw-remark" role="note">{visible(text)}</p>'


def show(desk: Desk, state: ListState) -> None:
    """Draw progress, guideline, the queue's filters and the last outcome."""
    guide = f'<div class="mw-text">{visible(guideline.TEXT)}</div>'
    st.html(
        progress_markup(desk) + _other_guideline(desk) + details(f"How to decide (guideline {guideline.VERSION})", guide, css="mw-guide")
    )
    if state.active and desk.walk is None:
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
