"""Look after a store: find what does not fit together, and pack what lies scattered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.filters import PairFilter
from music_core.store.pairs import iter_pairs
from music_core.store.runs import pairs_at
from music_core.store.session import Session
from music_core.types import split_of

KEEP_DAYS = 7.0
# Lock rows grow by a dead version with every write; beyond so many the table is renewed.
MAX_DEAD_LOCKS = 1000
# A reader elsewhere may still be at a file that compaction has replaced.
FILE_GRACE_HOURS = 24

_KEYS = {
    "pair_rows": "pair_id",
    "conversation_rows": "conversation_id",
    "origin_rows": "origin_id",
    "label_rows": "label_id",
    "model_rows": "model_id",
    "trace_rows": "trace_id",
    "reading_rows": "reading_id",
    "run_rows": "run_id",
    "pin_rows": "run_id",
    "manifest_rows": "run_id || ' ' || pair_id",
    "seed_rows": "origin_id",
    "queue_rows": "name",
    "guideline_rows": "version",
    "queue_pair_rows": "queue || ' ' || pair_id",
    "view_rows": "token",
    "locks": "kind",
    "migrations": "version",
}
# Tables with the kind of their writes. Moved one by one: a short transaction gets through beside busy writers.
_FLUSHED = {
    "pair_rows": "pairs",
    "origin_rows": "pairs",
    "seed_rows": "pairs",
    "label_rows": "labels",
    "reading_rows": "readings",
    "verdict_rows": "readings",
    "trace_rows": "traces",
    "model_rows": "models",
    "run_rows": "runs",
    "report_rows": "runs",
    "manifest_rows": "runs",
    "pin_rows": "pins",
    "queue_rows": "queues",
    "queue_pair_rows": "queues",
    "reservation_rows": "labels",
    "guideline_rows": "queues",
    "view_rows": "views",
}
# (table, its column, the table that must hold it, the column there)
_REFERENCES = (
    ("pair_rows", "chosen_id", "conversation_rows", "conversation_id"),
    ("pair_rows", "rejected_id", "conversation_rows", "conversation_id"),
    ("pair_rows", "pair_id", "origin_rows", "pair_id"),
    ("origin_rows", "pair_id", "pair_rows", "pair_id"),
    ("seed_rows", "conversation_id", "conversation_rows", "conversation_id"),
    ("label_rows", "pair_id", "pair_rows", "pair_id"),
    ("label_rows", "supersedes", "label_rows", "label_id"),
    ("trace_rows", "pair_id", "pair_rows", "pair_id"),
    ("trace_rows", "model_id", "model_rows", "model_id"),
    ("reading_rows", "pair_id", "pair_rows", "pair_id"),
    ("verdict_rows", "pair_id", "pair_rows", "pair_id"),
    ("manifest_rows", "pair_id", "pair_rows", "pair_id"),
    ("manifest_rows", "run_id", "pin_rows", "run_id"),
    ("queue_pair_rows", "pair_id", "pair_rows", "pair_id"),
    ("queue_pair_rows", "queue", "queue_rows", "name"),
    ("queue_rows", "extends", "queue_rows", "name"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not fit: `kind` is doubled, dangling, changed or unreadable."""

    kind: str
    where: str
    detail: str


def check(store: Store) -> list[Problem]:
    """Everything that does not fit together, found by reading the whole store; an empty list is a sound store.

    Looks for ids stored twice, references to what is not there, text that no longer gives its own id, and pinned
    training data that cannot be read back.
    """
    return [*store.view(_doubled), *store.view(_dangling), *_changed(store), *_unreadable(store)]


def _doubled(session: Session) -> list[Problem]:
    found = []
    for table, key in _KEYS.items():
        doubled = session.rows(f"SELECT {key}, count(*) FROM lake.{table} GROUP BY 1 HAVING count(*) > 1 ORDER BY 1")
        found += [Problem("doubled", table, f"{id_} is stored {n} times") for id_, n in doubled]
    return found


def _dangling(session: Session) -> list[Problem]:
    found = []
    for table, column, target, key in _REFERENCES:
        sql = (
            f"SELECT DISTINCT {column} FROM lake.{table} WHERE {column} IS NOT NULL "
            f"AND {column} NOT IN (SELECT {key} FROM lake.{target}) ORDER BY 1"
        )
        found += [Problem("dangling", table, f"{column} {value} is not in {target}") for (value,) in session.rows(sql)]
    return found


