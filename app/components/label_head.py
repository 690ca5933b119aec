"""The top of the Label page: who labels, how far the queue is, how to decide, and what became of the last click."""

import streamlit as st

from app import actions
from app.components import errors, filters, header
from app.labelling import Desk
from app.markup import details, visible
from app.roles import shown_id
from app.state import ListState
from jobs.report.pair.prose import prose


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


def _remarks(desk: Desk) -> str:
    """What is to be known before the decision, as HTML. Pure."""
    said, guide = [], desk.guide
    if guide.wanted:
        said.append(f"This queue was made for guideline {guide.wanted}; yours is {guide.version}, and your labels will say so.")
    if _changed(desk):
        said.append(f"The guideline is another one than when you last labelled. Read it before you go on: now it is {guide.version}.")
    if desk.full and not desk.revealed:
        said.append("Other people give this pair all its labels. Yours would be kept, marked as beyond what was asked for.")
    if desk.card is not None and desk.card.kind == "adjudication" and not desk.revealed:
        said.append("People disagree on this pair. What you decide is what counts for it.")
    return "".join(f'<p class="mw-remark" role="note">{visible(text)}</p>' for text in said)


def _changed(desk: Desk) -> bool:
    return desk.newest is not None and desk.newest.event.guideline != desk.guide.version


def guide_markup(desk: Desk) -> str:
    """The guideline as HTML, unfolded where it has changed. Pure."""
    text = f'<div class="mw-text">{prose(desk.guide.text)}</div>'
    return details(f"How to decide (guideline {visible(desk.guide.version)})", text, css="mw-guide", opened=_changed(desk))


def _outcome(found: actions.Outcome | None, desk: Desk) -> str:
    """What became of the last click, as HTML; an error is drawn elsewhere."""
    text = ""
    if found and found.remark:
        text = found.remark
    elif found and found.label and found.label.event.choice is None:
        text = "Taken back. You have seen the answer, so a new decision counts as informed." if desk.evidence else "Taken back."
    elif desk.label is not None and not desk.revealed:
        text = "You skipped this pair before; it is open again."
    return f'<p class="mw-remark" role="status">{visible(text)}</p>' if text else ""


def show(desk: Desk, state: ListState) -> None:
    """Draw progress, guideline, the queue's filters and the last outcome."""
    st.html(progress_markup(desk) + _remarks(desk) + guide_markup(desk))
    if state.active and desk.walk is None:
        st.html(filters.chips(state, {}, page="label"))
    if desk.card is None:
        return
    found = actions.outcome(desk.card.pair_id)
    if found and found.error:
        errors.show(found.error)
        st.html('<p class="mw-note">Your decision is not stored. The pair is still open; vote again.</p>')
    elif said := _outcome(found, desk):
        st.html(said)
