"""Simulation and picks in a process of its own, for tests that kill it: writes the picks when it gets to the end."""

import asyncio
import json
import sys
from pathlib import Path

from music_core.chat.engine import Engine
from music_core.chat.journal import Journal
from music_core.chat.protocol import ChatReply, ChatRequest
from music_core.chat.scripted import ScriptedChat, drawn_reply
from music_core.evaluate.best_of_n import Pick, pick
from music_core.evaluate.pool import simulate_pools
from music_core.evaluate.selectors import LONGEST, RANDOM, baseline
from music_core.evaluate.simulation import PoolConfig, simulators
from music_core.evaluate.turn_by_turn import pick_turn_by_turn
from music_core.types import Seed
from tests.unit.evaluate.bon import prompt

N_PROMPTS = 5
NS = (2, 4)
SCORERS = {name: baseline(name, 1) for name in (LONGEST, RANDOM)}
CONFIG = PoolConfig(size=max(NS), turns=3, seed=3, attempts=2)


def seeds(n: int = N_PROMPTS) -> list[Seed]:
    return [prompt(i) for i in range(n)]


def answer(request: ChatRequest) -> str | ChatReply:
    """As the fake; every third request or so is cut short, so that retries, drops and spare draws take part."""
    return ChatReply("A reply that stops in the", "length") if request.seed % 3 == 0 else drawn_reply(request)


async def picks(model: ScriptedChat, journal: Journal, config: PoolConfig = CONFIG) -> list[Pick]:
    sims = simulators(Engine(journal), model, model, config)
    pools, _ = await simulate_pools(seeds(), sims)
    found: list[Pick] = []
    for name, scorer in SCORERS.items():
        for pool in pools:
            scores = scorer([c.conversation for c in pool.candidates])
            found += pick(pool.seed.id, pool.seed.context.id, name, pool.candidates, scores, NS)
    more, _ = await pick_turn_by_turn(seeds(), SCORERS, NS, sims)
    return found + more


async def run(folder: Path, latency_s: float) -> None:
    model = ScriptedChat(answer, latency_s=latency_s, log=folder / "calls.jsonl", max_concurrency=6)
    async with Journal(folder / "journal.jsonl") as journal:
        found = await picks(model, journal)
    rows = [json.dumps([p.locator, p.selector, p.mode, p.n, p.indexes, p.conversation.id]) for p in found]
    (folder / "picks.txt").write_text("\n".join(rows))


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2])))
