"""Benchmark: a registered reward model against a benchmark, by the protocol of its authors."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from jobs.context import RunContext
from jobs.reward_log import RewardLog
from jobs.score_estimate import scoring_figures
from jobs.stages.multiturn import MultiturnSelection, multiturn_items
from jobs.stages.score import registered_model
from music_core.config import Settings
from music_core.errors import ConfigError
from music_core.evaluate.benchmarks.catalogue import MULTITURN, benchmark_of, read_benchmark, run_benchmark
from music_core.evaluate.benchmarks.contamination import Contamination, find_contaminated
from music_core.evaluate.benchmarks.figures import Draws
from music_core.evaluate.benchmarks.items import Item, ReadItems
from music_core.evaluate.benchmarks.scoring import Unscored
from music_core.sources.read import open_rows
from music_core.store.connect import Store
from music_core.store.runs import pairs_at, read_manifest
from music_core.types import ContrastPair, Conversation, RewardModel

REWARDS = "rewards.jsonl"


@dataclass(frozen=True)
class Config(MultiturnSelection):
    """`benchmark` and `model` by name; `paths` are files or `hf:` names, the benchmark's place on the hub when there are none.

    `limit` reads so many rows. `sources`, `splits` and `min_turns` are for the multi-turn suite, whose pairs come from the store
    and from `paths`. `dtype` is the backbone's precision; `n_boot` replicates from `seed` give the intervals.
    """

    benchmark: str = ""
    model: str = ""
    batch_tokens: int = 4096
    dtype: str = "float32"
    device: str | None = None
    n_boot: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Both must be named."""
        if not self.model:
            raise ConfigError("No model is named.", "See the models there are with: music models list")
        benchmark_of(self.benchmark)
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"A limit of {self.limit} rows reads nothing.")


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Read the rows, look for them among the model's training pairs, score what this run has not scored yet, report."""
    model, path = registered_model(ctx.store, config.model)
    trained_on = training_ids(ctx.store, model)
    ctx.progress(0, 1, "reading")
    found = _read(config, ctx.store, trained_on or frozenset())
    contamination = None if trained_on is None else _contamination(found.items, ctx, model, trained_on)
    began = time.monotonic()
    with RewardLog(ctx.folder / REWARDS) as log:
        n_before = len(log.known)
        _score_all(found.items, str(path), config, ctx, log)
        report = run_benchmark(
            config.benchmark,
            found.items,
            lambda conversations: [log.known[c.id] for c in conversations],
            contamination=contamination,
            draws=Draws(config.seed, config.n_boot),
        )
        return {
            "model": model.name,
            "rows": found.rows,
            "dropped": dict(Counter(found.dropped).most_common()),
            **report,
            "training_data_known": trained_on is not None,
            "conversations": len(log.known),
            "scored_before": n_before,
            "working_s": round(time.monotonic() - began, 2),
        }


def estimate(config: Config, store: Store, settings: Settings) -> dict[str, Any]:  # noqa: ARG001 -- as all stages
    """Rows, different conversations, tokens, hours and memory of scoring; the rows are read as the run would read them.

    What the bootstrap and the look for the prompts among the training pairs take is not counted.
    """
    model, path = registered_model(store, config.model)
    found = _read(config, store, training_ids(store, model) or frozenset())
    different = _different(found.items)
    n_chars = sum(c.n_chars for c in different.values())
    figures = scoring_figures(store, model, path, n_chars, batch_tokens=config.batch_tokens, dtype=config.dtype)
    return {**figures, "rows": found.rows, "conversations": len(different)}


def training_ids(store: Store, model: RewardModel) -> frozenset[str] | None:
    """Ids of the pairs that the model learnt from, None for a model that was not trained here."""
    manifest = read_manifest(store, model.run_id) if model.run_id else []
    return frozenset(pair_id for pair_id, split in manifest if split == "train") if manifest else None


def _read(config: Config, store: Store, trained_on: frozenset[str]) -> ReadItems:
    if config.benchmark == MULTITURN:
        return multiturn_items(store, config, trained_on)
    benchmark = benchmark_of(config.benchmark)
    places = config.paths or (benchmark.hub,)
    faults: Counter[str] = Counter()
    rows = islice(chain.from_iterable(_rows(place, faults) for place in places), config.limit)
    found = read_benchmark(config.benchmark, rows, ", ".join(places))
    return ReadItems(found.items, found.rows + faults.total(), {**found.dropped, **faults})


def _rows(place: str, faults: Counter[str]) -> Iterator[Mapping[str, Any]]:
    """The rows of one place that are objects; the others are counted in `faults`."""
    for row in open_rows(place):
        if row.values is None:
            faults[row.reason] += 1
        else:
            yield row.values


def _contamination(items: Sequence[Item], ctx: RunContext, model: RewardModel, trained_on: frozenset[str]) -> Contamination:
    ctx.progress(0, len(trained_on), "looking for the prompts among the training pairs")
    return find_contaminated(items, _training_pairs(ctx, model, trained_on))


def _training_pairs(ctx: RunContext, model: RewardModel, trained_on: frozenset[str]) -> Iterator[tuple[str, ContrastPair]]:
    done = 0
    for stored in pairs_at(ctx.store, model.run_id or ""):
        if stored.id in trained_on:
            done += 1
            ctx.progress(done, len(trained_on), "looking for the prompts among the training pairs")
            ctx.check()
            yield stored.id, stored.pair


def _different(items: Sequence[Item]) -> dict[str, Conversation]:
    """Conversation id → conversation: one that occurs twice is scored once."""
    return {i: c for item in items for i, c in zip(item.conversation_ids, item.conversations, strict=True)}


def _score_all(items: Sequence[Item], path: str, config: Config, ctx: RunContext, log: RewardLog) -> None:
    """Score every conversation that the log does not know."""
    different = _different(items)
    todo = [(i, c) for i, c in different.items() if i not in log.known]
    n_known = len(different) - len(todo)
    ctx.progress(n_known, len(different), f"loading {config.model}")
    if not todo:
        return
    from music_core.reward.score import RewardScorer

    scorer = RewardScorer(path, dtype=config.dtype, device=config.device)
    for done, scored in enumerate(scorer.score(todo, batch_tokens=config.batch_tokens), start=n_known + 1):
        log.add(scored.key, Unscored(scored.problem) if scored.problem else scored.rewards[-1])
        ctx.progress(done, len(different), config.model)
        ctx.check()
    log.sync()
