"""Open the catalog: extensions by path, SQLite in WAL mode, the DuckLake attached as `lake`."""

import contextlib
import importlib.util
import os
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

import duckdb

from music_core.errors import MissingExtraError, StoreError

BUSY_TIMEOUT_MS = 2000
# Inserts of up to so many rows go into the catalog rather than into a Parquet file each; `music store compact` moves them.
INLINE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store lies. `catalog` is `sqlite:PATH` or `postgres:DSN`; `data_path` None means the one the catalog knows."""

    home: Path
    catalog: str
    data_path: str | None

    @property
    def is_postgres(self) -> bool:
        """Whether the catalog is a Postgres database."""
        return self.catalog.startswith("postgres:")


def address(home: Path, catalog: str | None, data_path: str | None) -> Address:
    """The address from settings; the default is an SQLite catalog and Parquet files, both under `home`.

    Raises `StoreError` for a catalog that is neither SQLite nor Postgres.
    """
    home = home.expanduser().resolve()
    name = (catalog or f"sqlite:{home / 'catalog.sqlite'}").removeprefix("ducklake:")
    if not name.startswith(("sqlite:", "postgres:")):
        raise StoreError(f"'{name.split(':')[0]}' is not a catalog.", "Use sqlite:PATH or postgres:dbname=… host=….")
    default = name.startswith("sqlite:") or data_path is not None
    return Address(home, name, (data_path or f"{home / 'parquet'}/") if default else None)


# Our queries are many and small, and DuckLake sends several of its own for each; a second thread doubles the processor time of
# every one of them and halves the speed of a busy machine. Those that read much ask for more, see `Store.wide`.
THREADS = 1
# Instances of stores that were closed, with their extensions loaded: checking the signature of those takes 0.3 s.
_idle: dict[str, list[duckdb.DuckDBPyConnection]] = {}
_idle_guard = threading.Lock()


def connect(where: Address) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with the lake attached as `lake`, created where there was none, and an empty `fast` beside it.

    Raises `duckdb.Error` when the catalog is busy (the caller retries) and `StoreError` when it can never work.
    """
    where.home.mkdir(parents=True, exist_ok=True)
    connection = _taken(where)
    try:
        connection.execute(f"SET threads = {THREADS}")  # a store closed in the midst of a wide read left more
        _attach(connection, where)
        connection.execute("ATTACH ':memory:' AS fast")
    except BaseException:
        connection.close()
        raise
    return connection


def attach_again(connection: duckdb.DuckDBPyConnection, where: Address) -> None:
    """Attach the lake anew, which is when DuckLake reads the options of tables; it never looks at them again.

    A process that attached before another one had migrated would inline conversations, and so make them unreadable.
    """
    connection.execute("USE memory")
    connection.execute("DETACH lake")
    _attach(connection, where)


def disconnect(connection: duckdb.DuckDBPyConnection, where: Address) -> None:
    """Let go of the lake; the instance is kept for the next store, unless a query is still running on it."""
    try:
        connection.execute("DETACH fast")
        connection.execute("DETACH lake")
    except duckdb.Error:
        connection.close()
        return
    _keep(connection, where)


def _keep(connection: duckdb.DuckDBPyConnection, where: Address) -> None:
    with _idle_guard:
        _idle.setdefault(_extensions(where)[0], []).append(connection)


def _taken(where: Address) -> duckdb.DuckDBPyConnection:
    """An instance with the extensions that this address needs: one that was kept, else a new one."""
    names = _extensions(where)
    with _idle_guard:
        kept = _idle.get(names[0])
        connection = kept.pop() if kept else _new_instance()
    try:
        for name in names:
            load_extension(connection, name)
    except BaseException:
        connection.close()
        raise
    return connection


def _new_instance() -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        # Nothing may be fetched at run time; extensions come from wheels whose signature DuckDB checks.
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # A table that is not there must be an error, not a variable of the calling function that has its name.
        "python_enable_replacements": "false",
    }
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET GLOBAL parquet_metadata_cache = true")  # files of a lake never change
    return connection


def _extensions(where: Address) -> list[str]:
    remote = (where.data_path or "").startswith(("s3://", "gcs://", "http"))
    return ["postgres_scanner" if where.is_postgres else "sqlite_scanner", "ducklake", *(["httpfs"] if remote else [])]


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension from its wheel, once; where no wheel fits the platform, from DuckDB's own registry."""
    if connection.execute("SELECT 1 FROM duckdb_extensions() WHERE extension_name = ? AND loaded", [name]).fetchone():
        return
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    version = f"v{duckdb.__version__}"
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder) / "extensions" / version / f"{name}.duckdb_extension"
        if file.is_file():
            connection.execute(f"LOAD {_quoted(str(file))}")
            return
    if spec is None and name in ("postgres_scanner", "httpfs"):
        raise MissingExtraError(f"A store on {'Postgres' if name == 'postgres_scanner' else 'a remote data path'}", "postgres")
    try:
        connection.execute(f"INSTALL {name}")
        connection.execute(f"LOAD {name}")
    except duckdb.Error as e:
        raise StoreError(f"DuckDB's extension {name} cannot be loaded: {e}", "Run make setup again.") from e


def _attach(connection: duckdb.DuckDBPyConnection, where: Address) -> None:
    options = [f"DATA_INLINING_ROW_LIMIT {INLINE_ROWS}"]
    if not where.is_postgres:
        _create_wal_file(Path(where.catalog.partition(":")[2]))
        options.append(f"META_BUSY_TIMEOUT {BUSY_TIMEOUT_MS}")
    if where.data_path is not None:
        # Overriding lets a store's folder be moved or mounted elsewhere: files are kept relative to this path.
        _attach_with(connection, where, [*options, *_data_path(where.data_path), "OVERRIDE_DATA_PATH true"])
        return
    try:
        _attach_with(connection, where, [*options, "CREATE_IF_NOT_EXISTS false"])
    except duckdb.InvalidInputException:  # there is no lake in this catalog yet
        _attach_with(connection, where, [*options, *_data_path(f"{where.home / 'parquet'}/")])


def _attach_with(connection: duckdb.DuckDBPyConnection, where: Address, options: list[str]) -> None:
    connection.execute(f"ATTACH {_quoted('ducklake:' + where.catalog)} AS lake ({', '.join(options)})")


def _data_path(path: str) -> list[str]:
    if "://" not in path:
        Path(path).mkdir(parents=True, exist_ok=True)
    return [f"DATA_PATH {_quoted(path)}"]


def _create_wal_file(path: Path) -> None:
    """Put an empty SQLite file in WAL mode at `path` unless there is one.

    Written aside and linked into place, for two reasons. Two processes may come here at once, and only one link
    wins. And Python's SQLite must never open the live file: closing it would drop the POSIX locks that DuckDB's
    own copy of SQLite holds on it in this process. In rollback mode, readers and writers stall each other for seconds.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with contextlib.closing(sqlite3.connect(aside)) as db:
            db.execute("PRAGMA journal_mode = WAL")
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
