"""What the pages write: labels. A label counts as given only after it was read back from the store."""

import hashlib
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from app import data, people, queues
from music_core.errors import MusicError, StoreError
from music_core.guideline import VERSION
from music_core.store import views
from music_core.store.labels import add_label, undo_label
from music_core.store.reservations import Claim, give_label
from music_core.store.views import ViewQuery
from music_core.types import BranchName, ContrastPair, LabelChoice, LabelEvent, LabelKind, StoredLabel

# A vote sooner after its card appeared is the second half of a double click on the card before, not a decision.
MIN_SECONDS = 0.4

VIEW = "label/1"
DECISIONS: tuple[LabelChoice, ...] = ("left", "right", "tie", "both_bad")
_CARD = "mw_card"
_OUTCOME = "mw_outcome"
_SEEN = "mw_seen"
_CHANGING = "mw_changing"
_VOTES = "mw_votes_shown"
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
    kind: LabelKind = "label"
    guideline: str = VERSION


@dataclass(frozen=True, slots=True)
class Said:
    """What goes with a decision: reasons, a comment, and marks of single replies by turn."""

    reasons: tuple[str, ...] = ()
    comment: str = ""
    marks: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the last click: the label as read back from the store, an error, or a remark."""

    pair_id: str
    label: StoredLabel | None = None
    error: MusicError | None = None
    remark: str = ""


def left_branch(person: str, pair_id: str, kind: LabelKind = "label") -> BranchName:
    """Which branch this person sees on the left: a fair coin that always falls the same way for the same pair, anew for a repeat."""
    again = "\x00again" if kind == "repeat" else ""
    digest = hashlib.sha256(f"side\x00{person}\x00{pair_id}{again}".encode()).digest()
    return "chosen" if digest[0] % 2 == 0 else "rejected"


def card_for(
    pair_id: str,
    person: str,
    queue: str = "all",
    probability: float | None = None,
    kind: LabelKind = "label",
    left: BranchName | None = None,
    guideline: str = VERSION,
) -> Card:
    """The card on screen; a new one, with a new token and clock, when the pair, the person or what it is for changed.

    `left` is the side that a decision shown with it was given on; else a coin decides.
    """
    card = st.session_state.get(_CARD)
    side = left or left_branch(person, pair_id, kind)
    if not isinstance(card, Card) or (card.pair_id, card.person) != (pair_id, person) or (kind == "repeat" and card.kind != kind):
        card = Card(pair_id, person, side, uuid.uuid4().hex, time.monotonic())
    card = replace(card, queue=queue, probability=probability, kind=kind, left_branch=side, guideline=guideline)
    st.session_state[_CARD] = card
    return card


def _renew(card: Card) -> None:
    """The same pair again, with a token and a clock of its own."""
    st.session_state[_CARD] = replace(card, token=uuid.uuid4().hex, shown_at=time.monotonic())


def note_seen(pair_id: str) -> None:
    """Remember that this session showed the pair with everything that is known about it: a later label is informed."""
    st.session_state.setdefault(_SEEN, set()).add(pair_id)


def show_votes(pair_id: str) -> None:
    """Show how others voted on the pair before the own decision, which is informed then."""
    note_seen(pair_id)
    st.session_state.setdefault(_VOTES, set()).add(pair_id)


def votes_shown(pair_id: str) -> bool:
    """Whether the person asked to see how others voted on the pair."""
    return pair_id in st.session_state.get(_VOTES, ())


def informed(pair_id: str, history: tuple[StoredLabel, ...]) -> bool:
    """Whether the person has been shown the answer: after an own decision, or on the pair's page in this session."""
    return pair_id in st.session_state.get(_SEEN, ()) or any(label.event.choice in DECISIONS for label in history)


def vote(
    card: Card,
    choice: LabelChoice,
    pair: ContrastPair,
    said: Said | None = None,
    claim: Claim | None = None,
    history: tuple[StoredLabel, ...] = (),
    *,
    pair_was_read: bool = False,
) -> None:
    """Store one decision for the card; what came of it is in `outcome`. `claim` says what of its queue to reserve with it.

    `history` is what the screen knew of the person's labels on the pair. What came since, in another tab, the store knows.
    `pair_was_read` tells that `pair` came out of this store, so that it is not looked for.
    """
    seconds = time.monotonic() - card.shown_at
    if seconds < MIN_SECONDS:
        remark = "That came too soon after the pair appeared to be a decision, so it was not taken. Please vote again."
        st.session_state[_OUTCOME] = Outcome(card.pair_id, remark=remark)
        return
    try:
        verified = people.guard_label(card.person)
        event = replace(_event(card, choice, pair, said or Said(), round(seconds, 2), history), verified=verified)
        label = _stored(event, claim, pair_was_read)
        if (label.event.pair_id, label.event.person) != (card.pair_id, card.person):
            raise StoreError(
                "The store holds another label under this card's token; yours was not stored.", "Reload the page and vote again."
            )
    except MusicError as e:
        st.session_state[_OUTCOME] = Outcome(card.pair_id, error=e)
        return
    st.session_state[_OUTCOME] = Outcome(card.pair_id, label)
    st.session_state.pop(_CHANGING, None)
    _renew(card)


