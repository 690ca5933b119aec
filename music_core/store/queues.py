"""Labelling queues: a frozen pool of pairs, the probability with which each was to be labelled, and which ones were drawn.

A queue is written once, whole, and never changed: its probabilities are the weights of every estimate made of its labels.
More labels are asked for by another queue that extends it over the same pool; see `create_queue`.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.filters import DECIDED, PairFilter, selection
from music_core.store.session import IdTable, Row, Session, id_table
from music_core.store.text import from_json, now, to_json, utc

MOST_NAME_CHARS = 60
# What `LabelEvent.queue` holds where there is no queue of this kind.
_RESERVED = ("all", "filter:", "import:")
# The plan of queues for a further person where others disagree, and the name of the one that is always there and never frozen.
ADJUDICATE = "adjudicate"
DISAGREEMENTS = "disagreements"
STRATA = ("source", "schedule", "turns")


@dataclass(frozen=True, slots=True)
class PoolPair:
    """A pair of the pool: its probability π, whether it was drawn, and what the plan knew of it when it was frozen.

    `score` is the disagreement, margin or score behind π (None: nothing was known), `stratum` the name of its stratum.
    """

    pair_id: str
    probability: float
    drawn: bool
    score: float | None = None
    stratum: str = ""


@dataclass(frozen=True, slots=True)
class QueueHead:
    """A queue without its pool. `overlap` is how many people are to label each drawn pair; `extends` names the queue before."""

    name: str
    plan: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    guideline: str = "1"
    overlap: int = 1
    extends: str | None = None
    created_by: str = ""
    n_pool: int = 0
    n_drawn: int = 0
    created_at: datetime | None = None

    @property
    def n_wanted(self) -> int:
        """Labels wanted: drawn pairs times overlap."""
        return self.n_drawn * self.overlap

    @property
    def adjudicates(self) -> bool:
        """Whether its labels are adjudications: by people who have not labelled the pair, and final for it."""
        return self.plan == ADJUDICATE

    @property
    def repeats(self) -> float:
        """Share of a person's decided pairs that come back, to measure how consistent the person is."""
        return float(self.settings.get("repeats", 0.0))


@dataclass(frozen=True, slots=True)
class LabelQueue:
    """A queue with its whole pool, by pair id."""

    head: QueueHead
    pool: tuple[PoolPair, ...]

    @property
    def drawn(self) -> dict[str, float]:
        """Drawn pair id → its probability."""
        return {p.pair_id: p.probability for p in self.pool if p.drawn}


@dataclass(frozen=True, slots=True)
class Answered:
    """How far one pair is: people who decided it, and whether the person asked about has decided or skipped it."""

    n_people: int
    mine: bool


_HEAD = "name, plan, seed, settings, guideline, overlap, extends, created_by, n_pool, n_drawn, created_at"


def create_queue(store: Store, head: QueueHead, pool: Sequence[PoolPair]) -> LabelQueue:
    """Freeze a queue: all of it or nothing. Counts and time of `head` are filled in.

    A queue that extends another has the same pool, keeps every drawn pair, and gives no pair a smaller probability, so that
    the labels of both are one draw of the larger plan.

    Raises:
        StoreError: the name is taken or unusable, the pool is empty, holds a pair twice or one that the store does not have, a
            probability is outside (0, 1], or the queue does not keep what the one that it extends has drawn.
    """
    rows = sorted(pool, key=lambda p: p.pair_id)
    _check_name(head.name)
    _check_pool(store, head, rows)
    if head.extends is not None:
        _check_extension(read_queue(store, head.extends), rows)
    whole = replace(head, n_pool=len(rows), n_drawn=sum(p.drawn for p in rows), created_at=None)
    token = uuid.uuid4().hex  # of this call: a commit of ours that got through unseen is no other queue of that name
    store.write("queues", lambda session: _insert(session, whole, token, rows))
    return read_queue(store, head.name)


def _check_name(name: str) -> None:
    if not name.strip() or name != " ".join(name.split()) or len(name) > MOST_NAME_CHARS or not name.isprintable():
        raise StoreError(f"'{name}' is no name for a queue.", f"Take one line of at most {MOST_NAME_CHARS} characters.")
    if name == DISAGREEMENTS:
        raise StoreError(f"'{name}' already means all pairs on which people disagree.", "Take another name.")
    if name == _RESERVED[0] or name.startswith(_RESERVED[1:]):
        raise StoreError(f"'{name}' already means labels that belong to no queue.", "Take another name.")


def _check_pool(store: Store, head: QueueHead, pool: Sequence[PoolPair]) -> None:
    if not pool:
        raise StoreError("A queue needs at least one pair in its pool.")
    if head.overlap < 1:
        raise StoreError(f"Each pair of a queue gets at least one label, not {head.overlap}.")
    known = {row[0] for row in store.indexed(lambda session: session.rows("SELECT pair_id FROM fast.pairs"))}
    seen: set[str] = set()
    for p in pool:
        if p.pair_id in seen:
            raise StoreError(f"{p.pair_id} is in the pool twice.")
        if p.pair_id not in known:
            raise StoreError(f"There is no pair {p.pair_id} in this store, so it cannot be in a pool.")
        if not 0 < p.probability <= 1:
            raise StoreError(f"The probability of {p.pair_id} is {p.probability}, not a number above 0 and at most 1.")
        seen.add(p.pair_id)


def _check_extension(before: LabelQueue, pool: Sequence[PoolPair]) -> None:
    name = before.head.name
    if [p.pair_id for p in before.pool] != [p.pair_id for p in pool]:
        raise StoreError(f"The pool differs from that of queue '{name}'.", "A queue that extends another has the same pool.")
    if any((old.drawn and not new.drawn) or new.probability < old.probability for old, new in zip(before.pool, pool, strict=True)):
        raise StoreError(f"The draw does not keep what queue '{name}' has drawn.", "Use the same plan and seed, and ask for more labels.")


