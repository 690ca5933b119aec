"""Generate: MUSIC's contrast pairs. Finished calls lie in the run's journal, finished pairs reach the store in batches."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jobs.context import RunContext
from jobs.estimate import Rate, assumed_seconds, per_call, priced, shown, total_cost
from jobs.stages.embedded import ensure_for
from jobs.stages.seeds import SeedChoice, choose, seeds_for
from music_core.chat.engine import CallStats
from music_core.chat.journal import Journal
from music_core.config import EMBEDDED, Settings
from music_core.contrast.config import GenerationConfig, generation_config
from music_core.contrast.estimate import estimate as estimate_calls
from music_core.contrast.rollout import DroppedPair, generate_pairs
from music_core.errors import ConfigError
from music_core.store.connect import Store
from music_core.store.pairs import add_pairs
from music_core.types import Seed, SourcedPair

STORE_EVERY_S = 3.0


@dataclass(frozen=True)
class Config:
    """`n` seeds of `sources` and `splits` (or of `seeds_file`), one pair each, stored as source `name` (default: the run's id).

    `user` is the assistant's endpoint unless given. The rest is explained at `GenerationConfig`; `reply_tokens`,
    `user_tokens` and `temperature` replace its sampling parameters.
    """

    n: int = 100
    name: str = ""
    turns: int = 5
    method: str = "one_call"
    schedule: str = "all"
    assistant: str = EMBEDDED
    user: str = ""
    sources: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    seeds_file: str = ""
    seed: int = 0
    attempts: int = 3
    speaker: str = "form"
    reply_words: int = 120
    user_words: int = 40
    reply_tokens: int | None = None
    user_tokens: int | None = None
    temperature: float | None = None

    def __post_init__(self) -> None:
        """Refuse impossible settings when the run is asked for, not when it starts."""
        if self.n < 1:
            raise ConfigError(f"n must be at least 1, not {self.n}.")
        self.generation("")

    @property
    def endpoints(self) -> tuple[str, str]:
        """Endpoints of the assistant and of the user."""
        return self.assistant, self.user or self.assistant

    @property
    def seed_choice(self) -> SeedChoice:
        """Which seeds."""
        return SeedChoice(self.n, self.sources, self.splits, self.seeds_file, self.seed)

    def generation(self, source: str) -> GenerationConfig:
        """What the method is asked for."""
        names = ("turns", "method", "schedule", "seed", "attempts", "speaker", "reply_words", "user_words")
        table: dict[str, Any] = {name: getattr(self, name) for name in names}
        for role, tokens in (("assistant", self.reply_tokens), ("user", self.user_tokens)):
            given = {"max_tokens": tokens, "temperature": self.temperature}
            table[role] = {k: v for k, v in given.items() if v is not None}
        return generation_config({**table, "source": source})


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Make the pairs; a resumed run repeats no finished call."""
    seeds = seeds_for(ctx.store, ctx.folder, config.seed_choice)
    if len(seeds) < config.n:
        ctx.log(f"only {len(seeds)} different first messages for {config.n} pairs")
    ensure_for(ctx, config.endpoints)
    tally = _Tally(n_seeds=len(seeds), source=config.name or ctx.run_id)
    asyncio.run(_generate(config, ctx, seeds, tally))
    ctx.check()
    unpriced = any(priced(ctx.settings.endpoint(name), 0, 0) is None for name in config.endpoints)
    return {**tally.report(), **({"cost": None} if unpriced else {})}


async def _generate(config: Config, ctx: RunContext, seeds: Sequence[Seed], tally: "_Tally") -> None:
    from music_core.chat.open import open_chats  # brings the HTTP client, a second that forms and --help need not wait

    assistant, user = config.endpoints
    async with open_chats(ctx.settings, (assistant, user)) as models, Journal(ctx.folder / "journal.jsonl") as journal:
        began = time.monotonic()
        made = generate_pairs(
            seeds,
            assistant=models[assistant],
            user=models[user],
            config=config.generation(tally.source),
            journal=journal,
            on_progress=ctx.progress,
            should_stop=ctx.should_stop,
            stats=tally.stats,
        )
        try:
            await _store_all(made, ctx, tally)
        finally:
            tally.working_s = time.monotonic() - began


async def _store_all(made: AsyncIterator[SourcedPair | DroppedPair], ctx: RunContext, tally: "_Tally") -> None:
    waiting: list[SourcedPair] = []
    stored_at = time.monotonic()
    try:
        async for item in made:
            if isinstance(item, DroppedPair):
                tally.dropped[item.reason] += 1
                ctx.log(f"dropped {item.locator}: {item.reason}: {item.detail}")
                continue
            tally.n_pairs += 1
            waiting.append(replace(item, origin=replace(item.origin, run_id=ctx.run_id)))
            if time.monotonic() - stored_at > STORE_EVERY_S:
                # In a thread: a busy store must not keep the endpoints waiting.
                tally.n_new += (await asyncio.to_thread(add_pairs, ctx.store, waiting)).new
                waiting, stored_at = [], time.monotonic()
    finally:
        tally.n_new += add_pairs(ctx.store, waiting).new if waiting else 0


@dataclass(slots=True)
class _Tally:
    """What the report says."""

    n_seeds: int
    source: str
    n_pairs: int = 0
    n_new: int = 0
    working_s: float = 0.0
    dropped: Counter[str] = field(default_factory=Counter)
    stats: CallStats = field(default_factory=CallStats)

    def report(self) -> dict[str, Any]:
        """JSON types only. `replayed` calls were found in the journal; tokens and cost are of the `calls` made by this attempt."""
        stats = self.stats
        return {
            "source": self.source,
            "seeds": self.n_seeds,
            "pairs": self.n_pairs,
            "new": self.n_new,
            "dropped": dict(sorted(self.dropped.items())),
            "calls": stats.n_calls,
            "replayed": stats.n_replayed,
            "tokens_in": stats.tokens_in,
            "tokens_out": stats.tokens_out,
            "tokens_cached": stats.tokens_cached,
            "cost": stats.cost,
            "working_s": round(self.working_s, 2),
            "tokens_per_s": round(stats.tokens_out / self.working_s, 2) if self.working_s else 0.0,
        }


def estimate(config: Config, store: Store, settings: Settings) -> dict[str, Any]:
    """Calls and tokens if every message passes its gates at once; retries come on top."""
    n_seeds = len(choose(store, config.seed_choice))
    expected = estimate_calls(n_seeds, config.generation("estimate"))
    measured = per_call(store, "generate", lambda c: _endpoints(c) == config.endpoints and c["method"] == config.method)
    of_user = (expected.user_tokens_in, expected.user_tokens_out)
    of_assistant = (expected.tokens_in - of_user[0], expected.tokens_out - of_user[1])
    seconds, costs = 0.0, []
    rates: dict[str, Rate] = {}
    for name, tokens in zip(config.endpoints, (of_assistant, of_user), strict=True):
        endpoint = settings.endpoint(name)
        # The two take turns within a conversation, but many conversations keep both busy; adding up errs on the long side.
        part, used = assumed_seconds(endpoint, *tokens)
        seconds, rates = seconds + part, rates | used
        costs.append(priced(endpoint, *tokens))
    if measured:
        seconds, rates = expected.calls * measured["seconds"].value, {"seconds": measured["seconds"]}
    return {
        "calls": expected.calls,
        "tokens_in": expected.tokens_in,
        "tokens_out": expected.tokens_out,
        "cost": total_cost(costs),
        "hours": seconds / 3600,
        "seeds": n_seeds,
        "rates": shown(rates),
    }


def _endpoints(config: Any) -> tuple[str, str]:
    return config["assistant"], config["user"] or config["assistant"]
