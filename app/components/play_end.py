"""After the vote: which side was which, what the led astray side answered, and where the pair is."""

import streamlit as st

from app import playing
from app.components import conversation, errors
from app.components.play_talk import NAMES, contrast_notes, reward_notes
from app.components.words import CHOICE_NAMES
from app.markup import attribute, visible
from app.nav import href
from jobs.play.draft import SIDES, Draft, Side
from music_core.types import BranchName


def name_of(draft: Draft, branch: BranchName) -> str:
    """What a branch is called once it is told."""
    return branch.capitalize() if draft.setup.kind == "contrast" else draft.setup.endpoints[branch]


def _subtitle(draft: Draft, branch: BranchName) -> str:
    if draft.setup.kind == "models":
        return "one of two models"
    return "answered you" if branch == "chosen" else "answered modified instructions at marked turns"


def verdict_markup(draft: Draft) -> str:
    """What was voted for, told by branch, as HTML. Pure."""
    if draft.vote is None:
        return ""
    told = ", ".join(f"{NAMES[side].lower()} was {visible(name_of(draft, draft.setup.branch_of(side)))}" for side in SIDES)
    link = ""
    if draft.pair_id:
        pair, again = attribute(href("pair", {"pair": draft.pair_id})), href("play")
        link = f'<a class="mw-link" href="{pair}">Stored as a pair with your vote</a> · <a class="mw-link" href="{again}">Talk again</a>'
    said = f"You said <strong>{visible(CHOICE_NAMES[draft.vote.choice])}</strong>; {told}."
    return f'<div class="mw-play-end" role="status"><p>{said}</p><p>{link}</p></div>'


def _column(draft: Draft, side: Side) -> conversation.Side:
    branch = draft.setup.branch_of(side)
    tone: conversation.Tone = branch if draft.setup.kind == "contrast" else "plain"
    before = contrast_notes(draft) if branch == "rejected" else {}
    text = draft.conversation(side, draft.n_whole)
    return conversation.Side(
        f"{NAMES[side]}: {name_of(draft, branch)}", text, tone, _subtitle(draft, branch), before, reward_notes(draft, side)
    )


def show(draft: Draft) -> None:
    """Draw the end."""
    error = playing.last_error()
    if error is not None:
        errors.show(error)
    st.html(verdict_markup(draft))
    if not draft.pair_id:
        st.html('<p class="mw-note">Your vote is kept, but nothing is in the store yet.</p>')
        st.button("Store it", key=f"mw-play-store-{draft.setup.draft}", on_click=playing.store, args=(draft,), type="primary")
    st.html(conversation.markup(*(_column(draft, side) for side in SIDES), open_prefix=True))
