"""Writers of one machine take turns, so that they seldom meet in the catalog.

This is for speed and fairness only: without it every meeting costs the loser a whole transaction, and of two writers
without a pause each gets through by luck. What keeps rows from being lost or doubled is how they are written, which also holds
between machines (`Store.write`). The kernel releases the file lock when its holder is killed.
"""

import contextlib
import fcntl
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_POLL_S = 0.004


class Queue:
    """Turns for the threads of this process and for all processes that name the same file."""

    def __init__(self, path: Path) -> None:
        self._threads = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    @contextlib.contextmanager
    def turn(self, limit_s: float) -> Iterator[None]:
        """Hold a turn inside the `with` block; after `limit_s` seconds of waiting go on without, since nothing rests on it."""
        until = time.monotonic() + limit_s
        mine = self._threads.acquire(timeout=limit_s)
        try:
            while mine and not self._taken() and time.monotonic() < until:
                time.sleep(random.uniform(0.5, 1.5) * _POLL_S)
            yield
        finally:
            if mine:
                fcntl.flock(self._file, fcntl.LOCK_UN)
                self._threads.release()

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give the file back."""
        os.close(self._file)