def _changed(store: Store) -> Iterator[Problem]:
    rows = {row[0]: row[1:] for row in store.read("SELECT pair_id, seed_id, split FROM lake.pair_rows")}
    try:
        for stored in iter_pairs(store, PairFilter()):
            known = rows.pop(stored.pair.id, None)
            if known is not None and known != (stored.seed_id, split_of(stored.seed_id)):
                yield Problem("changed", "pair_rows", f"{stored.pair.id} has another seed or split than its text gives")
    except (KeyError, ValueError) as e:
        yield Problem("unreadable", "conversation_rows", f"a conversation is missing or has an unknown role: {e}")
        return
    for pair_id in rows:
        yield Problem("changed", "conversation_rows", f"{pair_id} has text that gives another id")


def _unreadable(store: Store) -> Iterator[Problem]:
    for (run_id,) in store.read("SELECT DISTINCT run_id FROM lake.manifests ORDER BY 1"):
        try:
            for _ in pairs_at(store, run_id):
                pass
        except (StoreError, KeyError) as e:
            yield Problem("unreadable", "manifest_rows", f"run {run_id}: {e}")


def compact(store: Store, *, keep_days: float = KEEP_DAYS) -> dict[str, Any]:
    """Move inlined rows to Parquet, merge small files, drop snapshots older than `keep_days` and files nobody needs.

    Pinned snapshots stay readable. Safe beside writers: rows move as a write of their kind, as a flush beside an
    insert into the same table could double it (duckdb/ducklake#650). Returns what was done, in numbers; raises
    `StoreBusyError` where writers on other machines leave no gap.
    """
    flushed = sum(store.write(kind, lambda session, t=table: _flush(session, t)) for table, kind in _FLUSHED.items())  # type: ignore[misc]
    store.write("schema", _renew_locks)
    merged = _call(store, "SELECT coalesce(sum(files_processed), 0) FROM ducklake_merge_adjacent_files('lake')")
    expired = _expire(store, keep_days)
    old = f"older_than => now() - INTERVAL {FILE_GRACE_HOURS} HOUR"
    removed = _call(store, f"SELECT count(path) FROM ducklake_cleanup_old_files('lake', {old})")
    if store.owns_data_path:
        # What killed writers left behind. Not where the folder may be another lake's as well, whose files all look lost.
        removed += _call(store, f"SELECT count(path) FROM ducklake_delete_orphaned_files('lake', {old})")
    return {"rows_moved": flushed, "files_merged": merged, "snapshots_dropped": expired, "files_removed": removed}


def _flush(session: Session, table: str) -> int:
    return sum(row[-1] for row in session.rows(f"CALL ducklake_flush_inlined_data('lake', table_name => '{table}')"))


def _renew_locks(session: Session) -> None:
    # `locks` itself is never flushed: a flush of rows that were updated more than once brings dead versions back to life
    # (seen with DuckLake 1.0 of DuckDB 1.5.5). Its dead versions go by renewing the table. The counts go on, since the
    # index compares them; the row `renewed` keeps where they stood.
    counts: dict[str, int] = dict(session.rows("SELECT kind, max(n) FROM lake.locks GROUP BY kind"))
    renewed = counts.pop("renewed", 0)
    if sum(counts.values()) - renewed > MAX_DEAD_LOCKS:
        session.rows(
            "CREATE OR REPLACE TABLE lake.locks AS SELECT kind, max(n) AS n FROM lake.locks WHERE kind <> 'renewed' GROUP BY kind "
            f"UNION ALL SELECT 'renewed', {sum(counts.values())}"
        )


def _call(store: Store, sql: str) -> int:
    # DuckLake allows no other change in the transaction of a compaction, so there is no lock row here; it needs none,
    # since it only rewrites committed files, and nothing but `locks` is ever updated.
    return int(store.read(sql)[0][0])


def _expire(store: Store, keep_days: float) -> int:
    # Ages are computed in SQL: fetching a TIMESTAMPTZ would need pytz.
    sql = (
        "SELECT snapshot_id FROM ducklake_snapshots('lake') WHERE snapshot_time < now() - to_seconds(?) "
        "AND snapshot_id NOT IN (SELECT snapshot_id FROM lake.pin_rows) "
        "AND snapshot_id < (SELECT max(snapshot_id) FROM ducklake_snapshots('lake')) ORDER BY 1"
    )
    ids = [row[0] for row in store.read(sql, [keep_days * 86400])]
    for i in range(0, len(ids), 1000):
        _call(store, f"SELECT count(snapshot_id) FROM ducklake_expire_snapshots('lake', versions => {ids[i : i + 1000]})")
    return len(ids)
