"""The state of the Label page: which pair is on screen, what has been decided on it, where the queue stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st

from app import actions, data, queues
from app.components.vote_bar import comment_key, reasons_key
from app.state import ListState
from music_core.store.pairs import StoredPair
from music_core.types import LabelChoice, StoredLabel

_PAIR = "mw_label_pair"
_QUEUE = "mw_label_queue"


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies before the person: a pair with its card, or nothing where the queue is done (`stored` is None).

    `walk` is the labelling queue; None for the pairs of a filter.
    """

    person: str
    queue: tuple[str, ...]
    n_done: int
    following: str | None
    stored: StoredPair | None
    card: actions.Card | None
    label: StoredLabel | None
    history: tuple[StoredLabel, ...]
    walk: queues.Walk | None = None

    @property
    def revealed(self) -> bool:
        """The pair has been decided, so the answer is shown."""
        return self.label is not None and self.label.event.choice in actions.DECISIONS


def queue_name(state: ListState) -> str:
    """The queue as recorded with a label: `all`, or the filter that made it."""
    query = state.changed(sort="created", asc=False, label="").query()
    return f"filter:{urlencode(query, doseq=True)}" if query else "all"


def next_open(queue: Sequence[str], done: Collection[str], after: str | None = None) -> str | None:
    """The first undecided pair after `after`, from the start again at the end; None when all are decided."""
    start = queue.index(after) + 1 if after in queue else 0
    return next((i for i in (*queue[start:], *queue[:start]) if i not in done and i != after), None)


def _on_screen(queue: Sequence[str], done: Collection[str]) -> str | None:
    """The address decides, then what this session had open, then the queue."""
    asked = st.query_params.get("pair")
    kept = st.session_state.get(_PAIR)
    pair_id = asked or (kept if kept in queue else None) or next_open(queue, done)
    st.session_state[_PAIR] = pair_id
    return pair_id


def open_desk(person: str, state: ListState, queue: str = "") -> Desk:
    """Read everything that the Label page draws, of the labelling queue with this name, else of the pairs that `state` lets through.

    Raises `StoreError` for an unknown queue, or an unknown pair in the address.
    """
    if st.session_state.get(_QUEUE, "") != queue:
        st.session_state[_QUEUE] = queue
        st.session_state.pop(_PAIR, None)
    walk = queues.walk(queue, person) if queue else None
    ids, done = (walk.ids, walk.done) if walk else (data.queue_of(state), data.decided(person))
    pair_id = _on_screen(ids, done)
    n_done, following = walk.n_mine if walk else sum(i in done for i in ids), next_open(ids, done, pair_id)
    if pair_id is None:
        return Desk(person, ids, n_done, None, None, None, None, (), walk)
    label, history = data.labels_by(pair_id, person)
    card = actions.card_for(pair_id, person, *_belongs(pair_id, state, walk))
    return Desk(person, ids, n_done, following, data.stored_pair(pair_id), card, label, history, walk)


def _belongs(pair_id: str, state: ListState, walk: queues.Walk | None) -> tuple[str, float | None]:
    """The queue and the probability that a label records. A pair that was not drawn belongs to no queue, whatever the address says."""
    if walk is None:
        return queue_name(state), None
    return (walk.head.name, walk.drawn[pair_id]) if pair_id in walk.drawn else ("all", None)


def go_to(pair_id: str | None) -> None:
    """Put another pair on screen, or the end of the queue."""
    st.session_state[_PAIR] = pair_id
    actions.stop_change()
    if pair_id:
        st.query_params["pair"] = pair_id
    elif "pair" in st.query_params:
        del st.query_params["pair"]


def take_vote(desk: Desk, choice: LabelChoice) -> None:
    """Store a decision for the desk's card. A skip goes on; any other decision stays, to show the answer."""
    if desk.card is None or desk.stored is None:
        return
    token = desk.card.token
    reasons = tuple(st.session_state.get(reasons_key(token)) or ())
    comment = str(st.session_state.get(comment_key(token)) or "")
    actions.vote(desk.card, choice, desk.stored.pair, reasons, comment)
    found = actions.outcome(desk.card.pair_id)
    stored = found is not None and found.label is not None
    if stored:
        go_to(desk.following if choice == "skip" else desk.card.pair_id)


def take_undo(desk: Desk) -> None:
    """Take back the label of the pair on screen, else the person's newest one, and show that pair again."""
    label = desk.label or data.newest_label(desk.person)
    if label is None:
        return
    token = desk.card.token if desk.card else label.id
    actions.undo(label.event.pair_id, desk.person, token)
    go_to(label.event.pair_id)
