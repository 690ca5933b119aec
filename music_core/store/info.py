"""What is in the store, and how large it is."""

from pathlib import Path
from typing import Any

from music_core.store.connect import Store
from music_core.store.session import Session
from music_core.store.text import without_password

_COUNTS = {
    "pairs": "SELECT count(*) FROM lake.pairs",
    "conversations": "SELECT count(*) FROM lake.conversation_rows",
    "seeds": "SELECT count(DISTINCT seed_id) FROM (SELECT seed_id FROM lake.pair_rows UNION ALL SELECT seed_id FROM lake.seed_rows)",
    "chats": "SELECT count(DISTINCT conversation_id) FROM lake.seed_rows",
    "labels": "SELECT count(*) FROM lake.current_labels WHERE choice IS NOT NULL",
    "label_events": "SELECT count(*) FROM lake.labels",
    "readings": "SELECT count(*) FROM lake.readings",
    "verdicts": "SELECT count(*) FROM lake.verdicts",
    "traces": "SELECT count(*) FROM lake.traces",
    "models": "SELECT count(*) FROM lake.models",
    "runs": "SELECT count(*) FROM lake.runs",
    "queues": "SELECT count(*) FROM lake.queues",
}
# The same where the index is filled: telling all rows of the lake apart takes seconds for a million pairs.
_SEEN = _COUNTS | {
    "pairs": "SELECT count(*) FROM fast.pairs",
    "seeds": "SELECT count(DISTINCT seed_key) FROM "
    "(SELECT seed_key FROM fast.pairs UNION ALL SELECT fast.key_of('s', seed_id) FROM lake.seed_rows)",
    "labels": "SELECT count(*) FROM fast.labels WHERE choice IS NOT NULL",
    "readings": "SELECT count(DISTINCT hash(reading_id)) FROM lake.reading_rows",
    "verdicts": "SELECT count(*) FROM fast.verdicts",
    "traces": "SELECT count(*) FROM fast.rewards",
}
_GROUPS = {
    "sources": "SELECT source, count(DISTINCT pair_id) FROM lake.origin_rows GROUP BY 1 ORDER BY 2 DESC, 1",
    "chat_sources": "SELECT source, count(DISTINCT conversation_id) FROM lake.seed_rows GROUP BY 1 ORDER BY 2 DESC, 1",
    "splits": "SELECT split, count(*) FROM lake.pairs GROUP BY 1 ORDER BY 1",
    "pins": "SELECT run_id, snapshot_id FROM lake.pins ORDER BY 2, 1",
}
_FILES = "SELECT coalesce(sum(file_count), 0), coalesce(sum(file_size_bytes), 0) FROM ducklake_table_info('lake')"
# The column list leaves out the time: fetching a TIMESTAMPTZ would need pytz.
_SNAPSHOTS = "SELECT count(snapshot_id), min(snapshot_id), max(snapshot_id) FROM ducklake_snapshots('lake')"


def store_info(store: Store) -> dict[str, Any]:
    """Counts per kind (`counts`), pairs per source and split, pins, the schema version, catalog, files, bytes and snapshots.

    JSON types only. A password in the catalog's address is not shown.
    """

    def query(session: Session) -> dict[str, Any]:
        n_files, n_bytes = session.rows(_FILES)[0]
        n, oldest, newest = session.rows(_SNAPSHOTS)[0]
        return {
            "home": str(store.home),
            "catalog": without_password(store.where.catalog),
            "data_path": store.where.data_path,
            "schema_version": int(session.one("SELECT max(version) FROM lake.migrations")),
            "counts": {name: int(session.one(sql)) for name, sql in _COUNTS.items()},
            **{name: dict(session.rows(sql)) for name, sql in _GROUPS.items()},
            "parquet_files": int(n_files),
            "parquet_bytes": int(n_bytes),
            "catalog_bytes": _catalog_bytes(store),
            "snapshots": {"n": n, "oldest": oldest, "newest": newest},
        }

    return store.view(query)


def counts(store: Store) -> dict[str, int]:
    """The `counts` of `store_info` out of the index, for pages; a trace without any reward counts here as none."""
    with store.wide():
        return store.indexed(lambda session: {name: int(session.one(sql)) for name, sql in _SEEN.items()})


def _catalog_bytes(store: Store) -> int | None:
    if store.where.is_postgres:
        return None
    path = Path(store.where.catalog.partition(":")[2])
    return sum(p.stat().st_size for p in (path, path.with_name(path.name + "-wal")) if p.exists())
