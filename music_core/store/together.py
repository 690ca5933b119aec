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
        with self._guard:
            self._waiting.append(own)
            self._guard.wait_for(lambda: answer.done() or not self._is_led)
            if answer.done():
                return answer.result()
            self._is_led = True
        try:
            self._lead(own)
        finally:
            with self._guard:
                self._waiting = [wish for wish in self._waiting if wish is not own]
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
            if len(wishes) == 1 or isinstance(e, StoreBusyError):
                for _, answer in wishes:
                    answer.set_exception(e)
                return
            # All of it is undone. Each alone, so that it fails for whoever has caused it.
            for wish in wishes:
                self._serve([wish])
            return
        for (_, answer), value in zip(wishes, values, strict=True):
            answer.set_result(value)
