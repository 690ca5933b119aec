"""The engine: many rollouts at once over few endpoints, no call made twice.

A rollout is a plain coroutine with free control flow. There is no barrier between turns: whichever call is ready goes out as
soon as its endpoint has room, calls of the oldest rollout first, so that pairs finish early and prefix caches stay warm.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from music_core.chat.earlier import Earlier
from music_core.chat.journal import CallKey, Journal
from music_core.chat.protocol import ChatModel, ChatReply, ChatRequest, RequestRefusedError
from music_core.errors import ChatError

T = TypeVar("T")
# How often a stop that nobody announces is looked for while calls are in flight.
STOP_POLL_S = 0.2


@dataclass(slots=True)
class CallStats:
    """Calls made, calls found in the journal, and calls taken over from earlier runs; tokens and cost (US dollars) are of those made."""

    n_calls: int = 0
    n_replayed: int = 0
    n_reused: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost: float = 0.0

    def add(self, reply: ChatReply) -> None:
        """Count one call made."""
        self.n_calls += 1
        self.tokens_in += reply.tokens_in
        self.tokens_out += reply.tokens_out
        self.tokens_cached += reply.tokens_cached
        self.cost += reply.cost or 0.0


class PriorityLimit:
    """A semaphore whose waiters are let in by priority (lowest first), then by arrival."""

    def __init__(self, n: int) -> None:
        """Room for `n` at once."""
        self._free = n
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()

    @asynccontextmanager
    async def slot(self, priority: int) -> AsyncIterator[None]:
        """Hold one place while the block runs."""
        if self._free:
            self._free -= 1
        else:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (priority, next(self._arrivals), turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._release()  # the place was given to us in the same instant: hand it on
                raise
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Engine:
    """Makes calls within each endpoint's limit and journals every answer before handing it out."""

    def __init__(self, journal: Journal, *, earlier: Earlier | None = None, retries: int = 2, backoff_s: float = 1.0) -> None:
        """Calls in `earlier` are copied into the journal instead of made.

        `retries` come on top of the client's own, for a server that restarts; they wait `backoff_s`, doubled each time.
        """
        self._journal = journal
        self._earlier = earlier
        # By (seed, branch) of calls: the runs that made them, an empty name for this one.
        self.made_by: dict[tuple[str, str], set[str]] = {}
        self._retries = retries
        self._backoff_s = backoff_s
        self._limits: dict[str, PriorityLimit] = {}
        self.stats = CallStats()

    async def call(self, model: ChatModel, request: ChatRequest, key: CallKey, *, priority: int = 0) -> ChatReply:
        """The answer to `request`: from the journal if that call was finished before, then from earlier runs, else from the model.

        Raises `RequestRefusedError` at once, any other `ChatError` after the retries.
        """
        known = self._journal.get(key)
        if known is not None:
            self.stats.n_replayed += 1
            self._note(key)
            return known
        found = None if self._earlier is None else self._earlier.get(key)
        if found is not None:
            # Copied, so that this run resumes by itself whatever becomes of the other's folder.
            await self._journal.append(key, *found)
            self.stats.n_reused += 1
            self._note(key)
            return found[0]
        limit = self._limits.setdefault(model.endpoint, PriorityLimit(model.max_concurrency))
        async with limit.slot(priority):
            reply = await self._ask(model, request)
        await self._journal.append(key, reply)
        self.stats.add(reply)
        self._note(key)
        return reply

    def _note(self, key: CallKey) -> None:
        if self._earlier is not None:
            self.made_by.setdefault((key.seed, key.branch), set()).add(self._journal.origin(key))

    async def _ask(self, model: ChatModel, request: ChatRequest) -> ChatReply:
        for attempt in range(self._retries):
            try:
                return await model.complete(request)
            except RequestRefusedError:
                raise
            except ChatError:
                await asyncio.sleep(self._backoff_s * 2**attempt)
        return await model.complete(request)


def never() -> bool:
    """For work that nobody stops."""
    return False


async def in_window(
    jobs: Iterable[Callable[[], Coroutine[Any, Any, T]]], width: int, should_stop: Callable[[], bool] = never
) -> AsyncIterator[T]:
    """Run `jobs`, at most `width` at once, and yield their results as they finish.

    The first exception ends all and is raised. `should_stop` is asked at least five times a second; when it says yes, and
    when the caller stops iterating, the jobs in flight are cancelled and no more results come.
    """
    waiting = iter(jobs)
    running: set[asyncio.Task[T]] = set()
    done: set[asyncio.Task[T]] = set()
    try:
        while not should_stop():
            running |= {asyncio.create_task(job()) for job in itertools.islice(waiting, width - len(running))}
            if not running:
                return
            done, running = await asyncio.wait(running, timeout=STOP_POLL_S, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, *done, return_exceptions=True)


async def both(first: Awaitable[T], second: Awaitable[T]) -> tuple[T | BaseException, T | BaseException]:
    """Both results or exceptions: neither side is cut short by the other, so what comes out does not depend on timing."""
    a, b = await asyncio.gather(first, second, return_exceptions=True)
    return a, b