def _insert(session: Session, head: QueueHead, token: str, pool: Sequence[PoolPair]) -> None:
    taken = session.one("SELECT token FROM lake.queue_rows WHERE name = ? ORDER BY created_at LIMIT 1", [head.name])
    if taken == token:
        return
    if taken is not None:
        raise StoreError(f"There is a queue '{head.name}' already, and a queue never changes.", "Take another name.")
    row = {
        "name": head.name,
        "token": token,
        "plan": head.plan,
        "settings": to_json(dict(head.settings)),
        "seed": head.seed,
        "guideline": head.guideline,
        "overlap": head.overlap,
        "extends": head.extends,
        "created_by": head.created_by,
        "n_pool": head.n_pool,
        "n_drawn": head.n_drawn,
        "created_at": now(),
    }
    session.insert("queue_rows", [row])
    session.insert(
        "queue_pair_rows",
        [
            {
                "queue": head.name,
                "pair_id": p.pair_id,
                "probability": p.probability,
                "drawn": p.drawn,
                "score": p.score,
                "stratum": p.stratum,
            }
            for p in pool
        ],
    )


def list_queues(store: Store) -> list[QueueHead]:
    """All queues, newest first."""
    return [_head(row) for row in store.read(f"SELECT {_HEAD} FROM lake.queues ORDER BY created_at DESC, name")]


def read_queue(store: Store, name: str) -> LabelQueue:
    """A queue with its pool. Raises `StoreError` naming the queues there are."""

    def query(session: Session) -> LabelQueue | None:
        found = session.rows(f"SELECT {_HEAD} FROM lake.queues WHERE name = ?", [name])
        if not found:
            return None
        sql = "SELECT pair_id, probability, drawn, score, stratum FROM lake.queue_pairs WHERE queue = ? ORDER BY pair_id"
        return LabelQueue(_head(found[0]), tuple(PoolPair(*row) for row in session.rows(sql, [name])))

    queue = store.view(query)
    if queue is None:
        names = ", ".join(head.name for head in list_queues(store)) or "none yet"
        raise StoreError(f"There is no queue '{name}'.", f"Queues: {names}. Make one with: music queue make NAME --labels N")
    return queue


def read_drawn(store: Store, name: str) -> dict[str, float]:
    """Drawn pair id → its probability, without reading the rest of the pool; empty where there is no such queue."""
    return dict(store.read("SELECT pair_id, probability FROM lake.queue_pairs WHERE queue = ? AND drawn ORDER BY pair_id", [name]))


def family(store: Store, name: str) -> set[str]:
    """Names of the queues over the same pool: those that `name` extends, those that extend it, and itself."""
    before = {head.name: head.extends for head in list_queues(store)}

    def root(of: str) -> str:
        while (extends := before.get(of)) is not None:
            of = extends
        return of

    return {other for other in before if root(other) == root(name)} | {name}


def answered(
    store: Store, ids: Iterable[str] | IdTable, person: str | None = None, *, adjudications: bool = False, seen: bool = False
) -> dict[str, Answered]:
    """How far those of the pairs are on which anybody has a current label, whatever queue it was given in.

    With `adjudications` only these count as decisions of a pair. `ids` may be an `id_table`. With `seen` as this process
    last saw the store, for whoever has just looked.
    """
    counted = f"{DECIDED} AND kind = 'adjudication'" if adjudications else DECIDED
    sql = (
        f"SELECT pair_id, count(*) FILTER ({counted}), coalesce(bool_or(person = ?), false) FROM fast.labels "
        "WHERE choice IS NOT NULL AND pair_id IN (SELECT id FROM wanted) GROUP BY pair_id"
    )
    wanted = id_table(ids)
    rows = (store.seen if seen else store.indexed)(lambda session: session.rows(sql, [person], wanted))
    return {pair_id: Answered(n, mine) for pair_id, n, mine in rows}


def labels_given(found: Mapping[str, Answered], overlap: int) -> int:
    """How many of the wanted labels are there, of what `answered` says about drawn pairs; more than `overlap` on a pair do not count."""
    return sum(min(a.n_people, overlap) for a in found.values())


def seeds_of(store: Store, f: PairFilter) -> dict[str, str]:
    """Pair id → seed id of the pairs that pass `f`."""
    chosen = selection(f)
    return dict(
        store.indexed(lambda session: session.rows(f"{chosen.sql} SELECT pair_id, seed_id FROM chosen", chosen.params), chosen.needs)
    )


def strata_of(store: Store, f: PairFilter, by: str) -> dict[str, str]:
    """Pair id → its stratum: `source` or `schedule` of its origins (several joined), or its number of `turns`.

    Raises `StoreError` for another word.
    """
    if by not in STRATA:
        raise StoreError(f"Pairs cannot be divided by '{by}'.", f"Divide them by one of: {', '.join(STRATA)}.")
    chosen = selection(f)
    name = f"coalesce(string_agg(DISTINCT o.{by}, ' + ' ORDER BY o.{by}), 'none')" if by != "turns" else "any_value(c.n_turns)::VARCHAR"
    sql = f"{chosen.sql} SELECT c.pair_id, {name} FROM chosen c LEFT JOIN fast.origins o USING (pair) GROUP BY c.pair_id"
    return dict(store.indexed(lambda session: session.rows(sql, chosen.params), chosen.needs))


def _head(row: Row) -> QueueHead:
    values = dict(zip(_HEAD.split(", "), row, strict=True))
    return QueueHead(**{**values, "settings": from_json(values["settings"]), "created_at": utc(values["created_at"])})
