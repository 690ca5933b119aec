"""Judges' answers as they came, and the verdict that resolves them."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from music_core.store.connect import Store
from music_core.store.session import Session, marks
from music_core.store.text import now
from music_core.types import Reading, Verdict

LOAD_BATCH = 500
_READING = tuple(f.name for f in dataclasses.fields(Reading))
VERDICT_COLUMNS = ", ".join(f.name for f in dataclasses.fields(Verdict))
_READING_COLUMNS = ", ".join("reading_order" if name == "order" else name for name in _READING)  # ORDER is a word of SQL


def add_readings(store: Store, readings: Sequence[Reading], verdicts: Sequence[Verdict]) -> int:
    """Store judge answers and verdicts together; returns the number of new readings.

    A reading that is known (the same question) stays as first answered. Of the verdicts of a judge on a pair the newest
    counts; one equal to the present one is not written again. Raises `StoreError` for a number that is not finite.
    """
    created = now()
    rows = [_reading_row(r) | {"created_at": created} for r in readings]
    newest = {(v.pair_id, v.judge): v for v in verdicts}

    def insert(session: Session) -> int:
        new = session.insert_new("reading_rows", "reading_id", rows)
        present = {(v.pair_id, v.judge): v for v in _verdicts(session, [pair_id for pair_id, _ in newest])}
        changed = [v for key, v in newest.items() if present.get(key) != v]
        seq = int(session.one("SELECT coalesce(max(seq), 0) FROM lake.verdict_rows")) if changed else 0
        session.insert(
            "verdict_rows", [dataclasses.asdict(v) | {"seq": seq + k, "created_at": created} for k, v in enumerate(changed, start=1)]
        )
        return len(new)

    return store.write("readings", insert)


def _reading_row(reading: Reading) -> dict[str, Any]:
    row: dict[str, Any] = {"reading_id": reading.id, **dataclasses.asdict(reading)}
    row["reading_order"] = row.pop("order")
    return row


def _verdicts(session: Session, pair_ids: Sequence[str]) -> list[Verdict]:
    if not pair_ids:
        return []
    # Not the view, for the same reason.
    sql = (
        f"SELECT {VERDICT_COLUMNS} FROM lake.verdict_rows WHERE pair_id IN ({marks(pair_ids)}) "
        "QUALIFY row_number() OVER (PARTITION BY pair_id, judge ORDER BY seq DESC) = 1 ORDER BY judge"
    )
    return [Verdict(*row) for row in session.rows(sql, pair_ids)]


def readings_of(store: Store, pair_id: str) -> list[Reading]:
    """Every judge answer on the pair, by judge, then order or turn."""
    return store.view(lambda session: _readings(session, [pair_id]))


def judged(store: Store, pair_ids: Sequence[str]) -> tuple[list[Reading], list[Verdict]]:
    """Every judge answer and every present verdict on these pairs (at most a few hundred)."""
    return store.view(lambda session: (_readings(session, pair_ids), _verdicts(session, pair_ids)))


def _readings(session: Session, pair_ids: Sequence[str]) -> list[Reading]:
    if not pair_ids:
        return []
    sql = (
        # Not the view: its window over ids keeps the condition from reaching the files, so that all readings would be read.
        f"SELECT {_READING_COLUMNS} FROM lake.reading_rows WHERE pair_id IN ({marks(pair_ids)}) "
        "QUALIFY row_number() OVER (PARTITION BY reading_id ORDER BY created_at) = 1 "
        "ORDER BY pair_id, judge, kind, reading_order, branch, turn, repeat, reading_id"
    )
    return [Reading(**dict(zip(_READING, row, strict=True))) for row in session.rows(sql, pair_ids)]


def verdicts_of(store: Store, pair_id: str) -> list[Verdict]:
    """The present verdict of every judge on the pair, by judge."""
    return store.view(lambda session: _verdicts(session, [pair_id]))


def verdicts_by(store: Store, judge: str, pair_ids: Sequence[str]) -> dict[str, Verdict]:
    """The present verdicts of one judge on those of the pairs that it has judged, by pair id."""
    found: dict[str, Verdict] = {}
    for i in range(0, len(pair_ids), LOAD_BATCH):
        part = pair_ids[i : i + LOAD_BATCH]
        found |= {v.pair_id: v for v in store.view(lambda session, part=part: _verdicts(session, part)) if v.judge == judge}  # type: ignore[misc]
    return found


def reading_counts(store: Store, judge: str) -> dict[str, int]:
    """Pair id → number of readings of the judge on it, of whatever prompt and repeat."""
    sql = "SELECT pair_id, count(DISTINCT reading_id) FROM lake.reading_rows WHERE judge = ? GROUP BY pair_id"
    return dict(store.read(sql, [judge]))


def read_ids(store: Store, judge: str) -> set[str]:
    """Ids of all readings of the judge, so that nothing is asked twice."""
    return {row[0] for row in store.read("SELECT DISTINCT reading_id FROM lake.reading_rows WHERE judge = ?", [judge])}
