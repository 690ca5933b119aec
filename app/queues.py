"""Labelling queues as the Label page walks them: the drawn pairs in an order of one's own, and how far everybody is."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

import streamlit as st

from app import data
from music_core.store.opinions import disagreements, own_round
from music_core.store.queues import ADJUDICATE, DISAGREEMENTS, QueueHead, answered, labels_given, list_queues, read_drawn, read_queue
from music_core.store.reservations import HELD, Claim, Held, reserve
from music_core.store.session import IdTable, id_table

# A pair comes back only when the person has decided so many others since.
BETWEEN = 10
_HELD = "mw_held"


def round_from(queue: Sequence[str], after: str | None) -> Iterator[str]:
    """All of `queue`, from the one behind `after` on and from the start again, `after` last; from the start where that is not in it."""
    start = queue.index(after) + 1 if after in queue else 0
    return (queue[i] for i in chain(range(start, len(queue)), range(start)))


@dataclass(frozen=True, slots=True)
class Walk:
    """A queue before one person. `done` pairs are not offered: the person decided or skipped them, or others filled them.

    `ids` are the drawn pairs in the person's order; `n_given` of `head.n_wanted` labels are there, by anybody. `repeat` is a pair
    that the person has decided and is to decide once more now.
    """

    person: str
    head: QueueHead
    ids: tuple[str, ...]
    drawn: Mapping[str, float]
    done: frozenset[str]
    mine: frozenset[str]
    n_given: int
    repeat: str | None = None

    @property
    def n_mine(self) -> int:
        """Pairs of it that the person has decided or skipped."""
        return len(self.mine)

    def open_after(self, pair_id: str | None) -> Iterator[str]:
        """The pairs that are still offered, from the one after `pair_id` on and round again, itself last."""
        return (i for i in round_from(self.ids, pair_id) if i not in self.done)

    def claim(self, candidates: Iterable[str]) -> Claim:
        """What this person asks of the store."""
        return Claim(self.person, self.head.name, self.head.overlap, tuple(candidates), self.head.adjudicates)


@st.cache_data(max_entries=8, show_spinner=False)
def _heads(home: str, written: int) -> list[QueueHead]:  # noqa: ARG001
    return list_queues(data.store())


def heads() -> list[QueueHead]:
    """All queues, newest first, as new as the page's last look at the store, such as `data.said_so_far`."""
    return _heads(str(data.store().home), data.store().written_at(["queue_rows"]))


def forget_heads() -> None:
    """Look for new queues at once: one was made here."""
    _heads.clear()


@st.cache_data(ttl=data.QUEUE_S, max_entries=8, show_spinner=False)
def _disputed(home: str) -> int:  # noqa: ARG001
    return sum(not settled for settled in disagreements(data.store()).values())


def n_disputed() -> int:
    """Pairs on which people disagree and that nobody has adjudicated."""
    return _disputed(str(data.store().home))


def offered() -> tuple[int, int]:
    """What the choice of queues shows changes when this does."""
    return data.store().written_at(["queue_rows"]), n_disputed()


# A queue never changes, so it is read once.
@st.cache_resource(max_entries=32, show_spinner=False)
def _drawn(home: str, name: str) -> tuple[QueueHead, Mapping[str, float], IdTable]:  # noqa: ARG001
    opened = data.store()
    known = next((head for head in list_queues(opened) if head.name == name), None)
    drawn = read_drawn(opened, name)
    return (known or read_queue(opened, name).head), drawn, id_table(drawn)


@st.cache_resource(max_entries=64, show_spinner=False)
def _order(home: str, name: str, person: str) -> tuple[str, ...]:
    return own_order(person, name, _drawn(home, name)[1])


def own_order(person: str, name: str, ids: Iterable[str]) -> tuple[str, ...]:
    """The pairs shuffled by a hash of person, queue and pair: the place of a pair tells nothing, and people seldom meet on one."""
    return tuple(sorted(ids, key=lambda pair_id: _hash("order", person, name, pair_id)))


def _hash(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def due(decided: Sequence[str], repeated: Collection[str], share: float, person: str, name: str) -> str | None:
    """The pair that is to come back now, of those decided in this order; None while as many came back as `share` asks for.

    Which one is drawn by hash among those with at least `BETWEEN` others after them.
    """
    if len(repeated) >= int(share * len(decided)):
        return None
    ready = [pair_id for pair_id in decided[: max(0, len(decided) - BETWEEN)] if pair_id not in repeated]
    return min(ready, key=lambda pair_id: _hash("again", person, name, pair_id), default=None)


def walk(name: str, person: str) -> Walk:
    """The queue as it stood when this process last looked, as in `data.said_so_far`. Raises `StoreError` naming the queues there are."""
    opened = data.store()
    drawn: Mapping[str, float]
    if name == DISAGREEMENTS:
        drawn = dict.fromkeys(disagreements(opened), 1.0)
        head = QueueHead(DISAGREEMENTS, ADJUDICATE, 0, n_pool=len(drawn), n_drawn=len(drawn))
        order, ids = own_order(person, name, drawn), id_table(drawn)
    else:
        head, drawn, ids = _drawn(str(opened.home), name)
        order = _order(str(opened.home), name, person)
    found = answered(opened, ids, person, adjudications=head.adjudicates, seen=True)
    mine = frozenset(pair_id for pair_id, a in found.items() if a.mine)
    done = mine | {pair_id for pair_id, a in found.items() if a.n_people >= head.overlap}
    repeat = None
    if head.repeats:
        own = own_round(opened, person, ids)
        repeat = due(own.decided, own.repeated, head.repeats, person, name)
    return Walk(person, head, order, drawn, done, mine, labels_given(found, head.overlap), repeat)


def held_here(walk: Walk) -> dict[str, datetime]:
    """The person's reservations in this session that need no prolonging yet."""
    kept: Mapping[tuple[str, str], datetime] = st.session_state.get(_HELD, {})
    now = datetime.now(UTC).replace(tzinfo=None)
    return {pair_id: until for (person, pair_id), until in kept.items() if person == walk.person and until - now > HELD / 2}


def remember(person: str, held: Held) -> None:
    """Note reservations that the store has given to the person."""
    st.session_state[_HELD] = {**st.session_state.get(_HELD, {}), **{(person, pair_id): until for pair_id, until in held.items()}}


def hold(walk: Walk, pair_id: str | None) -> str | None:
    """Reserve a pair for the person: this one, or without one the next that has room; the pair, None where there is no room.

    Asks the store only where this session holds nothing fit, so that a rerun costs no commit.
    """
    candidates = (pair_id,) if pair_id is not None else tuple(walk.open_after(None))
    kept = held_here(walk)
    found = next((i for i in candidates if i in kept), None)
    if found is None:
        held = reserve(data.store(), walk.claim(dict.fromkeys((*candidates, *walk.open_after(pair_id)))))
        remember(walk.person, held)
        found = next((i for i in candidates if i in held), None)
    return found
