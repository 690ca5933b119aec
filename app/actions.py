"""What the pages write: labels. A label counts as given only after it was read back from the store."""

import hashlib
import time
import uuid
from dataclasses import dataclass, replace

import streamlit as st

from app import data, guideline
from music_core.errors import MusicError, StoreError
from music_core.store import views
from music_core.store.labels import add_label, undo_label
from music_core.store.views import ViewQuery
from music_core.types import BranchName, ContrastPair, LabelChoice, LabelEvent, StoredLabel

# A vote sooner after its card appeared is the second half of a double click on the card before, not a decision.
MIN_SECONDS = 0.4

VIEW = "label/1"
DECISIONS: tuple[LabelChoice, ...] = ("left", "right", "tie", "both_bad")
_CARD = "mw_card"
_OUTCOME = "mw_outcome"
_SEEN = "mw_seen"
_CHANGING = "mw_changing"
_VIEW_ERROR = "mw_view_error"


@dataclass(frozen=True, slots=True)
class Card:
    """One showing of one pair to one person. Its token makes any number of clicks on it one label.

    `probability` is the one with which a plan drew the pair; None outside of such a queue.
    """

    pair_id: str
    person: str
    left_branch: BranchName
    token: str
    shown_at: float
    queue: str = "all"
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the last click: the label as read back from the store, an error, or a remark."""

    pair_id: str
    label: StoredLabel | None = None
    error: MusicError | None = None
    remark: str = ""


def left_branch(person: str, pair_id: str) -> BranchName:
    """Which branch this person sees on the left: a fair coin that always falls the same way for the same pair."""
    digest = hashlib.sha256(f"side\x00{person}\x00{pair_id}".encode()).digest()
    return "chosen" if digest[0] % 2 == 0 else "rejected"


def card_for(pair_id: str, person: str, queue: str = "all", probability: float | None = None) -> Card:
    """The card on screen; a new one, with a new token and clock, when the pair or the person changed."""
    card = st.session_state.get(_CARD)
    if not isinstance(card, Card) or (card.pair_id, card.person) != (pair_id, person):
        return _new_card(pair_id, person, queue, probability)
    st.session_state[_CARD] = replace(card, queue=queue, probability=probability)
    return replace(card, queue=queue, probability=probability)


def _new_card(pair_id: str, person: str, queue: str, probability: float | None) -> Card:
    card = Card(pair_id, person, left_branch(person, pair_id), uuid.uuid4().hex, time.monotonic(), queue, probability)
    st.session_state[_CARD] = card
    return card


def note_seen(pair_id: str) -> None:
    """Remember that this session showed the pair with everything that is known about it: a later label is informed."""
    st.session_state.setdefault(_SEEN, set()).add(pair_id)


def informed(pair_id: str, history: tuple[StoredLabel, ...]) -> bool:
    """Whether the person has been shown the answer: after an own decision, or on the pair's page in this session."""
    return pair_id in st.session_state.get(_SEEN, ()) or any(label.event.choice in DECISIONS for label in history)


def vote(card: Card, choice: LabelChoice, pair: ContrastPair, reasons: tuple[str, ...] = (), comment: str = "") -> None:
    """Store one decision for the card; what came of it is in `outcome`."""
    seconds = time.monotonic() - card.shown_at
    if seconds < MIN_SECONDS:
        remark = "That came too soon after the pair appeared to be a decision, so it was not taken. Please vote again."
        st.session_state[_OUTCOME] = Outcome(card.pair_id, remark=remark)
        return
    history = data.labels_by(card.pair_id, card.person)[1]
    seen = informed(card.pair_id, history)
    left, right = (pair.chosen, pair.rejected) if card.left_branch == "chosen" else (pair.rejected, pair.chosen)
    event = LabelEvent(
        token=card.token,
        pair_id=card.pair_id,
        person=card.person,
        choice=choice,
        left_branch=card.left_branch,
        blind=not seen,
        seconds=round(seconds, 2),
        reasons=reasons,
        comment=comment.strip(),
        queue=card.queue,
        guideline=guideline.VERSION,
        probability=card.probability,
        shown={"view": VIEW, "left": left.id, "right": right.id, "revealed": seen},
    )
    try:
        label = add_label(data.store(), event)
        if (label.event.pair_id, label.event.person) != (card.pair_id, card.person):
            raise StoreError(
                "The store holds another label under this card's token; yours was not stored.", "Reload the page and vote again."
            )
    except MusicError as e:
        st.session_state[_OUTCOME] = Outcome(card.pair_id, error=e)
        return
    st.session_state[_OUTCOME] = Outcome(card.pair_id, label)
    st.session_state.pop(_CHANGING, None)
    _new_card(card.pair_id, card.person, card.queue, card.probability)


def undo(pair_id: str, person: str, token: str) -> None:
    """Take back the person's current label of the pair, by one more event."""
    try:
        label = undo_label(data.store(), pair_id, person, f"undo-{token}")
    except MusicError as e:
        st.session_state[_OUTCOME] = Outcome(pair_id, error=e)
        return
    remark = "" if label else "There was nothing to take back."
    st.session_state[_OUTCOME] = Outcome(pair_id, label, remark=remark)
    card = st.session_state.get(_CARD)
    # Where another pair comes on screen, `card_for` says which queue that one belongs to.
    if isinstance(card, Card) and card.pair_id == pair_id:
        _new_card(pair_id, person, card.queue, card.probability)
    else:
        _new_card(pair_id, person, "all", None)


def outcome(pair_id: str) -> Outcome | None:
    """What became of the last click, while its pair is on screen."""
    found = st.session_state.get(_OUTCOME)
    return found if isinstance(found, Outcome) and found.pair_id == pair_id else None


def start_change(pair_id: str) -> None:
    """Offer the votes again for a pair that has been decided."""
    st.session_state[_CHANGING] = pair_id


def stop_change() -> None:
    """Leave the decision as it is."""
    st.session_state.pop(_CHANGING, None)


def changing(pair_id: str) -> bool:
    """Whether the person asked to change the decision on this pair."""
    return st.session_state.get(_CHANGING) == pair_id


def save_view(person: str, name: str, query: ViewQuery, token: str) -> bool:
    """Give a filter a name; whether it is stored. What went wrong is in `view_error`."""
    try:
        views.save_view(data.store(), person, " ".join(name.split()), query, token)
    except MusicError as e:
        st.session_state[_VIEW_ERROR] = e
        return False
    return True


def delete_view(person: str, name: str) -> None:
    """Take an own view away."""
    try:
        views.delete_view(data.store(), person, name, uuid.uuid4().hex)
    except MusicError as e:
        st.session_state[_VIEW_ERROR] = e


def view_error() -> MusicError | None:
    """Why the last view was not saved or deleted; told once."""
    found = st.session_state.pop(_VIEW_ERROR, None)
    return found if isinstance(found, MusicError) else None
