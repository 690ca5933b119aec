"""One DuckDB per process over the lake, a cursor per call, and the one helper through which every write goes."""

import contextlib
import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from music_core.config import load_settings
from music_core.errors import StoreBusyError, StoreError
from music_core.store import attach, migrate
from music_core.store.index import CATALOG, Index
from music_core.store.index_tables import COPIES
from music_core.store.keeper import Keeper
from music_core.store.queue import Queue
from music_core.store.session import Row, Session
from music_core.store.text import without_password
from music_core.store.together import Together, Write

T = TypeVar("T")

QUEUE_FILE = ".writers"
LABELS = "labels"
RETRY_S = 30.0
# Several writes in one transaction give up sooner, see `Together`.
TOGETHER_S = 1.0
# A list takes as long as two threads to start at about so many pairs.
LARGE = 300_000
# On a machine so busy that one attempt takes half a minute, one meeting with another writer must not be the end.
MIN_ATTEMPTS = 5
_NOT_OPENED = (
    "Nothing was changed. See that the catalog can be reached and is the one that belongs to this store; "
    "one that is damaged must be replaced by a copy of it."
)
_FIRST_WAIT_S = 0.004
_LONGEST_WAIT_S = 0.5
# How long a query may be held back so that those that run can end, see `Store._narrow`. They are short: long ones are wide.
_PAUSE_S = 0.2
# What another writer's presence looks like, on either catalog. Everything that we write is conditional on an id or
# a token, so a function may be run again even where it is not known whether its commit got through.
_BUSY = (
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "conflict",
    "already exists",
    "could not serialize",
    "deadlock detected",
    "duplicate key",
    "unique constraint",
    "starting up",
    "server closed the connection",
    "terminating connection",
    "connection refused",
    "does not match existing data path",  # another process has created the lake meanwhile; the next attempt takes its path
)


class _BehindError(Exception):
    """Somebody else has committed since the last look of the index."""


