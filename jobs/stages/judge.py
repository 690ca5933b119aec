"""Judge: readings and verdicts of stored pairs, nothing asked twice."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from jobs.context import RunContext
from jobs.estimate import assumed_seconds, per_call, priced, shown
from jobs.stages.embedded import ensure_for
from jobs.stages.select import Selection, selected_ids, stored_pairs
from music_core.chat.protocol import ChatModel
from music_core.chat.scripted import ScriptedChat
from music_core.config import EMBEDDED, Endpoint, Settings
from music_core.errors import ConfigError
from music_core.evaluate.judge import NOT_ASKED, Judge, Judged, checklist_judge, pairwise_judge, run_judge
from music_core.evaluate.judge import estimate as estimate_judge
from music_core.store.connect import Store
from music_core.store.pairs import PairFilter, StoredPair, pair_ids
from music_core.store.readings import add_readings, read_ids, readings_of
from music_core.types import ContrastPair, Reading, Verdict

KINDS = {"pairwise": pairwise_judge, "checklist": checklist_judge}
STORE_EVERY_S = 5.0  # a lake commit costs about 12 ms, and a kill loses what was not committed


@dataclass(frozen=True)
class Config(Selection):
    """`endpoint` judges the selected pairs in each of `kinds`; `name` (default: the endpoint's) starts the judges' names."""

    endpoint: str = EMBEDDED
    kinds: tuple[str, ...] = ("pairwise", "checklist")
    name: str | None = None

    def __post_init__(self) -> None:
        """Refuse a kind that there is not."""
        unknown = [k for k in self.kinds if k not in KINDS]
        if unknown or not self.kinds:
            raise ConfigError(f"'{', '.join(unknown)}' is no kind of judge.", f"Kinds are: {', '.join(KINDS)}.")


def judges(config: Config, chat: ChatModel, endpoint: Endpoint) -> list[Judge]:
    """One judge of each kind."""
    stem = config.name or endpoint.name
    return [KINDS[kind](chat, f"{stem}-{kind}", context_tokens=endpoint.context_tokens) for kind in config.kinds]


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Ask what was not asked before; readings reach the store every few seconds."""
    ids = selected_ids(ctx.store, config)
    ensure_for(ctx, [config.endpoint])
    tally = JudgeTally(n_pairs=len(ids))
    asyncio.run(_judge_all(config, ctx, ids, tally))
    ctx.check()
    report = tally.report()
    return {**report, "cost": priced(ctx.settings.endpoint(config.endpoint), report["tokens_in"], report["tokens_out"])}


async def _judge_all(config: Config, ctx: RunContext, ids: Sequence[str], tally: "JudgeTally") -> None:
    from music_core.chat.open import open_chat  # brings the HTTP client, a second that forms and --help need not wait

    endpoint = ctx.settings.endpoint(config.endpoint)
    async with open_chat(ctx.settings, config.endpoint) as chat:
        panel = judges(config, chat, endpoint)
        began = time.monotonic()
        for i, judge in enumerate(panel):
            await judge_ids(judge, ctx, ids, tally, before=i * len(ids), total=len(panel) * len(ids))
        tally.working_s = time.monotonic() - began


async def judge_ids(judge: Judge, ctx: RunContext, ids: Sequence[str], tally: "JudgeTally", *, before: int, total: int) -> None:
    """Ask `judge` what it was not asked before about the pairs `ids`; readings and verdicts reach the store, `tally` and the progress."""
    open_pairs = _OpenPairs(judge, ctx.store, ids, tally)
    waiting, stored_at = _Waiting(ctx.store), time.monotonic()
    judged = run_judge(
        judge,
        open_pairs,
        open_pairs.known,
        on_progress=lambda done: ctx.progress(before + open_pairs.n_skipped + done, total, judge.name),
        on_error=lambda pair_id, error: ctx.log(f"{judge.name}: no answer for {pair_id}: {error}"),
        should_stop=ctx.should_stop,
    )
    try:
        async for item in judged:
            waiting.add(item)
            tally.note(judge, item)
            if time.monotonic() - stored_at > STORE_EVERY_S:
                # In a thread: a busy store must not keep the endpoint waiting.
                await asyncio.to_thread(waiting.store)
                stored_at = time.monotonic()
    finally:
        waiting.store()
    if not ctx.should_stop():
        ctx.progress(before + len(ids), total, judge.name)


class _OpenPairs:
    """Pairs with a question that the judge has not answered; what it has answered of them comes into `known` as they are read."""

    def __init__(self, judge: Judge, store: Store, ids: Sequence[str], tally: "JudgeTally") -> None:
        self._judge, self._store, self._ids, self._tally = judge, store, ids, tally
        self.known: dict[str, Reading] = {}
        self.n_skipped = 0

    def __iter__(self) -> Iterator[tuple[str, ContrastPair]]:
        """Read the pairs lazily."""
        answered = read_ids(self._store, self._judge.name)
        resolved = set(pair_ids(self._store, PairFilter(judge=self._judge.name)))
        for stored in stored_pairs(self._store, self._ids):
            self._tally.note_simulator(self._judge, stored)
            here = [q.id in answered for q in self._judge.ask(stored.id, stored.pair)] if answered else [False]
            if all(here) and stored.id in resolved:
                self.n_skipped += 1
                self._tally.n_skipped += 1
                continue
            if any(here):
                self.known.update({r.id: r for r in readings_of(self._store, stored.id) if r.judge == self._judge.name})
            yield stored.id, stored.pair


class _Waiting:
    """Readings and verdicts on their way into the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readings: list[Reading] = []
        self._verdicts: list[Verdict] = []

    def add(self, item: Judged) -> None:
        """Take what is new about one pair."""
        self._readings += item.readings
        self._verdicts += [item.verdict] if item.verdict else []

    def store(self) -> None:
        """Commit what there is."""
        if self._readings or self._verdicts:
            add_readings(self._store, self._readings, self._verdicts)
        self._readings, self._verdicts = [], []


@dataclass(slots=True)
class JudgeTally:
    """What the report says."""

    n_pairs: int
    working_s: float = 0.0
    n_skipped: int = 0
    same_model: set[str] = field(default_factory=set)
    readings: list[Reading] = field(default_factory=list)
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    first_rates: dict[str, list[float]] = field(default_factory=dict)

    def note(self, judge: Judge, item: Judged) -> None:
        """Count one pair's readings and verdict."""
        self.readings += [replace(r, raw="") for r in item.readings]
        if item.verdict is not None:
            self.verdicts.setdefault(judge.name, Counter())[item.verdict.value] += 1
            if item.verdict.first_rate is not None:
                self.first_rates.setdefault(judge.name, []).append(item.verdict.first_rate)

    def note_simulator(self, judge: Judge, stored: StoredPair) -> None:
        """Count pairs that the judging model has simulated itself: it may share the simulator's biases."""
        if any(t.model == judge.model for origin in stored.origins for t in origin.turns):
            self.same_model.add(stored.id)

    def report(self) -> dict[str, Any]:
        """JSON types only. Calls and tokens are of this run; `judged_before` counts a pair once for each kind of judge."""
        return {
            "pairs": self.n_pairs,
            "judged_before": self.n_skipped,
            "readings": len(self.readings),
            "calls": sum(r.finish_reason != NOT_ASKED for r in self.readings),
            "tokens_in": sum(r.tokens_in for r in self.readings),
            "tokens_out": sum(r.tokens_out for r in self.readings),
            "working_s": round(self.working_s, 2),
            "unparsed": sum(r.label == "unparsed" for r in self.readings),
            "verdicts": {name: dict(counts) for name, counts in self.verdicts.items()},
            "first_position_rate": {name: round(fmean(rates), 4) for name, rates in self.first_rates.items()},
            "judged_by_their_simulator": len(self.same_model),
        }


def estimate(config: Config, store: Store, settings: Settings) -> dict[str, Any]:
    """Calls still to make; exact in number, rough in tokens (replies are counted at their longest)."""
    endpoint = settings.endpoint(config.endpoint)
    # Stands in for the endpoint: questions are put together and counted, nothing is sent.
    model = ScriptedChat(
        endpoint=endpoint.name, model=endpoint.model, accepts_system=endpoint.system_role, supports_json_schema=endpoint.json_schema
    )
    ids = selected_ids(store, config)
    calls = tokens_in = tokens_out = 0
    for judge in judges(config, model, endpoint):
        open_pairs = _OpenPairs(judge, store, ids, JudgeTally(len(ids)))
        part = estimate_judge(judge, open_pairs, open_pairs.known)
        calls, tokens_in, tokens_out = calls + part.calls, tokens_in + part.tokens_in, tokens_out + part.tokens_out
    seconds, rates = assumed_seconds(endpoint, tokens_in, tokens_out)
    measured = per_call(store, "judge", lambda c: c["endpoint"] == config.endpoint and tuple(c["kinds"]) == config.kinds)
    if measured:
        seconds, rates = calls * measured["seconds"].value, {"seconds": measured["seconds"]}
    return {
        "calls": calls,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "cost": priced(endpoint, tokens_in, tokens_out),
        "hours": seconds / 3600,
        "rates": shown(rates),
    }
