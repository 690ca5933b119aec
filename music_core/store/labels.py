"""Label events: appended, never changed; acknowledged only after they were read back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.filters import DECIDED
from music_core.store.label_rows import LABEL_COLUMNS, REPEAT, stored_label
from music_core.store.pairs import known_pairs
from music_core.store.session import Session, marks
from music_core.store.text import naive, now, to_json
from music_core.types import GivenLabel, LabelChoice, LabelEvent, LabelKind, StoredLabel, content_id

# A commit costs about 12 ms; a long transaction loses against the short ones of people who are labelling meanwhile.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class SaidSoFar:
    """One person's labels: pairs with any event, those with a current decision or skip, the newest standing event (repeats too)."""

    touched: frozenset[str]
    decided: frozenset[str]
    newest_id: str | None


def add_label(store: Store, event: LabelEvent, *, pair_was_read: bool = False) -> StoredLabel:
    """Append `event` and return what was read back from the store after the commit.

    A token that is known already returns the label first stored under it. Where `event.supersedes` is None, the person's current
    label of the pair is filled in. Nobody is blind to a pair that they decided before, whatever `event.blind` says.
    `pair_was_read` is as in `check_events`. Raises `StoreError` for an unknown pair or choice.
    """
    check_events(store, [event], pairs_were_read=pair_was_read)
    store.write("labels", lambda session: append(session, event))
    return read_back(store, event.token)


def add_labels(store: Store, labels: Sequence[GivenLabel]) -> int:
    """Append labels that were given elsewhere, in this order, many to a commit; the number of new ones.

    As with `add_label`, a token that is known already stays as first stored, and what an event replaces is filled in: the
    event that it names where that is in the store, else the person's current one. Raises `StoreError` for an unknown pair
    or choice before anything is stored.
    """
    check_events(store, [given.event for given in labels])
    batches = (labels[i : i + BATCH] for i in range(0, len(labels), BATCH))
    return sum(store.write("labels", lambda session, batch=batch: _append_all(session, batch)) for batch in batches)  # type: ignore[misc]


def check_events(store: Store, events: Sequence[LabelEvent], *, pairs_were_read: bool = False) -> None:
    """Raise `StoreError` for a choice, a kind or a pair that does not exist.

    Where the caller has read the pairs from this store they are not looked for once more: a pair never goes away.
    """
    for event in events:
        if event.choice is not None and event.choice not in get_args(LabelChoice):
            raise StoreError(f"'{event.choice}' is not a label.", f"Labels are: {', '.join(get_args(LabelChoice))}.")
        if event.kind not in get_args(LabelKind):
            raise StoreError(f"'{event.kind}' is no kind of label.", f"Kinds are: {', '.join(get_args(LabelKind))}.")
    if pairs_were_read:
        return
    # Before the transaction, to keep this short.
    known = known_pairs(store, [event.pair_id for event in events])
    for event in events:
        if event.pair_id not in known:
            raise StoreError(f"There is no pair {event.pair_id} in this store, so it cannot be labelled.")


def undo_label(store: Store, pair_id: str, person: str, token: str) -> StoredLabel | None:
    """Take back what the person decided last on the pair by appending an event with choice None; None if there is nothing.

    That is the current label, or a repeat of it. What becomes current is "no decision", not the label before. The same token
    again returns the first undo.
    """

    def take_back(session: Session) -> bool:
        if session.known("label_rows", "label_id", [_label_id(token)]):
            return True
        standing = _standing(session, "pair_id = ? AND person = ?", [pair_id, person])
        if standing is None:
            return False
        e = standing.event
        undo = LabelEvent(
            token, pair_id, person, None, e.left_branch, e.blind, e.verified, queue=e.queue, supersedes=standing.id, kind=e.kind
        )
        append(session, undo)
        return True

    return read_back(store, token) if store.write("labels", take_back) else None


def current_label(store: Store, pair_id: str, person: str) -> StoredLabel | None:
    """The person's newest event on the pair, other than repeats; None if there is none or it was taken back."""
    found = store.view(lambda session: _current(session, pair_id, person))
    return None if found is None or found.event.choice is None else found


