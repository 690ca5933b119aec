"""The narrow columns of the lake in memory: what pages filter, sort and count by.

A query over the lake costs 10 ms and more per table before its first row, since DuckLake asks the catalog several times,
and seconds where many small files lie. So each process keeps a copy of the columns without long text in DuckDB tables of
its own (`fast.pairs`, `fast.origins`, `fast.verdicts`, `fast.margins`, `fast.labels`, `fast.repeats`; about 50 MB for 100,000 pairs) and
brings it up to date before a query by reading the rows that were appended since. The lake's tables are append-only, which
makes that simple. The copy holds one row per id, or the newest row per person or judge.
"""

import threading
from dataclasses import dataclass

import duckdb

from music_core.store.session import Session


@dataclass(frozen=True, slots=True)
class _Table:
    """A table in memory and the rows of the lake that it is made of: those of `only`, by `key`; `newest` is the order among equals."""

    name: str
    source: str
    lock: str
    key: str
    columns: str
    newest: str
    replaces: bool = False
    only: str = "true"


_TABLES = (
    _Table(
        "pairs",
        "pair_rows",
        "pairs",
        "pair_id",
        "pair_id, seed_id, split, chosen_id, rejected_id, n_turns, divergence, opening, chars_chosen, chars_rejected, created_at",
        "created_at",
    ),
    _Table(
        "origins",
        "origin_rows",
        "pairs",
        "origin_id",
        "origin_id, pair_id, source, run_id, method, schedule, created_at",
        "created_at",
    ),
    _Table("traces", "trace_rows", "traces", "trace_id", "trace_id, pair_id, branch, model_id, last_reward", "created_at"),
    _Table("verdicts", "verdict_rows", "readings", "pair_id, judge", "pair_id, judge, value, seq", "seq DESC", replaces=True),
    _Table(
        "labels",
        "label_rows",
        "labels",
        "pair_id, person",
        "pair_id, person, choice, left_branch, queue, seq, kind",
        "seq DESC",
        replaces=True,
        only="kind IS DISTINCT FROM 'repeat'",
    ),
    _Table("repeats", "label_rows", "labels", "pair_id, person", "pair_id, person, choice, seq", "seq DESC", True, "kind = 'repeat'"),
)
_MARGINS = """
CREATE OR REPLACE TABLE fast.margins AS
SELECT model_id, pair_id, max(last_reward) FILTER (branch = 'chosen') - max(last_reward) FILTER (branch = 'rejected') AS margin
FROM fast.traces GROUP BY ALL HAVING margin IS NOT NULL"""


class Index:
    """The copy of one process. `refresh` is safe to call from any thread."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._snapshot_id = -1
        self._locks: dict[str, int] = {}

    def refresh(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Bring the copy up to the newest snapshot, in one transaction of `cursor`; readers see the old or the new state."""
        with self._one_at_a_time:
            cursor.execute("BEGIN")
            try:
                self._refresh(Session(cursor))
            except duckdb.Error as e:
                cursor.execute("ROLLBACK")
                if "No snapshot found" not in str(e):
                    raise
                # A compaction has dropped the snapshots in between.
                self._snapshot_id = -1
                cursor.execute("BEGIN")
                self._refresh(Session(cursor))

    def _refresh(self, session: Session) -> None:
        newest = int(session.one("SELECT id FROM ducklake_current_snapshot('lake')"))
        if newest == self._snapshot_id:
            session.rows("COMMIT")
            return
        # Which kinds were written to since; asking one small table is cheaper than asking every large one.
        locks: dict[str, int] = dict(session.rows("SELECT kind, max(n) FROM lake.locks GROUP BY kind"))
        for table in _TABLES:
            if self._snapshot_id < 0:
                _load(session, table)
            elif locks.get(table.lock) != self._locks.get(table.lock):
                _append(session, table, self._snapshot_id + 1, newest)
        if locks.get("traces") != self._locks.get("traces") or self._snapshot_id < 0:
            session.rows(_MARGINS)
        session.rows("COMMIT")
        self._snapshot_id, self._locks = newest, locks


def _load(session: Session, table: _Table) -> None:
    session.rows(f"CREATE OR REPLACE TABLE fast.{table.name} AS {_distinct(table, f'lake.{table.source}')}")


def _append(session: Session, table: _Table, first: int, last: int) -> None:
    new = _distinct(table, f"ducklake_table_insertions('lake', 'main', '{table.source}', {first}, {last})")
    session.rows(f"CREATE OR REPLACE TEMP TABLE arrived AS {new}")
    known = f"({table.key}) IN (SELECT ({table.key}) FROM {'arrived' if table.replaces else f'fast.{table.name}'})"
    if table.replaces:
        session.rows(f"DELETE FROM fast.{table.name} WHERE {known}")
        session.rows(f"INSERT INTO fast.{table.name} SELECT {table.columns} FROM arrived")
    else:
        session.rows(f"INSERT INTO fast.{table.name} SELECT {table.columns} FROM arrived WHERE NOT {known}")


def _distinct(table: _Table, source: str) -> str:
    one = f"QUALIFY row_number() OVER (PARTITION BY {table.key} ORDER BY {table.newest}) = 1"
    return f"SELECT {table.columns} FROM {source} WHERE {table.only} {one}"
