"""A catalog on SQLite that stays open between transactions, for a process in which several threads read.

DuckDB opens SQLite's file anew for each transaction. The last to close it writes back the log beside it (`-wal`) and takes the log away;
the next sets it up again. Whoever comes in that moment waits for a second: as DuckDB brings it, SQLite cannot sleep for less. A transaction
that has read once and is left open keeps the log. While it is there the log cannot begin anew, so it goes where the log has grown large.
"""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb

from music_core.errors import StoreError

LOOK_S = 1.0
MOST_BYTES = 16_000_000


class Keeper:
    """A thread that holds a transaction of `begin()` while the `log` is small. `end` may be called twice."""

    def __init__(self, begin: Callable[[], duckdb.DuckDBPyConnection], log: Path) -> None:
        self._begin, self._log = begin, log
        self._held: duckdb.DuckDBPyConnection | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="catalog-keeper", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let go, and wait until that is done."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            # A busy or closed store is left alone; the next look is soon.
            with contextlib.suppress(duckdb.Error, StoreError):
                self._look()
            if self._ended.wait(LOOK_S):
                break
        self._let_go()

    def _look(self) -> None:
        try:
            size = self._log.stat().st_size
        except OSError:  # nobody has it open
            size = 0
        if size > MOST_BYTES:
            self._let_go()
        elif self._held is None:
            self._held = self._begin()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()
