import asyncio
import time
from functools import partial

import pytest

from music_core.chat.engine import Engine, PriorityLimit, in_window
from music_core.chat.journal import CallKey, Journal
from music_core.chat.protocol import ChatReply, ChatRequest, RequestRefusedError, Sampling
from music_core.chat.scripted import ScriptedChat
from music_core.errors import ChatError
from music_core.types import Message

ASK = ChatRequest((Message("user", "Hi"),), Sampling(), 0)


def key(seed: str, turn: int = 1) -> CallKey:
    return CallKey("f", seed, "chosen", turn, "assistant", 0, "h")


def test_calls_stay_within_the_endpoints_limit_and_use_all_of_it() -> None:
    async def go() -> ScriptedChat:
        model, engine = ScriptedChat(latency_s=0.005, max_concurrency=5), Engine(Journal())
        await asyncio.gather(*(engine.call(model, ASK, key(str(i))) for i in range(40)))
        return model

    assert asyncio.run(go()).max_in_flight == 5


def test_a_finished_call_is_not_made_again() -> None:
    async def go() -> None:
        model, journal = ScriptedChat(), Journal()
        first = await Engine(journal).call(model, ASK, key("s"))
        engine = Engine(journal)
        assert await engine.call(model, ASK, key("s")) == first
        assert (model.n_calls, engine.stats.n_calls, engine.stats.n_replayed) == (1, 0, 1)

    asyncio.run(go())


def test_a_passing_failure_is_tried_again_and_a_lasting_one_is_raised() -> None:
    async def go() -> None:
        engine = Engine(Journal(), retries=2, backoff_s=0.001)
        passing = ScriptedChat(fail=lambda n: ChatError("down") if n < 3 else None)
        assert (await engine.call(passing, ASK, key("a"))).finish_reason == "stop"
        lasting = ScriptedChat(fail=lambda _: ChatError("down"))
        with pytest.raises(ChatError, match="down"):
            await engine.call(lasting, ASK, key("b"))
        assert lasting.n_calls == 3

    asyncio.run(go())


def test_a_refused_request_is_not_tried_again() -> None:
    async def go() -> None:
        model = ScriptedChat(fail=lambda _: RequestRefusedError("too long"))
        with pytest.raises(RequestRefusedError):
            await Engine(Journal()).call(model, ASK, key("a"))
        assert model.n_calls == 1

    asyncio.run(go())


def test_no_rollout_waits_for_another_between_turns() -> None:
    """One slow chain of four calls beside eight quick ones: the whole takes as long as the slow one alone."""

    async def go() -> float:
        async def answer(seed: str, turn: int) -> ChatReply:
            slow = seed == "0"
            return await engine.call(slow_model if slow else quick_model, ASK, key(seed, turn))

        async def rollout(seed: str) -> str:
            for turn in range(4):
                await answer(seed, turn)
            return seed

        engine = Engine(Journal())
        slow_model = ScriptedChat(latency_s=0.1, endpoint="slow")
        quick_model = ScriptedChat(latency_s=0.005, endpoint="quick")
        started = time.perf_counter()
        order = [seed async for seed in in_window([partial(rollout, str(i)) for i in range(9)], 9)]
        assert order[-1] == "0"
        return time.perf_counter() - started

    assert asyncio.run(go()) < 1.0


def test_older_rollouts_go_first() -> None:
    async def go() -> list[int]:
        limit, order = PriorityLimit(1), list[int]()

        async def enter(priority: int) -> None:
            async with limit.slot(priority):
                order.append(priority)
                await asyncio.sleep(0)

        await asyncio.gather(*(enter(p) for p in (9, 5, 7, 1, 5)))
        return order

    assert asyncio.run(go()) == [9, 1, 5, 5, 7]  # 9 found an empty place


def test_a_waiter_that_is_cancelled_gives_no_place_away() -> None:
    async def go() -> None:
        limit = PriorityLimit(1)

        async def hold(event: asyncio.Event) -> None:
            async with limit.slot(0):
                await event.wait()

        release = asyncio.Event()
        holder, waiter = asyncio.create_task(hold(release)), asyncio.create_task(hold(release))
        await asyncio.sleep(0)
        waiter.cancel()
        release.set()
        await asyncio.gather(holder, waiter, return_exceptions=True)
        async with asyncio.timeout(1), limit.slot(0):
            pass

    asyncio.run(go())


def test_a_stop_ends_the_window_and_cancels_what_is_in_flight() -> None:
    async def go() -> tuple[int, bool]:
        cancelled = False

        async def endless() -> int:
            nonlocal cancelled
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled = True
                raise
            return 0

        started = time.monotonic()
        n = len([x async for x in in_window([endless] * 3, 2, should_stop=lambda: time.monotonic() - started > 0.1)])
        return n, cancelled

    assert asyncio.run(go()) == (0, True)


def test_the_window_bounds_what_runs_at_once_and_raises_the_first_failure() -> None:
    async def go() -> None:
        running = most = 0

        async def job(n: int) -> int:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.002)
            running -= 1
            if n == 13:
                raise ChatError("thirteen")
            return n

        assert sorted([x async for x in in_window([partial(job, n) for n in range(12)], 3)]) == list(range(12))
        assert most == 3
        with pytest.raises(ChatError, match="thirteen"):
            [x async for x in in_window([partial(job, n) for n in range(10, 20)], 4)]

    asyncio.run(go())
