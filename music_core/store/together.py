"""Short writes of one process that wait for their turn at the same moment go into one transaction.

A commit costs as much as several labels do, and with many people at one server it is what they wait for. Those who
wait anyway wait together, and whoever comes first does the work of all.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from music_core.errors import StoreBusyError
from music_core.store.session import Session

T = TypeVar("T")
Write = Callable[[Session], Any]
_Wish = tuple[Write, "Future[Any]"]

# A transaction of more would keep all of them waiting for long.
MOST = 32


class Together:
    """Writes of one kind. `turn()` keeps other writers out; `run(fns)` runs all in one transaction, in this order, or none of them."""

    def __init__(self, turn: Callable[[], AbstractContextManager[None]], run: Callable[[Sequence[Write]], list[Any]]) -> None:
        self._turn = turn
        self._run = run
        self._guard = threading.Condition()
        self._waiting: list[_Wish] = []
        self._is_led = False

    def write(self, fn: Callable[[Session], T]) -> T:
        """What `fn(session)` returned in a transaction that may have held others' writes; what it raises undoes only its own."""
        answer: Future[T] = Future()
        own: _Wish = (fn, answer)
        leads = False
        with self._guard:
            self._waiting.append(own)
        try:
            with self._guard:
                self._guard.wait_for(lambda: answer.done() or not self._is_led)
                if not answer.done():
                    leads = self._is_led = True
            if leads:
                self._lead(own)
        finally:
            # Also where this thread was interrupted: nobody does for it what it has given up.
            with self._guard:
                self._waiting = [wish for wish in self._waiting if wish is not own]
                if leads:
                    self._is_led = False
                self._guard.notify_all()
        return answer.result()

    def _lead(self, own: _Wish) -> None:
        with self._turn():
            with self._guard:
                others = [wish for wish in self._waiting if wish is not own][: MOST - 1]
                self._waiting = [wish for wish in self._waiting if wish is not own and wish not in others]
            try:
                self._serve([own, *others])
            finally:
                # Where this thread was interrupted, others do their own.
                with self._guard:
                    self._waiting += [wish for wish in others if not wish[1].done()]

    def _serve(self, wishes: Sequence[_Wish]) -> None:
        try:
            values = self._run([fn for fn, _ in wishes])
        except Exception as e:
            if len(wishes) == 1:
                wishes[0][1].set_exception(e)
                return
            # All of it is undone. In halves, since a shorter transaction gets through beside busy writers, and so that in the end
            # it fails for whoever has caused it.
            half = len(wishes) // 2
            self._serve(wishes[:half])
            found = wishes[0][1].exception()
            if not isinstance(found, StoreBusyError):
                self._serve(wishes[half:])
                return
            # Not even one got through, so the others need not try. An error of one's own for each: raising adds to it.
            for _, answer in wishes[half:]:
                answer.set_exception(StoreBusyError(found.message, found.hint))
            return
        for (_, answer), value in zip(wishes, values, strict=True):
            answer.set_result(value)
