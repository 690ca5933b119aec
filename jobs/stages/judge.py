"""Judge: readings and verdicts of stored pairs, nothing asked twice."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.context import RunContext
from jobs.estimate import assumed_seconds, per_call, priced, shown, total_cost
from jobs.stages.embedded import ensure_for
from jobs.stages.judge_try import Trial, try_one
from jobs.stages.judging import Advance, OpenPairs, Tally, judge_ids
from jobs.stages.panel import KINDS, Config, about, judges
from jobs.stages.select import selected_ids
from music_core.chat.scripted import ScriptedChat
from music_core.config import Settings
from music_core.errors import RunError
from music_core.evaluate.judge import estimate as estimate_judge
from music_core.store.connect import Store

__all__ = ["KINDS", "Config", "Trial", "estimate", "judges", "run", "try_one"]

ALLOW_HINT = "Name another endpoint, or allow it with --allow-simulator (in a form: Its own pairs); the report counts such pairs."


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Ask what was not asked before; readings reach the store every few seconds.

    Raises `RunError` when all pairs are left out because the judges simulated them, `ChatError` when an endpoint fails for
    good; the other endpoints go on to their end before it is raised.
    """
    ids = selected_ids(ctx.store, config)
    for name in config.endpoints:
        ctx.settings.endpoint(name)  # a misspelt one must not wait for the others to end
    ensure_for(ctx, config.endpoints)
    _keep_rubrics(config, ctx)
    tally = Tally(n_pairs=len(ids))
    asyncio.run(_judge_all(config, ctx, ids, tally))
    ctx.check()
    _tell_left(ctx, tally)
    costs = [priced(ctx.settings.endpoint(name), *tally.tokens_of(name)) for name in config.endpoints]
    return {**tally.report(), "cost": total_cost(costs)}


def _keep_rubrics(config: Config, ctx: RunContext) -> None:
    """Write what is asked into the run's folder: a person's own file may change afterwards."""
    folder = ctx.folder / "rubrics"
    folder.mkdir(exist_ok=True)
    for rubric in config.ways():
        (folder / f"{rubric.name}.md").write_text(rubric.text + "\n", encoding="utf-8")


def _tell_left(ctx: RunContext, tally: Tally) -> None:
    """Say in the log what was not judged. Raises `RunError` when that is everything."""
    counts = tally.left_out_counts()
    for model, n in counts.items():
        ctx.log(f"{n} of {tally.n_pairs} pairs left out: {model} simulated them, and would judge its own words. {ALLOW_HINT}")
    if tally.n_left_open:
        ctx.log(f"{tally.n_left_open} pairs left open, since the endpoint gave no answer; run the judge again, and only they are asked.")
    if tally.n_left_out == tally.n_pairs * len(tally.judges):
        models = " and ".join(counts)
        raise RunError(f"All {tally.n_pairs} pairs were simulated by the judge's own model, {models}: nothing was judged.", ALLOW_HINT)


async def _judge_all(config: Config, ctx: RunContext, ids: Sequence[str], tally: Tally) -> None:
    advance = Advance(ctx, len(ids), len(config.endpoints) * len(list(config.ways())))
    began = time.monotonic()
    # Side by side: endpoints do not wait for each other, and one that fails does not stop the rest.
    ends = await asyncio.gather(*(_judge_by(name, config, ctx, ids, tally, advance) for name in config.endpoints), return_exceptions=True)
    tally.working_s = time.monotonic() - began
    failures = [e for e in ends if e is not None]
    for failure in failures[1:]:
        ctx.log(f"failed as well: {failure}")
    if failures:
        raise failures[0]


async def _judge_by(name: str, config: Config, ctx: RunContext, ids: Sequence[str], tally: Tally, advance: Advance) -> None:
    from music_core.chat.open import open_chat  # brings the HTTP client, a second that forms and --help need not wait

    endpoint = ctx.settings.endpoint(name)
    async with open_chat(ctx.settings, name) as chat:
        for rubric, judge in zip(config.ways(), judges(config, chat, endpoint), strict=True):
            tally.judges[judge.name] = about(config, rubric)
            await judge_ids(judge, ctx, ids, tally, advance, allow_simulator=config.allow_simulator)


def estimate(config: Config, store: Store, settings: Settings) -> dict[str, Any]:
    """Calls still to make; exact in number, rough in tokens (replies are counted at their longest)."""
    ids = selected_ids(store, config)
    tally = Tally(len(ids))
    parts = {name: _estimate_by(name, config, store, settings, ids, tally) for name in config.endpoints}
    calls = sum(part[0] for part in parts.values())
    assumed = {name: assumed_seconds(settings.endpoint(name), *part[1:]) for name, part in parts.items()}
    # Endpoints work side by side.
    seconds = max(took for took, _ in assumed.values())
    rates = {rate: value for _, found in assumed.values() for rate, value in found.items()}
    measured = per_call(store, "judge", lambda c: _same(c, config))
    if measured:
        seconds, rates = calls * measured["seconds"].value, {"seconds": measured["seconds"]}
    left_out = tally.left_out_counts()
    return {
        "calls": calls,
        "tokens_in": sum(part[1] for part in parts.values()),
        "tokens_out": sum(part[2] for part in parts.values()),
        "cost": total_cost([priced(settings.endpoint(name), *part[1:]) for name, part in parts.items()]),
        "hours": seconds / 3600,
        "rates": shown(rates),
        **({"left_out_by_simulator": left_out} if left_out else {}),
    }


def _estimate_by(name: str, config: Config, store: Store, settings: Settings, ids: Sequence[str], tally: Tally) -> tuple[int, int, int]:
    """Calls and tokens, read and written, of one endpoint."""
    endpoint = settings.endpoint(name)
    # Stands in for the endpoint: questions are put together and counted, nothing is sent.
    model = ScriptedChat(
        endpoint=endpoint.name, model=endpoint.model, accepts_system=endpoint.system_role, supports_json_schema=endpoint.json_schema
    )
    calls = tokens_in = tokens_out = 0
    for judge in judges(config, model, endpoint):
        open_pairs = OpenPairs(judge, store, ids, tally, allow_simulator=config.allow_simulator)
        part = estimate_judge(judge, open_pairs, open_pairs.known)
        calls, tokens_in, tokens_out = calls + part.calls, tokens_in + part.tokens_in, tokens_out + part.tokens_out
    return calls, tokens_in, tokens_out


def _same(recorded: Mapping[str, Any], config: Config) -> bool:
    """Whether a recorded run asked the same endpoints in the same ways, so that its seconds per call tell about `config`."""
    named = recorded["endpoint"]
    endpoints = (named,) if isinstance(named, str) else tuple(named)
    return (
        endpoints == config.endpoints and tuple(recorded["kinds"]) == config.kinds and tuple(recorded.get("rubrics", ())) == config.rubrics
    )