def label_history(store: Store, pair_id: str, person: str | None = None) -> list[StoredLabel]:
    """Every event on the pair (of one person), oldest first, with those taken back and the undos."""
    by, params = (" AND person = ?", [person]) if person is not None else ("", [])
    # Not the view, whose window over ids would read every label.
    one = "QUALIFY row_number() OVER (PARTITION BY label_id ORDER BY seq) = 1"
    return _labels(store, f"SELECT {LABEL_COLUMNS} FROM lake.label_rows WHERE pair_id = ?{by} {one} ORDER BY seq", [pair_id, *params])


def labels_of(store: Store, pair_id: str) -> list[StoredLabel]:
    """The current label of every person on the pair, by person; without those taken back and without repeats."""
    sql = f"SELECT {LABEL_COLUMNS} FROM lake.current_labels WHERE pair_id = ? AND choice IS NOT NULL ORDER BY person"
    return _labels(store, sql, [pair_id])


def labelled_ids(store: Store, person: str, queue: str | None = None) -> set[str]:
    """Pairs on which the person has a current label (a skip counts: it was seen), in one queue or in all."""
    also, params = (" AND queue = ?", [queue]) if queue is not None else ("", [])
    sql = f"SELECT pair_id FROM fast.labels WHERE person = ? AND choice IS NOT NULL{also}"
    return {row[0] for row in store.indexed(lambda session: session.rows(sql, [person, *params]))}


def said_so_far(store: Store, person: str, *, after: str | None = None) -> SaidSoFar:
    """Where the person stands, out of the index: one short query.

    `after` is the id of the event that the person has just given: where the index has it, it is as new as that and is not brought up to
    date once more.
    """
    rows_of = "SELECT pair_id, choice, seq, label_id, {again} AS again FROM fast.{table} WHERE person = ?"
    sql = f"{rows_of.format(again='false', table='labels')} UNION ALL {rows_of.format(again='true', table='repeats')}"
    rows = store.seen(lambda session: session.rows(sql, [person, person])) if after else []
    if not any(row[3] == after for row in rows):
        rows = store.indexed(lambda session: session.rows(sql, [person, person]))
    standing = [(seq, label_id) for _, choice, seq, label_id, _ in rows if choice is not None]
    decided = (pair_id for pair_id, choice, _, _, again in rows if choice is not None and not again)
    return SaidSoFar(frozenset(row[0] for row in rows), frozenset(decided), max(standing, default=(0, None))[1])


def label_of_id(store: Store, label_id: str) -> StoredLabel:
    """One event, which never changes. Raises `StoreError` for an unknown id."""
    found = _labels(store, f"SELECT {LABEL_COLUMNS} FROM lake.label_rows WHERE label_id = ? ORDER BY seq LIMIT 1", [label_id])
    if not found:
        raise StoreError(f"There is no label {label_id} in this store.")
    return found[0]


def recent_labels(store: Store, person: str, limit: int = 20) -> list[StoredLabel]:
    """The person's current labels, newest first."""
    sql = f"SELECT {LABEL_COLUMNS} FROM lake.current_labels WHERE person = ? AND choice IS NOT NULL ORDER BY seq DESC LIMIT ?"
    return _labels(store, sql, [person, limit])


def newest_standing(store: Store, person: str) -> StoredLabel | None:
    """What the person decided last on any pair, a repeat too, and did not take back; None if there is nothing."""
    return store.view(lambda session: _standing(session, "person = ?", [person]))


def all_labels(store: Store) -> list[StoredLabel]:
    """Every event of everybody, oldest first."""
    return _labels(store, f"SELECT {LABEL_COLUMNS} FROM lake.labels ORDER BY seq", [])


def _label_id(token: str) -> str:
    return content_id("l", token)


def append(session: Session, event: LabelEvent, *, beyond: bool = False) -> None:
    """Append one event inside `Store.write("labels", …)`, unless its token is known. Internal to the store."""
    label_id = _label_id(event.token)
    # One scan for all questions: is the token known, what does this event replace, was the pair decided before, what is its number.
    sql = (
        f"SELECT count(*) FILTER (label_id = ?), arg_max(label_id, seq) FILTER (own AND {REPEAT} = ?), "
        f"coalesce(bool_or({DECIDED}) FILTER (own), false), coalesce(max(seq), 0) + 1 "
        f"FROM (SELECT *, pair_id = ? AND person = ? AS own FROM {session.rows_of('label_rows')})"
    )
    known, current_id, decided, seq = session.rows(sql, [label_id, event.kind == "repeat", event.pair_id, event.person])[0]
    if not known:
        stored = replace(event, beyond=event.beyond or beyond, blind=event.blind and not (decided and event.choice is not None))
        session.insert("label_rows", [_row(stored, label_id, event.supersedes or current_id, seq)])


