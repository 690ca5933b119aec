"""The state of the Label page: which pair is on screen, what has been decided on it, where the queue stands."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlencode

import streamlit as st

from app import actions, data, guideline, people, queues
from app.components.turn_marks import marks_given, turns_to_mark
from app.components.vote_bar import comment_key, reasons_key
from app.guideline import Guideline
from app.nav import query_now, set_query
from app.sides import BUILT, SideNames, side_names
from app.state import ListState, from_query
from music_core.store.evidence import Evidence
from music_core.store.labels import SaidSoFar
from music_core.store.reservations import LOOK, Claim
from music_core.types import ContrastPair, Conversation, LabelChoice, LabelKind, Side, StoredLabel

_PAIR = "mw_label_pair"
_QUEUE = "mw_label_queue"
_DESK = "mw_label_desk"
_STEP = "mw_label_step"
_LAST = "mw_label_last_step"
# A step leads to the next run of the page, which begins at once, or anew where another click has come in between.
STEP_S = 10


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies before the person: a pair with its card, or nothing where the queue is done (`pair` is None).

    `evidence` is there once the person may see it: on a pair that was decided before.
    `label` is what the person decided last on the pair; None while a repeat is asked for, which is shown as if it were new.
    `walk` is the labelling queue; None for the pairs of a filter. `full` tells that its target leaves no room for this person,
    `waiting` that all pairs left lie before others. `newest` is the person's last decision on any pair.
    """

    person: str
    queue: Sequence[str]
    n_done: int
    following: str | None
    pair: ContrastPair | None
    card: actions.Card | None
    label: StoredLabel | None
    history: tuple[StoredLabel, ...]
    evidence: Evidence | None = None
    walk: queues.Walk | None = None
    guide: Guideline = guideline.OURS
    newest: StoredLabel | None = None
    full: bool = False
    waiting: bool = False

    @property
    def names(self) -> SideNames:
        """What the sides are called, for whoever may know."""
        return side_names(self.evidence.systems) if self.evidence else BUILT

    @property
    def revealed(self) -> bool:
        """The pair has been decided, so the answer is shown."""
        return self.label is not None and self.label.event.choice in actions.DECISIONS

    @property
    def talks(self) -> dict[Side, Conversation]:
        """Both conversations, on the sides that this person sees them."""
        if self.pair is None or self.card is None:
            return {}
        chosen_left = self.card.left_branch == "chosen"
        left, right = (self.pair.chosen, self.pair.rejected) if chosen_left else (self.pair.rejected, self.pair.chosen)
        return {"left": left, "right": right}

    @property
    def marks(self) -> Mapping[int, str]:
        """The marks that the card begins with: those of the label that is being replaced."""
        return self.label.event.turn_marks if self.label else {}

    @property
    def last(self) -> bool:
        """Nothing comes after this pair, not even one that lies before others."""
        left = self.walk.open_after(None) if self.walk else ()
        return self.following is None and all(self.card is not None and i == self.card.pair_id for i in left)

    @property
    def voting(self) -> bool:
        """Whether a decision is asked for: of an open pair, or of one that is being changed."""
        return self.card is not None and (not self.revealed or actions.changing(self.card.pair_id))


@dataclass(frozen=True, slots=True)
class Step:
    """A way from one address of the page to another, with the desk that was laid out on it; without one where that failed.

    `at` is when, by `time.monotonic`.
    """

    from_query: Mapping[str, Sequence[str]]
    to_query: Mapping[str, Sequence[str]]
    desk: Desk | None
    at: float


def queue_name(state: ListState) -> str:
    """The queue as recorded with a label: `all`, or the filter that made it."""
    query = state.changed(sort="created", asc=False, label="").query()
    return f"filter:{urlencode(query, doseq=True)}" if query else "all"


def next_open(queue: Sequence[str], done: Collection[str], after: str | None = None) -> str | None:
    """The first undecided pair after `after`, from the start again at the end; None when all are decided."""
    return next((i for i in queues.round_from(queue, after) if i not in done and i != after), None)


def _asked(query: Mapping[str, Sequence[str]], queue: Sequence[str]) -> str | None:
    """The address decides, then what this session had open."""
    kept = st.session_state.get(_PAIR)
    return query.get("pair", ("",))[-1] or (kept if kept in queue else None)


