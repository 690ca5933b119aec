"""The benchmarks there are, and the one way to hold a model against any of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from music_core.errors import ConfigError, SourceError
from music_core.evaluate.benchmarks import judgebench, multiturn, rewardbench, rewardbench2, rm_bench
from music_core.evaluate.benchmarks.contamination import Contamination
from music_core.evaluate.benchmarks.figures import Draws, Result
from music_core.evaluate.benchmarks.items import Item, ReadItems, RowReader, UnusableRowError, read_items
from music_core.evaluate.benchmarks.published import published_for
from music_core.evaluate.benchmarks.scoring import ScoredItem, Scorer, score_items

MULTITURN = "multiturn"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`hub` is where its rows are published, `n_official` how many the authors' figures are computed over (None: not stated)."""

    name: str
    title: str
    evaluate: Callable[[Sequence[ScoredItem], Draws], Result]
    read: RowReader | None = None
    hub: str = ""
    n_official: int | None = None


BENCHMARKS: Mapping[str, Benchmark] = {
    b.name: b
    for b in (
        Benchmark("rewardbench", "RewardBench", rewardbench.evaluate, rewardbench.read, "hf:allenai/reward-bench:filtered", 2985),
        Benchmark("rewardbench2", "RewardBench 2", rewardbench2.evaluate, rewardbench2.read, "hf:allenai/reward-bench-2:test", 1865),
        Benchmark("rm-bench", "RM-Bench", rm_bench.evaluate, rm_bench.read, "hf:THU-KEG/RM-Bench"),
        Benchmark("judgebench", "JudgeBench", judgebench.evaluate, judgebench.read, "hf:ScalerLab/JudgeBench:gpt", 350),
        Benchmark(MULTITURN, "Multi-turn suite", multiturn.evaluate),
    )
}


def benchmark_of(name: str) -> Benchmark:
    """The benchmark called `name`; `ConfigError` lists those there are."""
    if name not in BENCHMARKS:
        raise ConfigError(f"There is no benchmark named '{name}'.", f"Benchmarks are: {', '.join(BENCHMARKS)}.")
    return BENCHMARKS[name]


def read_benchmark(name: str, rows: Iterable[Mapping[str, Any]], where: str) -> ReadItems:
    """The items of a benchmark's rows. Raises `SourceError` about `where` when no row is one, naming the benchmark that it may be."""
    benchmark = benchmark_of(name)
    if benchmark.read is None:
        raise ConfigError(f"'{name}' is not read from rows of one form.")
    first: list[Mapping[str, Any]] = []

    def noted() -> Iterable[Mapping[str, Any]]:
        for row in rows:
            if not first:
                first.append(row)
            yield row

    found = read_items(noted(), benchmark.read)
    if not found.items:
        raise _no_items(benchmark, first, found, where)
    return found


def _no_items(benchmark: Benchmark, first: Sequence[Mapping[str, Any]], found: ReadItems, where: str) -> SourceError:
    if not first:
        return SourceError(f"{where} holds no rows.")
    reason = max(found.dropped, key=lambda r: found.dropped[r])
    columns = ", ".join(map(str, first[0]))
    likely = next((b for b in BENCHMARKS.values() if b.read is not None and _reads(b.read, first[0])), None)
    hint = f"It looks like {likely.title}: music evaluate {likely.name}" if likely else f"Its columns are: {columns}."
    return SourceError(f"{where} holds no usable row of {benchmark.title} ({found.dropped[reason]} × {reason}).", hint)


def _reads(read: RowReader, row: Mapping[str, Any]) -> bool:
    try:
        read(row)
    except UnusableRowError:
        return False
    return True


def run_benchmark(
    name: str, items: Sequence[Item], scorer: Scorer, *, contamination: Contamination | None = None, draws: Draws | None = None
) -> dict[str, Any]:
    """Score `items` and report by the benchmark's protocol, JSON types only.

    Keys: `benchmark`, `title`, `n`, `overall`, `sections`, `parts`, `tables`, `notes`, `unscored` {group: {reason: n}},
    `n_official` and `complete` (how many prompts published figures are about, and whether it is so many; None where the authors
    do not say), `contamination` (None when nothing is known of the
    training data) with `clean`, the same figures without contaminated prompts (None when there are none), and `published`.
    """
    benchmark, how = benchmark_of(name), draws or Draws()
    scored = score_items(items, scorer)
    result = benchmark.evaluate(scored.items, how)
    n = len(scored.items)
    return {
        "benchmark": name,
        "title": benchmark.title,
        "n": n,
        **result.as_dict(),
        "unscored": {group: dict(counts) for group, counts in scored.unscored.items()},
        "n_official": benchmark.n_official,
        "complete": None if benchmark.n_official is None else n == benchmark.n_official,
        "contamination": None if contamination is None else _checked(benchmark, scored.items, contamination, how),
        "published": [p.as_dict() for p in published_for(name)],
    }


def _checked(benchmark: Benchmark, scored: Sequence[ScoredItem], contamination: Contamination, draws: Draws) -> dict[str, Any]:
    clean = [s for s in scored if s.item.key not in contamination.found]
    figures = None
    if contamination.found:
        result = benchmark.evaluate(clean, draws).as_dict()
        figures = {"n": len(clean), "overall": result["overall"], "sections": result["sections"]}
    return {**contamination.as_dict(), "clean": figures}
