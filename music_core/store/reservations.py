"""Reservations: which pairs lie before whom, so that no more people get a pair than its target asks for.

A browser that goes away tells nobody, so a reservation ends by itself; whoever is still there prolongs it. Labels and
reservations are counted together, so both are writes of one kind (`Store.write`): of two people who ask for the last
place of a pair at one instant, on whatever machine, one gets it. The clocks of several app servers have to agree to
within a minute or so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from music_core.store.connect import Store
from music_core.store.filters import DECIDED
from music_core.store.label_rows import REPEAT
from music_core.store.labels import append, check_events, read_back
from music_core.store.session import Session, marks
from music_core.store.text import now
from music_core.types import LabelEvent, StoredLabel

HELD = timedelta(minutes=10)
# Pairs held by one person at a time: taken with the vote before, so that going on costs no commit of its own.
BATCH = 3
# How many pairs are looked at in one transaction for room.
LOOK = 32

Held = Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Claim:
    """What one person asks of a queue: `candidates` in the order wanted, each open to `overlap` people.

    With `adjudication` only adjudications count against the target, and pairs that the person labelled are closed.
    """

    person: str
    queue: str
    overlap: int
    candidates: tuple[str, ...] = ()
    adjudication: bool = False
    most: int = BATCH


@dataclass(frozen=True, slots=True)
class Voted:
    """A label as read back, and the pairs that the person holds now."""

    label: StoredLabel
    held: Held


@dataclass(frozen=True, slots=True)
class _Place:
    """One pair: the others who take a place of its target, whether the person is done with it, and until when it is held."""

    others: frozenset[str] = frozenset()
    mine: bool = False
    until: datetime | None = None


def reserve(store: Store, claim: Claim) -> dict[str, datetime]:
    """Take the first candidates with room; pair id → until when (UTC, naive), in the order of the candidates.

    Reservations that the person has on candidates are kept, and prolonged when half of their time is gone.
    """

    def take(session: Session) -> dict[str, datetime]:
        at = now()
        for i in range(0, len(claim.candidates), LOOK):
            ids = claim.candidates[i : i + LOOK]
            held = _take(session, claim, _places(session, ids, claim, at), ids, at)
            if held:
                return held
        return {}

    return store.write("labels", take) if claim.candidates else {}


def give_label(store: Store, event: LabelEvent, claim: Claim, *, pair_was_read: bool = False) -> Voted:
    """Append a label given in a queue, and in the same transaction reserve what comes next.

    A label is stored whatever happened to the reservation. Where it has lapsed and others have filled the pair, it is marked
    `beyond` the target. As with `add_label`, a token that is known already returns the label first stored under it.
    `pair_was_read` is as in `check_events`.

    Raises:
        StoreError: an unknown pair, choice or kind.
    """
    check_events(store, [event], pairs_were_read=pair_was_read)

    def write(session: Session) -> dict[str, datetime]:
        ids = [pair_id for pair_id in claim.candidates[:LOOK] if pair_id != event.pair_id]
        at = now()
        places = _places(session, [event.pair_id, *ids], claim, at)
        own = places[event.pair_id]
        beyond = event.kind != "repeat" and own.until is None and not own.mine and len(own.others) >= claim.overlap
        append(session, event, beyond=beyond)
        return _take(session, claim, places, ids, at)

    held = store.write("labels", write)
    return Voted(read_back(store, event.token), held)


def held_by_others(store: Store, ids: Sequence[str], person: str) -> set[str]:
    """Those of `ids` that lie before somebody else now."""
    if not ids:
        return set()
    found = store.view(lambda session: _places(session, ids, Claim(person, "", 1), now(), labels=False))
    return {pair_id for pair_id, place in found.items() if place.others}


def _take(session: Session, claim: Claim, places: Mapping[str, _Place], ids: Sequence[str], at: datetime) -> dict[str, datetime]:
    open_ids = [i for i in ids if not places[i].mine and (places[i].until is not None or len(places[i].others) < claim.overlap)]
    # What is held already comes first, so that a reload changes nothing.
    chosen = sorted(sorted(open_ids, key=lambda i: places[i].until is None)[: claim.most], key=ids.index)
    held: dict[str, datetime] = {}
    rows = []
    for pair_id in chosen:
        until = places[pair_id].until
        if until is None or until - at < HELD / 2:
            until = at + HELD
            rows.append({"pair_id": pair_id, "person": claim.person, "queue": claim.queue, "until": until, "created_at": at})
        held[pair_id] = until
    session.insert("reservation_rows", rows)
    return held


# One query, since each costs several milliseconds before its first row.
def _places(session: Session, ids: Sequence[str], claim: Claim, at: datetime, *, labels: bool = True) -> dict[str, _Place]:
    within = marks(ids)
    counts = f"{DECIDED} AND kind = 'adjudication'" if claim.adjudication else DECIDED
    said = (
        f"SELECT pair_id, person, choice IS NOT NULL AS done, coalesce({counts}, false) AS counts, NULL::TIMESTAMP AS until FROM ("
        f"SELECT * FROM {session.rows_of('label_rows')} WHERE pair_id IN ({within}) AND NOT {REPEAT} "
        "QUALIFY row_number() OVER (PARTITION BY pair_id, person ORDER BY seq DESC) = 1)"
    )
    kept = (
        f"SELECT pair_id, person, false, false, max(until) FROM {session.rows_of('reservation_rows')} "
        f"WHERE pair_id IN ({within}) AND until > ? GROUP BY pair_id, person"
    )
    sql, params = (f"{said} UNION ALL {kept}", [*ids, *ids, at]) if labels else (kept, [*ids, at])
    rows = session.rows(sql, params)
    done = {(pair_id, person) for pair_id, person, is_done, _, _ in rows if is_done}
    found: dict[str, _Place] = {}
    for pair_id in ids:
        here = [row for row in rows if row[0] == pair_id]
        # Whoever decided or skipped the pair holds it no longer.
        alive = [row for row in here if row[4] is not None and (pair_id, row[1]) not in done]
        others = {row[1] for row in (*alive, *(row for row in here if row[3])) if row[1] != claim.person}
        until = next((row[4] for row in alive if row[1] == claim.person), None)
        found[pair_id] = _Place(frozenset(others), (pair_id, claim.person) in done, until)
    return found