def open_desk(person: str, query: Mapping[str, Sequence[str]], *, after: str | None = None) -> Desk:
    """Read everything that the Label page draws at this address: of the queue named in it, else of the pairs that its filter lets through.

    `after` is as in `data.said_so_far`. Raises `StoreError` for an unknown queue, or an unknown pair in the address.
    """
    # First, since what is laid out below is as new as this.
    said = data.said_so_far(person, after=after)
    queue = query.get("queue", ("",))[-1]
    if st.session_state.get(_QUEUE, "") != queue:
        st.session_state[_QUEUE] = queue
        st.session_state.pop(_PAIR, None)
    if queue:
        return _walked(person, queues.walk(queue, person), said, query)
    state = from_query(query)
    ids, done, newest = data.queue_of(state), said.decided, _newest(said)
    pair_id = st.session_state[_PAIR] = _asked(query, ids) or next_open(ids, done)
    n_done, following = ids.n_of(done), next_open(ids, done, pair_id)
    if pair_id is None:
        return Desk(person, ids, n_done, None, None, None, None, (), newest=newest)
    label, history = _given(pair_id, person, said, newest)
    left = label.event.left_branch if label else None
    card = actions.card_for(pair_id, person, queue_name(state), left=left)
    return Desk(person, ids, n_done, following, data.text(pair_id), card, label, history, _evidence(pair_id, history), newest=newest)


def _newest(said: SaidSoFar) -> StoredLabel | None:
    """The person's newest standing label: mostly the one that was just read back."""
    if said.newest_id is None:
        return None
    known = actions.last_label()
    return known if known is not None and known.id == said.newest_id else data.label_of_id(said.newest_id)


def _given(pair_id: str, person: str, said: SaidSoFar, newest: StoredLabel | None) -> tuple[StoredLabel | None, tuple[StoredLabel, ...]]:
    """As `data.labels_by`, which need not be asked about a first label that nothing came after: that is all there is."""
    if newest is not None and newest.event.pair_id == pair_id and newest.event.supersedes is None and newest.event.kind != "repeat":
        return newest, (newest,)
    return data.labels_by(pair_id, person, said)


def _evidence(pair_id: str, history: Sequence[StoredLabel]) -> Evidence | None:
    return data.evidence(pair_id) if any(label.event.choice in actions.DECISIONS for label in history) else None


def _walked(person: str, walk: queues.Walk, said: SaidSoFar, query: Mapping[str, Sequence[str]]) -> Desk:
    newest, guide = _newest(said), guideline.shown(walk.head.guideline)
    pair_id = _asked(query, walk.ids)
    if pair_id is None:
        pair_id = walk.repeat or queues.hold(walk, None)
    st.session_state[_PAIR] = pair_id
    if pair_id is None:
        waiting = next(walk.open_after(None), None) is not None
        return Desk(person, walk.ids, walk.n_mine, None, None, None, None, (), None, walk, guide, newest, waiting=waiting)
    drawn = pair_id in walk.drawn
    again = pair_id == walk.repeat
    full = drawn and pair_id not in walk.mine and queues.hold(walk, pair_id) is None
    label, history = (None, ()) if again else _given(pair_id, person, said, newest)
    kind: LabelKind = "repeat" if again else "adjudication" if drawn and walk.head.adjudicates else "label"
    # A pair that was not drawn belongs to no queue, whatever the address says.
    name, probability = (walk.head.name, walk.drawn[pair_id]) if drawn else ("all", None)
    left = label.event.left_branch if label else None
    card = actions.card_for(pair_id, person, name, probability, kind, left, guide.version)
    return Desk(
        person,
        walk.ids,
        walk.n_mine,
        _following(walk, pair_id),
        data.text(pair_id),
        card,
        label,
        history,
        _evidence(pair_id, history),
        walk,
        guide,
        newest,
        full,
    )


def _following(walk: queues.Walk, pair_id: str) -> str | None:
    """What comes after the pair: one to repeat, else the next that is held. None: whatever turns out to be free, if anything."""
    if walk.repeat not in (None, pair_id):
        return walk.repeat
    held = queues.held_here(walk)
    return next((i for i in walk.open_after(pair_id) if i in held and i != pair_id), None)