def _append_all(session: Session, labels: Sequence[GivenLabel]) -> int:
    first: dict[str, GivenLabel] = {}
    for given in labels:
        first.setdefault(_label_id(given.event.token), given)
    known = session.known("label_rows", "label_id", {*first, *(g.event.supersedes for g in labels if g.event.supersedes)})
    pair_ids = list({given.event.pair_id for given in labels})
    sql = (
        f"SELECT pair_id, person, {REPEAT} AS again, arg_max(label_id, seq) FROM lake.label_rows WHERE pair_id IN ({marks(pair_ids)}) "
        "GROUP BY ALL"
    )
    current = {(pair_id, person, again): label_id for pair_id, person, again, label_id in session.rows(sql, pair_ids)}
    seq = int(session.one("SELECT coalesce(max(seq), 0) FROM lake.label_rows"))
    rows: list[dict[str, Any]] = []
    for label_id, given in first.items():
        if label_id in known:
            continue
        event, key = given.event, (given.event.pair_id, given.event.person, given.event.kind == "repeat")
        supersedes = event.supersedes if event.supersedes in known else current.get(key)
        rows.append(_row(event, label_id, supersedes, seq + len(rows) + 1, given.given_at))
        known.add(label_id)
        current[key] = label_id
    session.insert("label_rows", rows)
    return len(rows)


def _row(event: LabelEvent, label_id: str, supersedes: str | None, seq: int, given_at: datetime | None = None) -> dict[str, Any]:
    return {
        "label_id": label_id,
        "seq": seq,  # the order of events; clocks of several machines do not give one
        "token": event.token,
        "pair_id": event.pair_id,
        "person": event.person,
        "choice": event.choice,
        "left_branch": event.left_branch,
        "blind": event.blind,
        "verified": event.verified,
        "seconds": event.seconds,
        "reasons": to_json(list(event.reasons)),
        "comment": event.comment,
        "turn_marks": to_json({str(k): v for k, v in event.turn_marks.items()}),
        "queue": event.queue,
        "guideline": event.guideline,
        "probability": event.probability,
        "shown": to_json(dict(event.shown)),
        "supersedes": supersedes,
        "kind": event.kind,
        "beyond": event.beyond,
        "created_at": now() if given_at is None else naive(given_at),
    }


def _current(session: Session, pair_id: str, person: str) -> StoredLabel | None:
    sql = f"SELECT {LABEL_COLUMNS} FROM lake.label_rows WHERE pair_id = ? AND person = ? AND NOT {REPEAT} ORDER BY seq DESC LIMIT 1"
    found = session.rows(sql, [pair_id, person])
    return stored_label(found[0]) if found else None


def _standing(session: Session, where: str, params: list[Any]) -> StoredLabel | None:
    newest = (
        f"SELECT *, {REPEAT} AS again FROM lake.label_rows WHERE {where} "
        "QUALIFY row_number() OVER (PARTITION BY pair_id, person, again ORDER BY seq DESC) = 1"
    )
    found = session.rows(f"SELECT {LABEL_COLUMNS} FROM ({newest}) WHERE choice IS NOT NULL ORDER BY seq DESC LIMIT 1", params)
    return stored_label(found[0]) if found else None


def read_back(store: Store, token: str) -> StoredLabel:
    """The label under this token, after its commit. Raises `StoreError` where it is not there."""
    one, label_id = f"SELECT {LABEL_COLUMNS} FROM {{}} WHERE label_id = ?", _label_id(token)
    # Whoever labels asks next what the index says, which reads what was committed since; that reading serves here as well.
    found = list(map(stored_label, store.arrived(one.format("fast.new_labels"), [label_id])))
    found = found or _labels(store, f"{one.format('lake.label_rows')} ORDER BY seq LIMIT 1", [label_id])
    if not found:
        raise StoreError("The label was written but cannot be read back.", "Do not go on labelling; run music store check.")
    return found[0]


def _labels(store: Store, sql: str, params: list[Any]) -> list[StoredLabel]:
    return [stored_label(row) for row in store.read(sql, params)]
