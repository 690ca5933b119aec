"""Hand-written judges with a known character, and pairs whose better side is certain."""

import asyncio
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from music_core.chat.protocol import ChatReply, ChatRequest
from music_core.evaluate.judge import Judge, Judged, run_judge
from music_core.types import ContrastPair, Reading, Verdict, conversation

GOOD, BAD = "Boil the eggs for six minutes.", "Eggs were first farmed long ago in many a land."


def pair_of(n: int = 0, *, turns: int = 2, extra: str = "") -> ContrastPair:
    """A pair that shares its first turn; every later reply of the chosen side is good, of the rejected side bad and longer."""
    opening = [("user", f"Question {n}?"), ("assistant", "Of course.")]

    def side(reply: str) -> list[dict[str, str]]:
        later = [m for k in range(2, turns + 1) for m in (("user", f"How long do I boil egg {k}?"), ("assistant", reply + extra))]
        return [{"role": role, "content": content} for role, content in opening + later]

    return ContrastPair(conversation(side(GOOD)), conversation(side(BAD)))


def swapped(pair: ContrastPair) -> ContrastPair:
    return ContrastPair(pair.rejected, pair.chosen)


def shown(request: ChatRequest) -> tuple[str, str]:
    """The two conversations of a pairwise prompt, first and second, as they stand in it."""
    text = request.messages[-1].content
    found = re.search(r"(--- \w{8} conversation A, .*?)(--- \w{8} conversation B, .*--- \w{8} end of conversation B ---)", text, re.DOTALL)
    assert found
    return found.group(1), found.group(2)


def verdict_text(request: ChatRequest, verdict: str) -> str:
    """A reply in the form that the prompt asked for."""
    if request.json_schema is not None:
        return json.dumps({"reason": "Because.", "verdict": verdict})
    return f"Because.\nVerdict: {verdict}"


def _picks(choose: Callable[[str, str], str]) -> Callable[[ChatRequest], str]:
    return lambda request: verdict_text(request, choose(*shown(request)))


always_first = _picks(lambda _first, _second: "A")
longer = _picks(lambda first, second: "tie" if len(first) == len(second) else "A" if len(first) > len(second) else "B")
perfect = _picks(
    lambda first, second: "tie" if first.count(GOOD) == second.count(GOOD) else "A" if first.count(GOOD) > second.count(GOOD) else "B"
)


def nonsense(request: ChatRequest) -> str:
    return "Verdict: maybe A, maybe B, who can tell"


def sure(p_yes: Callable[[ChatRequest], float]) -> Callable[[ChatRequest], ChatReply]:
    """A checklist model that gives `p_yes` as first-token probabilities, spread over spellings."""

    def reply(request: ChatRequest) -> ChatReply:
        p = p_yes(request)
        spellings = ((" Yes", p * 0.5), ("yes", p * 0.5), ("No", (1 - p) * 0.75), ("\u2581NO", (1 - p) * 0.25))
        tokens = tuple((token, math.log(q)) for token, q in spellings if q > 0)
        return ChatReply("Yes" if p >= 0.5 else "No", "length", tokens_in=30, tokens_out=1, first_token=tokens)

    return reply


def last_reply(request: ChatRequest) -> str:
    """The reply that a checklist prompt asks about."""
    text = request.messages[-1].content
    return re.split(r"--- \w{8} [^\n]* ---\n", text)[-2].strip()


def collect(judge: Judge, pairs: Iterable[tuple[str, ContrastPair]], into: list[Judged], **options: Any) -> list[Judged]:
    """Run a judge to its end; `into` holds what came, also when the run fails."""

    async def run() -> None:
        async for item in run_judge(judge, pairs, **options):
            into.append(item)

    asyncio.run(run())
    return into


def judged(
    judge: Judge, pairs: Iterable[tuple[str, ContrastPair]], known: dict[str, Reading] | None = None
) -> tuple[list[Reading], dict[str, Verdict]]:
    """All new readings and the verdict of every pair that has one."""
    out = collect(judge, pairs, [], known=known)
    return [r for item in out for r in item.readings], {item.verdict.pair_id: item.verdict for item in out if item.verdict}