def _event(card: Card, choice: LabelChoice, pair: ContrastPair, said: Said, seconds: float, history: tuple[StoredLabel, ...]) -> LabelEvent:
    if card.kind == "repeat":  # is shown without its history
        history = data.labels_by(card.pair_id, card.person)[1]
    seen = informed(card.pair_id, history)
    left, right = (pair.chosen, pair.rejected) if card.left_branch == "chosen" else (pair.rejected, pair.chosen)
    shown: dict[str, Any] = {"view": VIEW, "left": left.id, "right": right.id, "revealed": seen}
    if card.kind == "repeat":
        shown["repeats"] = next((label.id for label in reversed(history) if label.event.kind != "repeat"), None)
    return LabelEvent(
        token=card.token,
        pair_id=card.pair_id,
        person=card.person,
        choice=choice,
        left_branch=card.left_branch,
        blind=not seen,
        seconds=seconds,
        reasons=said.reasons,
        comment=said.comment.strip(),
        turn_marks=said.marks,
        queue=card.queue,
        guideline=card.guideline,
        probability=card.probability,
        shown=shown,
        kind=card.kind,
    )


def _stored(event: LabelEvent, claim: Claim | None, pair_was_read: bool) -> StoredLabel:
    if claim is None:
        return add_label(data.store(), event, pair_was_read=pair_was_read)
    voted = give_label(data.store(), event, claim, pair_was_read=pair_was_read)
    queues.remember(event.person, voted.held)
    return voted.label


def undo(pair_id: str, person: str, token: str) -> None:
    """Take back the person's current label of the pair, by one more event."""
    try:
        people.guard_label(person)
        label = undo_label(data.store(), pair_id, person, f"undo-{token}")
    except MusicError as e:
        st.session_state[_OUTCOME] = Outcome(pair_id, error=e)
        return
    remark = "" if label else "There was nothing to take back."
    st.session_state[_OUTCOME] = Outcome(pair_id, label, remark=remark)
    card = st.session_state.get(_CARD)
    # Where another pair comes on screen, `card_for` makes a card for that one.
    if isinstance(card, Card) and card.pair_id == pair_id:
        _renew(card)


def outcome(pair_id: str) -> Outcome | None:
    """What became of the last click, while its pair is on screen."""
    found = st.session_state.get(_OUTCOME)
    return found if isinstance(found, Outcome) and found.pair_id == pair_id else None


def last_label() -> StoredLabel | None:
    """The event that this session stored last, as read back."""
    found = st.session_state.get(_OUTCOME)
    return found.label if isinstance(found, Outcome) else None


def start_change(pair_id: str) -> None:
    """Offer the votes again for a pair that has been decided."""
    st.session_state[_CHANGING] = pair_id


def stop_change() -> None:
    """Leave the decision as it is."""
    st.session_state.pop(_CHANGING, None)


def keep_as_it_is() -> None:
    """As `stop_change`, and what was given for the change, such as marks, does not come back with the next one."""
    stop_change()
    card = st.session_state.get(_CARD)
    if isinstance(card, Card):
        _renew(card)


def changing(pair_id: str) -> bool:
    """Whether the person asked to change the decision on this pair."""
    return st.session_state.get(_CHANGING) == pair_id


def save_view(person: str, name: str, query: ViewQuery, token: str) -> bool:
    """Give a filter a name; whether it is stored. What went wrong is in `view_error`."""
    try:
        people.guard_label(person)
        views.save_view(data.store(), person, " ".join(name.split()), query, token)
    except MusicError as e:
        st.session_state[_VIEW_ERROR] = e
        return False
    return True


def delete_view(person: str, name: str) -> None:
    """Take an own view away."""
    try:
        people.guard_label(person)
        views.delete_view(data.store(), person, name, uuid.uuid4().hex)
    except MusicError as e:
        st.session_state[_VIEW_ERROR] = e


def view_error() -> MusicError | None:
    """Why the last view was not saved or deleted; told once."""
    found = st.session_state.pop(_VIEW_ERROR, None)
    return found if isinstance(found, MusicError) else None
