"""Numbered SQL files bring a store from any older version to the present one."""

from importlib import resources

import duckdb

from music_core.errors import StoreError
from music_core.store.text import now


def migrations() -> list[tuple[int, str, str]]:
    """(version, file name, SQL) of every migration in order; the file name starts with the version in four digits."""
    files = [f for f in resources.files("music_core.store.migrations").iterdir() if f.name.endswith(".sql")]
    return sorted((int(f.name[:4]), f.name, f.read_text(encoding="utf-8")) for f in files)


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Version of the store behind `connection`; 0 for an empty lake."""
    try:
        row = connection.execute("SELECT coalesce(max(version), 0) FROM lake.migrations").fetchone()
    except duckdb.CatalogException:  # no such table
        return 0
    return int(row[0]) if row else 0


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the store has this program's version. Raises `StoreError` for one that is newer."""
    version, newest = schema_version(connection), migrations()[-1][0]
    if version > newest:
        raise StoreError(
            f"This store has version {version}, but this program knows only versions up to {newest}.",
            "Update the workbench (git pull, then make setup), or point MUSIC_HOME at another folder.",
        )
    return version == newest


def upgrade(connection: duckdb.DuckDBPyConnection, up_to: int | None = None) -> None:
    """Run the missing migrations, each in one transaction, up to version `up_to` (None: all).

    Raises `duckdb.Error` when another process is migrating too; run it again then.
    """
    for number, name, sql in migrations():
        if up_to is None or number <= up_to:
            apply(connection, number, name, sql)


def apply(connection: duckdb.DuckDBPyConnection, number: int, name: str, sql: str) -> None:
    """Run one migration in one transaction, unless another process has done so meanwhile."""
    connection.execute("BEGIN")
    try:
        version = schema_version(connection)
        if version < number:
            if version > 0:
                connection.execute("UPDATE lake.locks SET n = n + 1 WHERE kind = 'schema'")
            connection.execute("USE lake")
            connection.execute(sql)
            connection.execute("INSERT INTO lake.migrations VALUES (?, ?, ?)", [number, name, now()])
        connection.execute("COMMIT")
    except BaseException:
        rollback(connection)
        raise


def rollback(connection: duckdb.DuckDBPyConnection) -> None:
    """End the transaction of `connection` if there still is one (a failed COMMIT has ended it already)."""
    try:
        connection.execute("ROLLBACK")
    except duckdb.TransactionException:
        return