class Store:
    """An open store. Safe to share between threads; every call works on a cursor of its own."""

    def __init__(self, where: attach.Address, connection: duckdb.DuckDBPyConnection) -> None:
        self.where = where
        self.home = where.home
        self._root: duckdb.DuckDBPyConnection | None = connection
        self._guard = threading.Condition()
        self._queue = Queue(self.home / QUEUE_FILE)
        self._labels = Together(lambda: self._queue.turn(RETRY_S), self._write_labels)
        self._index = Index("postgres" if where.is_postgres else "sqlite")
        # Files that hold text, as last seen; see `store.texts`.
        self.text_files: tuple[str, ...] = ()
        self._n_cursors = self._n_wide = 0
        self._is_wide = False
        self._keeper: Keeper | None = None

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for the calling thread; closed at the end, with any transaction that it left open."""
        with self._counted() as cursor, contextlib.closing(cursor):
            yield cursor

    @contextlib.contextmanager
    def _counted(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor that may outlive the block, in which alone it may run queries."""
        with self._guard:
            self._guard.wait_for(lambda: not self._is_narrowing, _PAUSE_S)
            if self._root is None:
                raise StoreError("The store is closed.")
            cursor = self._root.cursor()
            self._n_cursors += 1
        try:
            yield cursor
        finally:
            with self._guard:
                self._n_cursors -= 1
                self._narrow()

    def read(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query over the newest snapshot. Internal to the store."""
        return self.view(lambda session: session.rows(sql, params))

    def view(self, fn: Callable[[Session], T]) -> T:
        """What `fn(session)` returns, all its queries seeing one and the same snapshot."""
        return retrying(lambda: self._transaction(fn), "read")

    def indexed(self, fn: Callable[[Session], T], needs: Collection[str] = ()) -> T:
        """What `fn(session)` returns, with the tables of the index (`fast.…`) at the newest snapshot beside those of the lake.

        `needs` names tables of the index that are read when first asked for, see `Selection.needs`.
        """

        def once() -> T:
            with self.wide(not self._index.has(needs)):
                self._index.refresh(self._cursor, needs)
            return self._transaction(fn)

        return retrying(once, "read")

    @property
    def is_large(self) -> bool:
        """Whether there are so many pairs, as far as the index knows, that a list of them gains by a second core; see `wide`."""
        return self._index.n_pairs > LARGE

    def holds(self, needs: Collection[str]) -> bool:
        """Whether the index has these tables already, which are read when first asked for."""
        return self._index.has(needs)

    @contextlib.contextmanager
    def wide(self, wanted: bool = True) -> Iterator[None]:
        """While the block runs, queries may use every core: for those that read much. One thread is better for all others."""
        if not wanted:
            yield
            return
        with self._guard:
            self._n_wide += 1
            if not self._is_wide:
                self._set_threads(os.cpu_count() or 1)
        try:
            yield
        finally:
            with self._guard:
                self._n_wide -= 1
                self._narrow()

    @property
    def _is_narrowing(self) -> bool:
        return self._is_wide and not self._n_wide

    def _narrow(self) -> None:
        """Back to few threads, once nobody wants more and no query runs. To be called under the guard.

        DuckDB ends threads by waiting for each, holding a lock that every starting query takes. A thread at work for
        DuckLake starts queries itself, so with one running both would wait for ever.
        """
        if self._is_narrowing and not self._n_cursors:
            self._set_threads(attach.THREADS)
            self._guard.notify_all()

    def _set_threads(self, n: int) -> None:
        if self._root is not None:
            with self._root.cursor() as cursor:
                cursor.execute(f"SET threads = {n}")
            self._is_wide = n > attach.THREADS

    def pack(self) -> None:
        """Compress the index in memory, once it has been filled; see `Index.pack`."""
        if self._index.ready:
            self._index.pack(self._cursor)

    def glance(self, fn: Callable[[Session], T]) -> T | None:
        """As `seen`, but None before the first use of the index: for what the lake answers as well."""
        return retrying(lambda: self._transaction(fn), "read") if self._index.ready else None

    def seen(self, fn: Callable[[Session], T]) -> T:
        """As `indexed` with the index as it stands, without a look at the lake; before its first use it is filled."""
        return retrying(lambda: self._transaction(fn), "read") if self._index.ready else self.indexed(fn)

    def outside(self, fn: Callable[[Session], T]) -> T:
        """What `fn(session)` returns, for queries that need no snapshot of the lake; errors of the database come as they are."""
        return self._transaction(fn)

    def arrived(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query over what the index has just brought from the lake (`fast.new_…`); none before its first use."""
        return self.indexed(lambda session: session.rows(sql, params)) if self._index.ready else []

    def write(self, kind: str, fn: Callable[[Session], T]) -> T:
        """Run `fn(session)` in one transaction that meets no other of its `kind`; returns what `fn` returned.

        There are no unique constraints, so an "insert unless it is there" is only safe because of two transactions of a kind
        the later one fails and its whole `fn` runs again, from its reads. They update the same lock row, which is a conflict.
        Labels, which are many and short, do without: they fail where anybody at all has committed since their first read.
        Therefore `fn` must have no effect outside the session. Labels that wait at the same time go into one transaction.

        Raises `StoreBusyError` where others kept the store busy for 30 s of attempts.
        """
        if kind == LABELS:
            return self._labels.write(fn)

        def locked(session: Session) -> T:
            take_lock(session, kind)
            return fn(session)

        with self._queue.turn(RETRY_S):
            value = retrying(lambda: self._transaction(locked), f"write of {kind}")
            self._index.overtaken = True
            return value

    def _write_labels(self, fns: Sequence[Write]) -> list[Any]:
        """All of `fns` in one transaction, which asks its questions of the index where that is at its snapshot, else of the lake."""

        def all_of_them(session: Session, *, looked: bool) -> list[Any]:
            if self._index.ready:
                if self._is_copied(session):
                    session.use_copies(COPIES)
                elif not looked:
                    raise _BehindError
            return [fn(session) for fn in fns]

        def once() -> list[Any]:
            # Mostly nobody else has committed: then the look is saved.
            if not self._index.overtaken:
                with contextlib.suppress(_BehindError):
                    return self._transaction(lambda session: all_of_them(session, looked=False), alone=True)
            self._index.catch_up(self._cursor)
            return self._transaction(lambda session: all_of_them(session, looked=True), alone=True)

        values = retrying(once, "write of labels", RETRY_S if len(fns) == 1 else TOGETHER_S)
        self._index.overtaken = True
        return values

    def _is_copied(self, session: Session) -> bool:
        return bool(session.one("SELECT id = (SELECT snapshot_id FROM fast.state) FROM ducklake_current_snapshot('lake')"))

    def _transaction(self, fn: Callable[[Session], T], *, alone: bool = False) -> T:
        with self._cursor() as cursor:
            if alone:
                # DuckLake commits on top of what others have committed meanwhile where it sees no conflict; not this one.
                cursor.execute("SET SESSION ducklake_max_retry_count = 0")
            cursor.execute("BEGIN")
            try:
                result = fn(Session(cursor))
                cursor.execute("COMMIT")
            except BaseException:
                migrate.rollback(cursor)
                raise
            return result

    def written_at(self, tables: Collection[str]) -> int:
        """The newest snapshot that added to one of these tables of the lake, of those that the index has seen; this looks at none."""
        return self._index.written_at(tables)

    def version(self) -> int:
        """Id of the newest snapshot: grows with every commit by anyone, so it serves as a cache key."""
        return int(self.read("SELECT id FROM ducklake_current_snapshot('lake')")[0][0])

    def keep_open(self) -> None:
        """Until `close` or `let_go`: keep the catalog open between transactions; see `store.keeper`. For a server."""
        if not self.where.is_postgres and self._keeper is None and self.is_open:
            # SQLite follows links before it names its log.
            log = Path(f"{os.path.realpath(self.where.catalog.partition(':')[2])}-wal")
            self._keeper = Keeper(self._idle_transaction, log)

    def let_go(self) -> None:
        """End what `keep_open` has begun."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.end()

    def _idle_transaction(self) -> duckdb.DuckDBPyConnection:
        with self._counted() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"SELECT * FROM sqlite_query('{CATALOG}', 'SELECT count(*) FROM ducklake_schema')").fetchall()
            return cursor

    @property
    def is_open(self) -> bool:
        """Whether `close` has not been called yet."""
        return self._root is not None

    @property
    def owns_data_path(self) -> bool:
        """Whether the Parquet files lie in the store's own folder, where no other lake can have any."""
        return self.where.data_path is not None and Path(self.where.data_path).is_relative_to(self.home)

    def close(self) -> None:
        """Release the catalog; may be called twice. Calls of other methods after this raise `StoreError`."""
        self.let_go()
        with self._guard:
            root, self._root = self._root, None
        if root is not None:
            attach.disconnect(root, self.where)
            self._queue.close()


def take_lock(session: Session, kind: str) -> None:
    """Update the lock row `kind` in the transaction of `session`; see `Store.write`."""
    if not session.one("UPDATE lake.locks SET n = n + 1 WHERE kind = ?", [kind]):
        raise StoreError(f"The store has no lock row '{kind}'.", "Run music store check.")


def retrying(fn: Callable[[], T], what: str, limit_s: float = RETRY_S) -> T:
    """The result of `fn`, called again after a jittered, growing pause while the catalog is busy.

    Raises `StoreBusyError` after `limit_s` seconds and five attempts, and `StoreError` for any other error of the database.
    """
    start, wait_s = time.monotonic(), _FIRST_WAIT_S
    for attempt in itertools.count(1):
        try:
            return fn()
        except duckdb.Error as e:
            text = without_password(str(e))
            if not any(sign in text.lower() for sign in _BUSY):
                raise StoreError(f"The store failed in a {what}: {text}", "Run music store check: it names what is damaged.") from e
            if time.monotonic() - start > limit_s and attempt >= MIN_ATTEMPTS:
                raise StoreBusyError(
                    f"Other writers kept the store busy for {limit_s:.0f} s ({what}); nothing of it was stored.",
                    f"Try again. The last answer of the catalog was: {' '.join(text.split())[:300]}",
                ) from e
        time.sleep(random.uniform(0.3, 1.0) * wait_s)
        wait_s = min(wait_s * 1.5, _LONGEST_WAIT_S)
    raise AssertionError("unreachable")


def open_store(home: Path | None = None, *, catalog: str | None = None, data_path: str | None = None) -> Store:
    """Open the store in `home` (None: as configured), creating or upgrading it as needed.

    `catalog` is `sqlite:PATH` (default: in `home`) or `postgres:DSN`; `data_path` a folder or an s3:// address.
    Raises `StoreError` when the store is newer than this program or cannot be opened.
    """
    if home is None:
        settings = load_settings()
        home, catalog, data_path = settings.home, catalog or settings.catalog, data_path or settings.data_path
    where = attach.address(home, catalog, data_path)
    try:
        return Store(where, _connected(where))
    except StoreBusyError:
        raise
    except StoreError as e:
        if not isinstance(e.__cause__, duckdb.Error):
            raise
        text = " ".join(without_password(str(e.__cause__)).split())[:300]
        raise StoreError(f"The store in {where.home} cannot be opened: {text}", _NOT_OPENED) from e.__cause__
    except OSError as e:
        raise StoreError(
            f"The store's folder {where.home} cannot be used: {e.strerror or e}.", "Set MUSIC_HOME to a folder you may write to."
        ) from e


def _connected(where: attach.Address) -> duckdb.DuckDBPyConnection:
    """The lake, upgraded; see `open_store`."""
    connection = retrying(lambda: attach.connect(where), "opening")
    try:
        if not retrying(lambda: migrate.is_current(connection), "opening"):
            with contextlib.closing(Queue(where.home / QUEUE_FILE)) as queue, queue.turn(RETRY_S):
                retrying(lambda: migrate.upgrade(connection), "opening")
        retrying(lambda: attach.attach_again(connection, where), "opening")
    except BaseException:
        connection.close()
        raise
    return connection