def go_to(pair_id: str | None, *, after: str | None = None) -> None:
    """Put another pair on screen, or the end of the queue.

    It is read here, before anything of the page is on its way: the browser puts up what comes in one go at once, and begins anew
    with all of it for whatever comes after a pause. An address that is changed here would be such a beginning too.
    `after` is as in `data.said_so_far`.
    """
    actions.stop_change()
    st.session_state[_PAIR] = pair_id
    query, person, desk = query_now(), people.current(), None
    target = {**{name: values for name, values in query.items() if name != "pair"}, **({"pair": [pair_id]} if pair_id else {})}
    # The page fails in the same way, and tells it.
    with suppress(Exception):
        # A desk reserves its pair, which is for those who may label.
        desk = open_desk(person, target, after=after) if person and not people.refusal("label") else None
    st.session_state[_STEP] = Step(query, target, desk, time.monotonic())


def arrive(person: str) -> Desk:
    """The desk that the person sees: the one to which a click has led, else the one that the address asks for. Raises as `open_desk`."""
    query = query_now()
    step = st.session_state.pop(_STEP, None) or st.session_state.get(_LAST)
    # Not where the person has gone elsewhere since the click, and come back.
    if not isinstance(step, Step) or step.from_query != query or time.monotonic() - step.at > STEP_S:
        return open_desk(person, query)
    # A second click on what is gone by now, sent before the browser knew of the new address, leads to where the first one has led.
    st.session_state[_LAST] = replace(step, desk=None)
    if step.to_query != query:
        set_query(step.to_query)
    return step.desk if step.desk and step.desk.person == person else open_desk(person, step.to_query)


def begin_anew() -> None:
    """The whole page is drawn, for the address that it has: where the click before led no longer matters."""
    st.session_state.pop(_LAST, None)


def put_up(desk: Desk) -> None:
    """Remember what is on screen, for the clicks on it.

    Streamlit keeps what a button calls for as long as its session lives, so a button knows its card's token only: what it held
    beside that would stay for each pair ever labelled.
    """
    st.session_state[_DESK] = desk


def _on_screen(token: str) -> Desk | None:
    """The desk with this card; None where another one has taken its place."""
    desk = st.session_state.get(_DESK)
    return desk if isinstance(desk, Desk) and desk.card is not None and desk.card.token == token else None


def take_vote(token: str, choice: LabelChoice) -> None:
    """Store a decision for the card on screen. A skip goes on; any other decision stays, to show the answer."""
    desk = _on_screen(token)
    if desk is None or desk.card is None or desk.pair is None or not desk.voting:
        return
    card, pair = desk.card, desk.pair
    reasons = tuple(st.session_state.get(reasons_key(card.token)) or ())
    comment = str(st.session_state.get(comment_key(card.token)) or "")
    actions.vote(
        card,
        choice,
        pair,
        actions.Said(reasons, comment, marks_given(card.token, desk.talks, turns_to_mark(pair), desk.marks)),
        _claim(desk),
        desk.history,
        pair_was_read=True,
    )
    found = actions.outcome(card.pair_id)
    if found is not None and found.label is not None:
        go_to(desk.following if choice == "skip" else card.pair_id, after=found.label.id)


def _claim(desk: Desk) -> Claim | None:
    """What to reserve with the vote; None outside of a queue, or while this pair and the next are held for long enough."""
    if desk.walk is None or desk.card is None or desk.card.pair_id not in desk.walk.drawn:
        return None
    held = queues.held_here(desk.walk)
    if desk.card.pair_id in held and desk.following in held:
        return None
    others = (i for i in desk.walk.open_after(desk.card.pair_id) if i != desk.card.pair_id)
    return desk.walk.claim(islice(others, LOOK))


def take_undo(token: str) -> None:
    """Take back the label of the pair on screen, else the person's newest one, and show that pair again."""
    desk = _on_screen(token)
    label = (desk.label or desk.newest) if desk else None
    if desk is None or label is None:
        return
    actions.undo(label.event.pair_id, desk.person, token)
    found = actions.outcome(label.event.pair_id)
    if found is not None and found.error is None:
        go_to(label.event.pair_id, after=found.label.id if found.label else None)
