"""The narrow columns of the lake in memory: what pages filter, sort and count by.

A query over the lake costs 10 ms and more per table before its first row, since DuckLake asks the catalog several times,
and seconds where many small files lie. So each process keeps a copy of the columns without long text in DuckDB tables of
its own (`fast.pairs`, `fast.origins`, `fast.verdicts`, `fast.margins`, `fast.labels` …; about 60 MB of the
process for 100,000 pairs) and brings it up to date before a query by reading the rows that were appended since. The lake's tables
are append-only, which makes that simple. The copy holds one row per id, or the newest row per person or judge, or a model's rewards
for both sides. `fast.state` says which snapshot of the lake it is a copy of.

Within the copy a pair has a number, `pair`, by which tables are joined and rows of one pair found: that takes half as long as by ids.
It is half of the id, so that it needs no table to be worked out, and of ten million pairs two have the same one with a probability of
three in a million. An origin has one too. `fast.number_of(id)` is the number of an id. Seeds and conversations have a key, all 128 bits
of their id, of which this can be made again: `fast.key_of('c', id)` and `fast.id_of('c', key)`. What is no content id has a number and a
key as well, and stands beside them as it is.

Tables that few queries need (`fast.lengths`, `fast.openings`, `fast.conversations` …) are read when a query first asks for them,
and kept up to date from then on. `fast.measured` reads every text once.
"""

import contextlib
import itertools
import re
import threading
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Literal

import duckdb
import numpy as np

from music_core.store.index_tables import KEY_OF, MARGINS, NUMBER_OF, ON_DEMAND, PAIRS, REWARDS, SOURCES, TABLES, Table
from music_core.store.session import Row, Session, marks

# Characters of the replies from the divergence on, as `facts.PairFacts` counts them. Lists count from 1, as turns do.
_LENGTHS = """
CREATE OR REPLACE TEMP TABLE measured AS
WITH replies AS MATERIALIZED (
  SELECT fast.key_of('c', conversation_id) AS conversation_key,
    list_transform(list_filter(messages, lambda m: m.role = 'assistant'), lambda m: length(m.content)) AS chars
  FROM lake.conversation_rows WHERE {wanted}
)
SELECT pair,
  coalesce(list_sum(c.chars[divergence:]), 0)::BIGINT AS chosen, coalesce(list_sum(r.chars[divergence:]), 0)::BIGINT AS rejected
FROM {pairs} JOIN replies c ON c.conversation_key = chosen_key JOIN replies r ON r.conversation_key = rejected_key"""
# So few conversations are asked for by literal ids, which prune files and row groups; a join reads them all.
_FEW = 2000


# What a snapshot did to a table, by its number, or by its name where it had none yet.
_CHANGE = re.compile(r'(\w+):(?:(\d+)|"[^"]*"\."([^"]*)")')
_INSERTS = ("inserted_into_table", "inlined_insert")
# These move or hide rows, or are not about tables; anything else than they and an insert makes a table another one.
_NO_NEWS = ("merge_adjacent", "inline_flush", "inlined_delete", "deleted_from_table", "created_view", "dropped_view", "altered_view")
# Asked of the catalog's own database, by its key: through the lake the same costs twice as much, and a look at the lock rows more.
CATALOG = "__ducklake_metadata_lake"


# A look takes a few milliseconds, and asking the lake instead more than that; filling takes seconds.
_PATIENCE_S = 0.1


