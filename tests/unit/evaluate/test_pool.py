"""The simulation behind Best-of-N: distinct draws, nested pools, shared calls, spare draws, resuming after kill -9."""

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from music_core.chat.engine import Engine
from music_core.chat.journal import Journal
from music_core.chat.protocol import ChatReply, ChatRequest, Sampling
from music_core.chat.scripted import ScriptedChat, drawn_reply
from music_core.errors import ConfigError
from music_core.evaluate.best_of_n_estimate import estimate
from music_core.evaluate.pool import Pool, simulate_pools
from music_core.evaluate.selectors import LONGEST, RANDOM, baseline
from music_core.evaluate.simulation import PoolConfig, Simulators, simulators
from music_core.evaluate.turn_by_turn import pick_turn_by_turn
from music_core.types import Conversation, Message, Seed
from tests.unit.evaluate.bon import prompt
from tests.unit.evaluate.run_bon import CONFIG, NS, SCORERS, answer, picks, run, seeds

T = TypeVar("T")


def simulated(model: ScriptedChat, work: Callable[[Simulators], Awaitable[T]], config: PoolConfig = CONFIG) -> T:
    async def inner() -> T:
        async with Journal() as journal:
            return await work(simulators(Engine(journal), model, model, config))

    return asyncio.run(inner())


def test_a_pool_holds_different_conversations_that_begin_with_the_prompt_and_end_with_a_reply() -> None:
    model = ScriptedChat()
    pools, dropped = simulated(model, lambda sims: simulate_pools(seeds(3), sims))
    assert dropped == {}
    for n, pool in enumerate(pools):
        assert pool.seed == prompt(n)
        assert [c.index for c in pool.candidates] == [0, 1, 2, 3]
        assert len({c.conversation.id for c in pool.candidates}) == 4
        for c in pool.candidates:
            assert c.conversation.messages[0] == prompt(n).context.messages[0]
            assert [m.role for m in c.conversation.messages] == ["user", "assistant"] * 3
            assert [(t.turn, t.role) for t in c.turns] == [(1, "assistant"), (2, "user"), (2, "assistant"), (3, "user"), (3, "assistant")]
            assert len({t.seed for t in c.turns}) == 5


def drawn_of(pool: Pool) -> list[tuple[int, Conversation]]:
    return [(c.index, c.conversation) for c in pool.candidates]


def test_a_smaller_pool_is_the_beginning_of_a_larger_one() -> None:
    small, _ = simulated(ScriptedChat(answer), lambda sims: simulate_pools(seeds(), sims), dataclasses.replace(CONFIG, size=2))
    large, _ = simulated(ScriptedChat(answer), lambda sims: simulate_pools(seeds(), sims), dataclasses.replace(CONFIG, size=4))
    for few, many in zip(small, large, strict=True):
        assert drawn_of(few) == drawn_of(many)[: len(few.candidates)]


def test_a_draw_that_gates_refuse_is_replaced_by_the_next_and_counted() -> None:
    sims_seen: list[Simulators] = []

    async def work(sims: Simulators) -> None:
        sims_seen.append(sims)
        pools, dropped = await simulate_pools(seeds(), sims)
        assert set(dropped) == {"unfinished"}
        assert any([c.index for c in p.candidates] != [0, 1, 2, 3] for p in pools)
        for p in pools:
            indexes = [c.index for c in p.candidates]
            assert indexes == sorted(set(indexes))
            assert max(indexes) < 2 * CONFIG.size
            assert all(m.content != "A reply that stops in the" for c in p.candidates for m in c.conversation.messages)

    simulated(ScriptedChat(answer), work)
    assert sims_seen[0].refused["unfinished"] > 0


def test_prompts_whose_replies_never_pass_have_a_short_pool() -> None:
    model = ScriptedChat(lambda _request: ChatReply("Cut", "length"))
    pools, dropped = simulated(model, lambda sims: simulate_pools(seeds(2), sims))
    assert [p.candidates for p in pools] == [(), ()]
    assert dropped == {"unfinished": 2 * 2 * CONFIG.size}
    assert simulated(model, lambda sims: pick_turn_by_turn(seeds(2), SCORERS, NS, sims))[0] == []


def test_picks_do_not_depend_on_how_many_calls_are_in_flight() -> None:
    async def all_picks(width: int) -> list[object]:
        async with Journal() as journal:
            found = await picks(ScriptedChat(answer, max_concurrency=width), journal)
            return [dataclasses.replace(p, turns=()) for p in found]

    assert asyncio.run(all_picks(1)) == asyncio.run(all_picks(40))


def test_turn_by_turn_every_reply_is_the_best_of_the_first_n_and_the_user_answers_it() -> None:
    model = ScriptedChat()
    found, _ = simulated(model, lambda sims: pick_turn_by_turn(seeds(3), SCORERS, NS, sims))
    assert {(p.selector, p.n) for p in found} == {(s, n) for s in SCORERS for n in NS}
    assert len(found) == 3 * 4
    offered: dict[tuple[Message, ...], list[str]] = {}
    for request in model.requests:
        if "\n" not in request.sampling.stop:
            offered.setdefault(request.messages[1:], []).append(str(drawn_reply(request)))
    for p in found:
        assert len(p.indexes) == 3
        assert len(p.turns) == 5
        for at in p.conversation.assistant_positions():
            history, reply = p.conversation.messages[:at], p.conversation.messages[at].content
            scores = SCORERS[p.selector]([Conversation((*history, Message("assistant", r))) for r in offered[history]])
            mine = SCORERS[p.selector]([Conversation((*history, Message("assistant", reply)))])[0]
            assert mine is not None
            if p.n == max(NS):
                assert mine == max(s for s in scores if s is not None)


