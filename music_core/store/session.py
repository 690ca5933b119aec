"""A cursor with the store's manners: text escaped at the rim, rows inserted only where their id is new."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from music_core.errors import StoreError
from music_core.store.text import MARK, decode, encode

Row = tuple[Any, ...]
# A list of literals lets a query skip files and row groups, but its cost grows with the square of its length; from about so
# many random ids on there is nothing to skip, and a join is up to 100 times faster.
MOST_LITERALS = 200
_PLAIN = ("VARCHAR", "JSON")
# Up to so many rows go in as values: for one row that takes a third of the time of a table of Arrow.
_FEW_ROWS = 8
_SCALARS = (str, int, float, datetime, type(None))


@dataclass(frozen=True, slots=True)
class IdTable:
    """Ids laid out as a query takes them, so that asking about thousands again and again costs nothing for each; see `id_table`."""

    rows: Any


class Session:
    """One cursor, used by one thread inside one call of the store."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._copies: dict[str, str] = {}
        self._added: dict[str, list[Mapping[str, Any]]] = {}

    def use_copies(self, copies: Mapping[str, str]) -> None:
        """Have `rows_of` name these copies, by table of the lake, for whoever knows that they are at this transaction's snapshot."""
        self._copies = dict(copies)

    def rows_of(self, table: str) -> str:
        """What to read in place of a table of the lake, with what this session has added to it; a copy has fewer columns."""
        copy, added = self._copies.get(table), self._added.get(table, [])
        if copy is None or not added:
            return copy or f"lake.{table}"
        names = [column[0] for column in self._cursor.execute(f"FROM {copy} LIMIT 0").description or ()]
        self._cursor.register(f"added_{table}", _table(added, names))
        return f"(FROM {copy} UNION ALL FROM added_{table})"

    def rows(self, sql: str, params: Sequence[Any] = (), wanted: IdTable | None = None) -> list[Row]:
        """All rows of a query; strings in `params` and in the rows are escaped and restored. `wanted` is a table of that name in it."""
        if wanted is not None:
            self._cursor.register("wanted", wanted.rows)
        found = self._cursor.execute(sql, [_encoded(p) for p in params])
        kinds = [str(column[1]) for column in found.description or ()]
        rows = found.fetchall()
        if wanted is not None:
            self._cursor.unregister("wanted")
        return _restored(rows, kinds)

    def arrays(self, sql: str, params: Sequence[Any] = ()) -> dict[str, Any]:
        """The columns of a query as numpy arrays, for numbers: strings would come as they are stored."""
        return dict(self._cursor.execute(sql, [_encoded(p) for p in params]).fetchnumpy())

    def one(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """The only value of a query, None where it has no row."""
        found = self.rows(sql, params)
        return found[0][0] if found else None

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append `rows` (column → value, the same columns in each) to `table`.

        Raises `StoreError` for NaN and infinity: an inlined NaN inside a list comes back as NULL, and no figure may rest on one.
        """
        if rows:
            _refuse_not_finite(table, rows)
            columns = ", ".join(rows[0])
            into = f"INSERT INTO lake.{table} ({columns})"
            if len(rows) <= _FEW_ROWS and all(isinstance(value, _SCALARS) for row in rows for value in row.values()):
                values = ", ".join(f"({marks(rows[0])})" for _ in rows)
                self._cursor.execute(f"{into} VALUES {values}", [_encoded(row[name]) for row in rows for name in rows[0]])
            else:
                self._cursor.register("incoming", _table(rows, rows[0]))
                self._cursor.execute(f"{into} SELECT {columns} FROM incoming")
                self._cursor.unregister("incoming")
            if table in self._copies:
                self._added.setdefault(table, []).extend(rows)

    def insert_new(self, table: str, key: str, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        """Append those of `rows` whose `key` is not in `table` yet, the first of each key; the keys that were new.

        Only safe inside `Store.write`, which makes a second writer of the same kind look again.
        """
        first = {row[key]: row for row in reversed(rows)}
        known = self.known(table, key, first)
        new = [row for k, row in first.items() if k not in known]
        self.insert(table, sorted(new, key=lambda row: str(row[key])))
        return {row[key] for row in new}

    def known(self, table: str, key: str, values: Iterable[str], schema: str = "lake") -> set[str]:
        """Those of `values` that are in column `key` of `table`, of the lake or of the index (`fast`)."""
        wanted = list(values)
        if not wanted:
            return set()
        if len(wanted) <= MOST_LITERALS:
            return {row[0] for row in self.rows(f"SELECT {key} FROM {schema}.{table} WHERE {key} IN ({marks(wanted)})", wanted)}
        sql = f"SELECT {key} FROM {schema}.{table} WHERE {key} IN (SELECT id FROM wanted)"
        return {row[0] for row in self.rows(sql, wanted=id_table(wanted))}


def id_table(ids: Iterable[str] | IdTable) -> IdTable:
    """The ids as a table with one column `id`, for `Session.rows`; one that is a table already as it is."""
    if isinstance(ids, IdTable):
        return ids
    return IdTable(pa.table({"id": pa.array([encode(i) for i in ids], pa.string())}))


def marks(values: Iterable[Any]) -> str:
    """As many question marks as there are values. Literal lists, since these prune files and row groups and joins do not."""
    return ", ".join("?" for _ in values)


def _table(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> pa.Table:
    return pa.table({name: [_encoded(row[name]) for row in rows] for name in names})


def _refuse_not_finite(table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        for name, value in row.items():
            if any(isinstance(v, float) and not math.isfinite(v) for v in (value if isinstance(value, list) else [value])):
                raise StoreError(f"A value for {table}.{name} is not a finite number: {value} (of {next(iter(row.values()))}).")


def _restored(rows: list[Row], kinds: Sequence[str]) -> list[Row]:
    """The rows with their strings as they went in. Escapes are rare, and copying half a million rows takes longer than a query."""
    texts = [i for i, kind in enumerate(kinds) if "VARCHAR" in kind or kind == "JSON"]
    escaped = {i for i in texts if kinds[i] not in _PLAIN or any(MARK in row[i] for row in rows if row[i] is not None)}
    return [tuple(_decoded(v) if i in escaped else v for i, v in enumerate(row)) for row in rows] if escaped else rows


def _encoded(value: Any) -> Any:
    if isinstance(value, str):
        return encode(value)
    if isinstance(value, list):
        return [encode(v) if isinstance(v, str) else _encoded(v) for v in value]
    if isinstance(value, dict):
        return {k: _encoded(v) for k, v in value.items()}
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, str):
        return decode(value)
    if isinstance(value, list):
        return [_decoded(v) for v in value]
    if isinstance(value, dict):
        return {k: _decoded(v) for k, v in value.items()}
    return value