class Index:
    """The copy of one process. `refresh` is safe to call from any thread. `catalog` is the kind of the catalog's database.

    `n_pairs` is the number of pairs in the copy; `overtaken` tells that this process has committed since the last look at the lake.
    """

    def __init__(self, catalog: Literal["sqlite", "postgres"]) -> None:
        self._one_at_a_time = threading.Lock()
        self._catalog = catalog
        self._snapshot_id = -1
        self._ids: dict[str, str] = {}
        self._inlined: dict[str, tuple[str, str]] = {}
        self._written_at: dict[str, int] = {}
        self._asked_for: frozenset[str] = frozenset()
        self._clock = itertools.count(1)
        self._looked_at = 0
        self.n_pairs = 0
        self.overtaken = False

    @property
    def ready(self) -> bool:
        """Whether the copy has been filled once."""
        return self._snapshot_id >= 0

    def written_at(self, tables: Collection[str]) -> int:
        """The newest snapshot, of those seen so far, that added rows to one of these tables; of all where the copy was filled anew."""
        return max((self._written_at.get(table, 0) for table in tables), default=0)

    def has(self, needs: Collection[str]) -> bool:
        """Whether nothing has to be read from the beginning."""
        return self.ready and self._asked_for.issuperset(needs)

    def refresh(self, cursor: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]], needs: Collection[str] = ()) -> None:
        """Bring the copy up to the newest snapshot, in one transaction of a `cursor()`; readers see the old or the new state.

        `needs` names tables that are read when first asked for.
        """
        called_at = next(self._clock)
        with self._one_at_a_time:
            # Whoever held the copy meanwhile may have looked after this call had begun: that serves for all who waited.
            if self._looked_at > called_at and self.has(needs):
                return
            looked_at = next(self._clock)
            with cursor() as one:
                self._in_transaction(one, self._asked_for.union(needs))
            self._looked_at = looked_at

    def catch_up(self, cursor: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]) -> None:
        """As `refresh`, where that is short and works: not while another thread fills the copy, nor where all is to be read anew."""
        if self.ready and self._one_at_a_time.acquire(timeout=_PATIENCE_S):
            try:
                # The cursor undoes what a failed look began.
                with contextlib.suppress(duckdb.Error), cursor() as one:
                    one.execute("BEGIN")
                    self._refresh(Session(one), self._asked_for, anew=False)
            finally:
                self._one_at_a_time.release()

    def pack(self, cursor: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]) -> None:
        """Have DuckDB compress what was filled in: a third of the memory for a million pairs, and nothing new for the second call.

        It takes seconds then, in which the copy is read but not brought up to date. Where writers stand in the way it is left for later.
        """
        with self._one_at_a_time, contextlib.suppress(duckdb.Error), cursor() as one:
            one.execute("CHECKPOINT fast")

    def _in_transaction(self, cursor: duckdb.DuckDBPyConnection, needs: frozenset[str]) -> None:
        cursor.execute("BEGIN")
        try:
            self._refresh(Session(cursor), needs)
        except duckdb.Error as e:
            cursor.execute("ROLLBACK")
            if "No snapshot found" not in str(e):
                raise
            # A compaction has dropped the snapshots in between.
            self._snapshot_id = -1
            cursor.execute("BEGIN")
            self._refresh(Session(cursor), needs)

    def _refresh(self, session: Session, needs: frozenset[str], *, anew: bool = True) -> None:
        first = self._snapshot_id + 1
        self.overtaken = False  # before the look, for a commit meanwhile
        newest, news = self._look(session)
        if (newest == self._snapshot_id and needs == self._asked_for) or (news is None and not anew):
            session.rows("COMMIT")
            return
        if news is None:
            first, news = 0, dict.fromkeys(SOURCES, False)
            self._learn(session)
            session.rows(NUMBER_OF)
            session.rows(KEY_OF)
        filled = self._filled(session) if not first or needs - self._asked_for else frozenset()
        arrived: dict[str, int] = {}
        for table in (*TABLES, *(t for t in ON_DEMAND if t.name in needs)):
            if not first or table.name in needs - self._asked_for:
                _load(session, table, is_empty=table.source not in filled)
                if table.name == "keyed_pairs":
                    session.rows(PAIRS)
            elif table.source in news:
                inlined = self._inlined.get(table.source) if table.short and news[table.source] else None
                since = _inlined(*inlined, first, newest) if inlined else _inserted(table.source, first, newest)
                _append(session, table, since, arrived.get(table.name))
                if table.passing:
                    arrived |= _counted(session, table)
        if not first:
            for table in TABLES:
                if table.passing:
                    session.rows(f"CREATE OR REPLACE TABLE fast.{table.name} AS FROM fast.{table.name} LIMIT 0")
            session.rows(MARGINS)
            session.rows(REWARDS)
        if first:
            session.rows(f"UPDATE fast.state SET snapshot_id = {newest}")
        else:
            session.rows(f"CREATE OR REPLACE TABLE fast.state AS SELECT {newest} AS snapshot_id")
        n_pairs = session.one("SELECT count(*) FROM fast.pairs") if not first or "pair_rows" in news else self.n_pairs
        session.rows("COMMIT")
        if not first:
            self._written_at = dict.fromkeys(self._ids.values(), newest)
        self._written_at |= dict.fromkeys(news, newest)
        self._snapshot_id, self._asked_for = newest, needs
        self.n_pairs = int(n_pairs)

    def _look(self, session: Session) -> tuple[int, dict[str, bool] | None]:
        """Id of the newest snapshot, and which tables were written to since the last look; None where everything is to be read.

        True stands beside a table where all that was added to it was inlined.
        """
        if self.ready:
            sql = f"SELECT snapshot_id, changes_made FROM ducklake_snapshot_changes WHERE snapshot_id >= {self._snapshot_id}"
            found = dict(sorted((int(id_), str(changes)) for id_, changes in self._ask(session, sql)))
            # Without the last one that was seen another catalog was put in place; with a gap a compaction dropped what lay between.
            if found and list(found) == list(range(self._snapshot_id, self._snapshot_id + len(found))):
                del found[self._snapshot_id]
                return self._snapshot_id + len(found), self._news(",".join(found.values()))
        return int(self._ask(session, "SELECT max(snapshot_id) FROM ducklake_snapshot_changes")[0][0]), None

    def _news(self, changes: str) -> dict[str, bool] | None:
        """Tables that rows were added to, as in `_look`; None where one of the index's was made anew."""
        known = [(word, self._ids.get(id_, name)) for word, id_, name in _CHANGE.findall(changes)]
        # A name that is not known belongs to a table that was made since.
        if any(word not in (*_INSERTS, *_NO_NEWS) if source in SOURCES else word in _INSERTS and not source for word, source in known):
            return None
        news: dict[str, bool] = {}
        for word, source in known:
            if word in _INSERTS:
                news[source] = news.get(source, True) and word == "inlined_insert"
            elif word == "inline_flush":
                news |= {source: False} if source in news else {}
        return news

    def _filled(self, session: Session) -> frozenset[str]:
        """Names of the lake's tables that a row was ever added to, which gave it the first of the table's row ids."""
        found = self._ask(session, "SELECT table_id FROM ducklake_table_stats WHERE next_row_id > 0")
        return frozenset(self._ids[str(id_)] for (id_,) in found)

    def _learn(self, session: Session) -> None:
        """Names of the lake's tables by id, and by name where DuckLake inlines rows of short ones and what the columns are there."""
        self._ids = {str(id_): str(name) for id_, name in self._ask(session, "SELECT table_id, table_name FROM ducklake_table")}
        self._inlined = {}
        if self._catalog != "sqlite":  # which knows no types; Postgres keeps text as bytes there
            return
        sql = "SELECT table_id, table_name FROM ducklake_inlined_data_tables ORDER BY CAST(schema_version AS INTEGER)"
        holders = {self._ids.get(str(id_)): str(holder) for id_, holder in self._ask(session, sql)}
        for source in {table.source for table in TABLES if table.short}:
            if source in holders:
                kinds = session.rows(f"SELECT column_name, column_type FROM (DESCRIBE lake.{source})")
                casts = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in kinds)
                self._inlined[source] = (holders[source], casts)

    def _ask(self, session: Session, sql: str) -> list[Row]:
        """The catalog's answer; SQLite's comes as text throughout."""
        return session.rows(f"SELECT * FROM {self._catalog}_query('{CATALOG}', '{sql}')")