def test_turn_by_turn_calls_are_shared_with_the_pool_and_between_selectors() -> None:
    async def work(sims: Simulators) -> tuple[int, int, int]:
        await simulate_pools(seeds(3), sims)
        n_pool = sims.engine.stats.n_calls
        await pick_turn_by_turn(seeds(3), {LONGEST: baseline(LONGEST, 0)}, (4,), sims)
        n_one = sims.engine.stats.n_calls
        # Under another name it takes the same replies everywhere: not one more call.
        await pick_turn_by_turn(seeds(3), {LONGEST: baseline(LONGEST, 0), "again": baseline(LONGEST, 0)}, (4,), sims)
        return n_pool, n_one, sims.engine.stats.n_calls

    model = ScriptedChat()
    n_pool, n_one, n_two = simulated(model, work)
    assert n_pool == 3 * 4 * 5
    # New at turn 2: three of four replies. New at turn 3: the user's message and four replies.
    assert n_one - n_pool <= 3 * (3 + 1 + 4)
    assert n_two == n_one == model.n_calls


def test_the_pool_is_estimated_as_many_calls_as_it_makes_and_turn_by_turn_no_fewer() -> None:
    scorers = {RANDOM: baseline(RANDOM, 0), LONGEST: baseline(LONGEST, 0)}
    config = dataclasses.replace(CONFIG, size=8)

    async def work(sims: Simulators) -> tuple[int, int]:
        await simulate_pools(seeds(3), sims)
        n_pool = sims.engine.stats.n_calls
        await pick_turn_by_turn(seeds(3), scorers, (2, 8), sims)
        return n_pool, sims.engine.stats.n_calls

    n_pool, n_all = simulated(ScriptedChat(), work, config)
    expected = estimate(3, (2, 8), 1, config)
    assert expected.assistant.calls + expected.user.calls == n_pool
    assert expected.judge.calls == round(3 * 2 * (1 / 2 + 7 / 8))
    both = estimate(3, (2, 8), 1, config, n_chains=2, n_judged_again=1)
    assert n_pool < n_all <= both.assistant.calls + both.user.calls
    assert both.conversations == 3 * (8 + 4)


def test_stopping_ends_early_and_going_on_repeats_nothing() -> None:
    model = ScriptedChat(max_concurrency=4)

    async def work(sims: Simulators) -> None:
        await simulate_pools(seeds(), sims, should_stop=lambda: sims.engine.stats.n_calls >= 30)
        assert 30 <= sims.engine.stats.n_calls < 5 * 4 * 5
        pools, _ = await simulate_pools(seeds(), sims)
        assert all(len(p.candidates) == 4 for p in pools)
        n_calls = sims.engine.stats.n_calls
        found, _ = await pick_turn_by_turn(seeds(), SCORERS, NS, sims, should_stop=lambda: True)
        assert found == []
        assert sims.engine.stats.n_calls == n_calls == 5 * 4 * 5

    simulated(model, work)


def test_what_cannot_work_is_refused_before_any_call() -> None:
    with pytest.raises(ConfigError, match="temperature 0"):
        PoolConfig(assistant=Sampling(temperature=0.0))
    with pytest.raises(ConfigError, match="size must be at least 1"):
        PoolConfig(size=0)
    model = ScriptedChat()
    odd = Seed(Conversation((*prompt(1).context.messages, Message("assistant", "Yes."))))
    with pytest.raises(ConfigError, match="does not end with a user's message"):
        simulated(model, lambda sims: simulate_pools([odd], sims))
    assert model.n_calls == 0


def lines(path: Path) -> list[dict[str, str]]:
    """The whole lines of a file that may end in the middle of one."""
    return [json.loads(raw) for raw in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []


def keys(folder: Path) -> list[str]:
    return [json.dumps(line["key"], sort_keys=True) for line in lines(folder / "journal.jsonl")]


def test_a_run_killed_and_resumed_ends_with_the_same_picks_and_repeats_no_finished_call(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    asyncio.run(run(whole, 0.0))
    n_whole = len(lines(whole / "calls.jsonl"))
    process = subprocess.Popen([sys.executable, "-m", "tests.unit.evaluate.run_bon", str(killed), "0.01"], env=os.environ)
    while len(keys(killed)) < 0.5 * n_whole:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "picks.txt").exists()
    n_before, n_done = len(lines(killed / "calls.jsonl")), len(keys(killed))
    asyncio.run(run(killed, 0.0))
    assert (killed / "picks.txt").read_text() == (whole / "picks.txt").read_text()
    assert sorted(keys(killed)) == sorted(keys(whole))
    assert len(set(keys(killed))) == len(keys(killed)) == n_whole
    assert len(lines(killed / "calls.jsonl")) - n_before == n_whole - n_done


def test_requests_of_one_candidate_share_a_session_and_candidates_do_not() -> None:
    model = ScriptedChat()
    simulated(model, lambda sims: simulate_pools(seeds(2), sims))
    sessions: dict[str, list[ChatRequest]] = {}
    for request in model.requests:
        sessions.setdefault(request.session, []).append(request)
    assert len(sessions) == 2 * 4 * 2
    assert {len(r) for r in sessions.values()} == {2, 3}
