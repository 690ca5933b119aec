"""A generation run in a process of its own, for tests that kill it: writes its pairs' ids when it gets to the end."""

import asyncio
import json
import sys
from pathlib import Path

from music_core.chat.journal import Journal
from music_core.chat.protocol import ChatReply, ChatRequest
from music_core.chat.scripted import ScriptedChat, drawn_reply
from music_core.contrast.config import GenerationConfig
from music_core.contrast.rollout import DroppedPair, generate_pairs
from music_core.types import Seed, SourcedPair
from tests.unit.contrast.talk import seed

N_SEEDS = 12
CONFIG = GenerationConfig(turns=4, method="two_call", schedule="random:0.5", seed=3)


def seeds(n: int = N_SEEDS) -> list[Seed]:
    return [seed(f"How do I prepare task number {i} for the village fair?") for i in range(n)]


def result_line(result: SourcedPair | DroppedPair) -> str:
    if isinstance(result, DroppedPair):
        return f"dropped {result.locator} {result.reason} {result.branch} {result.turn}"
    contrasts = json.dumps([[c.turn, c.instruction] for c in result.origin.contrasts])
    return f"{result.pair.id} {result.origin.locator} {contrasts} {json.dumps(result.origin.meta)}"


async def run(folder: Path, latency_s: float) -> None:

    def answer(request: ChatRequest) -> str | ChatReply:
        # Every seventh request or so is cut short, so that retries and drops take part.
        reply = drawn_reply(request)
        return ChatReply("A reply that stops in the", "length") if request.seed % 7 == 0 else reply

    model = ScriptedChat(answer, latency_s=latency_s, log=folder / "calls.jsonl", max_concurrency=6)
    async with Journal(folder / "journal.jsonl") as journal:
        results = generate_pairs(seeds(), assistant=model, user=model, config=CONFIG, journal=journal)
        lines = [result_line(result) async for result in results]
    (folder / "pairs.txt").write_text("\n".join(sorted(lines)))


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2])))