def _load(session: Session, table: Table, *, is_empty: bool) -> None:
    """Fill a table. Through the lake a table without a row takes as long to read as one of a few thousand: up to 100 ms."""
    if table.name == "lengths":
        session.rows(_LENGTHS.format(wanted="true", pairs="fast.pairs"))
        session.rows("CREATE OR REPLACE TABLE fast.lengths AS FROM measured")
        return
    source = f"(FROM lake.{table.source} LIMIT 0)" if is_empty else f"fast.{table.through}" if table.through else f"lake.{table.source}"
    make = f"CREATE OR REPLACE TABLE fast.{table.name} AS {{}}"
    session.rows(make.format(_all(table, source)))
    # Telling rows apart takes most of the time and memory of a load, and they nearly always are.
    if table.newest and not table.passing and not is_empty and _some_twice(session, table):
        session.rows(make.format(_distinct(table, source)))


def _some_twice(session: Session, table: Table) -> bool:
    """Whether a key stands in several rows. Sorted here, which takes a fifth of the time that DuckDB takes to count them."""
    keys = np.sort(session.arrays(f"SELECT hash({table.key}) AS key FROM fast.{table.name}")["key"])
    return bool((keys[1:] == keys[:-1]).any())


def _inserted(source: str, first: int, last: int) -> str:
    """The rows that these snapshots added to a table of the lake."""
    return f"ducklake_table_insertions('lake', 'main', '{source}', {first}, {last})"


def _inlined(holder: str, casts: str, first: int, last: int) -> str:
    """The same where all of them were inlined, straight out of the catalog: through the lake it takes five times as long."""
    sql = f"SELECT * FROM {holder} WHERE begin_snapshot BETWEEN {first} AND {last}"
    return f"(SELECT {casts} FROM sqlite_query('{CATALOG}', '{sql}'))"


def _counted(session: Session, passing: Table) -> dict[str, int]:
    """How many of the rows that have just arrived belong into each table behind this one."""
    behind = {t.name: f"count(*) FILTER ({t.only})" for t in TABLES if t.through == passing.name and not t.twice}
    return dict(zip(behind, session.rows(f"SELECT {', '.join(behind.values())} FROM fast.{passing.name}")[0], strict=True))


def _append(session: Session, table: Table, since: str, n: int | None) -> None:
    """Add what has come to a table; `n` is how many rows that are where this is known."""
    if table.name == "lengths":
        _measure_new(session)
        return
    if table.passing:
        session.rows(f"DELETE FROM fast.{table.name}")
        n_new = session.one(f"INSERT INTO fast.{table.name} {_all(table, since)}")
        if n_new > 1 and _some_twice(session, table):
            session.rows(f"DELETE FROM fast.{table.name}")
            session.rows(f"INSERT INTO fast.{table.name} {_distinct(table, since)}")
        return
    if table.through:
        since = f"fast.{table.through}"
    if n == 0:
        return
    # To tell one row apart from others takes longer than the rest of its way, and mostly a single label arrives.
    new = _all(table, since) if n == 1 or table.twice else _distinct(table, since)
    if table.name == "scores":
        merged = "pair, model_id, coalesce(k.chosen, a.chosen), coalesce(k.rejected, a.rejected)"
        new = f"SELECT {merged} FROM ({_all(table, since)}) a LEFT JOIN fast.scores k USING (pair, model_id)"
        session.rows(f"CREATE OR REPLACE TEMP TABLE arrived AS {new}")
        session.rows("DELETE FROM fast.scores WHERE (pair, model_id) IN (SELECT (pair, model_id) FROM arrived)")
        session.rows("INSERT INTO fast.scores FROM arrived")
        return
    if table.twice:
        session.rows(f"INSERT INTO fast.{table.name} {new}")
        return
    if not table.through:
        session.rows(f"CREATE OR REPLACE TEMP TABLE arrived AS {new}")
        new = "FROM arrived"
    known = f"({table.key}) IN (SELECT ({table.key}) FROM {{}})"
    if table.replaces:
        gone = f"{since} WHERE {table.only}" if table.through else f"({new})"
        session.rows(f"DELETE FROM fast.{table.name} WHERE {known.format(gone)}")
        session.rows(f"INSERT INTO fast.{table.name} {new}")
        return
    session.rows(f"INSERT INTO fast.{table.name} FROM ({new}) WHERE NOT {known.format(f'fast.{table.name}')}")


def _measure_new(session: Session) -> None:
    unknown = "(FROM fast.pairs WHERE pair NOT IN (SELECT pair FROM fast.lengths))"
    ids = [row[0] for row in session.rows(f"SELECT unnest([chosen_id, rejected_id]) FROM {unknown}")]
    wanted = f"conversation_id IN ({marks(ids)})" if 0 < len(ids) <= _FEW else "true" if ids else "false"
    session.rows(_LENGTHS.format(wanted=wanted, pairs=unknown), ids if len(ids) <= _FEW else ())
    session.rows("INSERT INTO fast.lengths FROM measured")


def _all(table: Table, source: str) -> str:
    if table.numbers:
        numbers = ", ".join(f"fast.number_of({name}_id) AS {name}" for name in table.numbers)
        source = f"(SELECT {numbers}, * FROM {source})"
    return f"SELECT {table.columns} FROM {table.reads.replace('{source}', source)} WHERE {table.only}"


def _distinct(table: Table, source: str) -> str:
    return f"{_all(table, source)} QUALIFY row_number() OVER (PARTITION BY {table.key} ORDER BY {table.newest}) = 1"
