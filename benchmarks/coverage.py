"""How often the 95 % intervals hold the truth: `python -m benchmarks.coverage --json [--studies 500 --seed 0 --quick]`.

Every study makes seeds with several pairs each, two judges and people who judge the pairs, draws pairs to label, and asks
the estimators of `music_core.evaluate` for their intervals. What a pair is like, how people take it and how judges err is
correlated within a seed. Counted is how often an interval holds the value it is for: that of all seeds which the
simulation could have made, or (`…_pool`) that of the pool of the study. Intervals that are None count as missing.

The first three designs keep what docs/estimates.md asks for; the others do not and show what is lost.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from music_core.evaluate.agreement import agreement_cells
from music_core.evaluate.compare import paired_difference
from music_core.evaluate.estimate import Answer, Estimate, estimate_mean
from music_core.evaluate.sampling import FLOOR, by_disagreement, draw, uniform
from music_core.types import Vote

Signs = NDArray[np.int64]
Interval = tuple[float, float] | None

# The latent quality gap of a pair, and what people and each judge add to it: mean, share that is common to the seed.
MEAN_GAP = 0.25
TIE_ZONE = 0.2
SHARED = 0.4
NOISE = {"person:p": 0.5, "model:a": 0.7, "model:b": 1.2}


@dataclass(frozen=True)
class Design:
    """`clusters` seeds of 1 + Poisson pairs, `mean_size` on average, about `labels` of them labelled with π ≥ `floor`.

    `within` says that it keeps the limits below which the app warns; the others get half as many studies.
    """

    name: str
    clusters: int
    mean_size: float
    labels: int
    floor: float = FLOOR
    mix: float = 0.5
    within: bool = True


DESIGNS = (
    Design("at the limits: 100 seeds, 4 pairs each", 100, 4, 240),
    Design("100 seeds, 12 pairs each", 100, 12, 240),
    Design("400 seeds, 3 pairs each", 400, 3, 300),
    Design("too few labels", 100, 6, 60, within=False),
    Design("too few seeds", 20, 20, 200, within=False),
    Design("too few of both", 20, 5, 40, within=False),
    Design("probabilities down to 0.005", 200, 10, 240, 0.005, 0.0, within=False),
)


@dataclass(frozen=True)
class World:
    """Pairs with their seed and what each rater says of them (−1, 0, 1)."""

    seeds: NDArray[np.int64]
    said: dict[str, Signs]


def world(rng: np.random.Generator, clusters: int, mean_size: float) -> World:
    """Draw seeds with their pairs, and every rater's opinion on each."""
    seeds = np.repeat(np.arange(clusters), 1 + rng.poisson(mean_size - 1, clusters))

    def correlated() -> NDArray[np.float64]:
        common, own = rng.standard_normal(clusters)[seeds], rng.standard_normal(len(seeds))
        return math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * own

    gap = MEAN_GAP + correlated()
    seen = {rater: gap + scale * correlated() for rater, scale in NOISE.items()}
    return World(seeds, {rater: np.where(np.abs(s) < TIE_ZONE, 0, np.sign(s)).astype(np.int64) for rater, s in seen.items()})


def truths(rng: np.random.Generator) -> dict[str, float]:
    """What the intervals are for, over very many seeds: their error is a hundredth of an interval's width."""
    big = world(rng, 400_000, 3).said
    right = {rater: float(np.mean(big[rater] == big["person:p"])) for rater in ("model:a", "model:b")}
    spread = math.sqrt(1 + NOISE["person:p"] ** 2)
    above, below = ((1 + math.erf((sign * MEAN_GAP - TIE_ZONE) / spread / math.sqrt(2))) / 2 for sign in (1, -1))
    return {"agreement": right["model:a"], "difference": right["model:a"] - right["model:b"], "mean": (1 + above - below) / 2}


def study(design: Design, key: int, truth: dict[str, float]) -> dict[str, tuple[Interval, float]]:
    """One study: by name its interval and the value it should hold."""
    w = world(np.random.default_rng(key), design.clusters, design.mean_size)
    ids = [f"p{i:06d}" for i in range(len(w.seeds))]
    seed_of = dict(zip(ids, (f"s{s:05d}" for s in w.seeds.tolist()), strict=True))
    said = {rater: dict(zip(ids, values.tolist(), strict=True)) for rater, values in w.said.items()}
    differ = np.abs(w.said["model:a"] - w.said["model:b"]) / 2
    plans = {
        "uniform": uniform(ids, design.labels, floor=design.floor),
        "disagreement": by_disagreement(dict(zip(ids, differ.tolist(), strict=True)), design.labels, mix=design.mix, floor=design.floor),
    }
    found: dict[str, tuple[Interval, float]] = {}
    pool_mean = float((1 + w.said["person:p"].mean()) / 2)
    for name, plan in plans.items():
        draws = draw(plan, key)
        drawn = [d.pair_id for d in draws if d.drawn]
        answers = [Answer(pair_id, (1 + said["person:p"][pair_id]) / 2) for pair_id in drawn]
        e = estimate_mean(draws, seed_of, {i: (1 + v) / 2 for i, v in said["model:a"].items()}, answers, seed=key)
        found |= {f"{what}_{name}": value for what, value in _intervals(e, truth["mean"], pool_mean).items()}
        if name == "uniform":
            votes = [Vote(i, seed_of[i], rater, said[rater][i]) for i in drawn for rater in said]
            cell = next(c for c in agreement_cells(votes, seed=key) if (c.a, c.b) == ("model:a", "person:p"))
            apart = paired_difference(votes, "model:a", "model:b", "person:p", seed=key)
            found |= {"agreement": (cell.interval, truth["agreement"]), "difference": (apart.interval, truth["difference"])}
    return found


def _intervals(e: Estimate, mean: float, pool_mean: float) -> dict[str, tuple[Interval, float]]:
    return {
        "ppi": (e.interval, mean),
        "ppi_pool": (e.pool_interval, pool_mean),
        "ppi_on_pool": (e.interval, pool_mean),
        "classical": (e.classical_interval, mean),
    }


def coverage(design: Design, n: int, seed: int, truth: dict[str, float], tell: Callable[[str], None]) -> dict[str, Any]:
    """Share of the studies (`n`, or half of that outside the limits) whose interval held the truth, mean width, and how many were None."""
    results: dict[str, list[tuple[Interval, float]]] = {}
    n = n if design.within else max(n // 2, 1)
    for i in range(n):
        for name, value in study(design, seed * 1_000_003 + i, truth).items():
            results.setdefault(name, []).append(value)
        if i % 10 == 9 or i == n - 1:
            tell(f"{design.name}: {i + 1} of {n} studies")
    held = {name: [(low, high, true) for (low, high), true in _given(values)] for name, values in results.items()}
    return {
        "design": design.name,
        "within_limits": design.within,
        "studies": n,
        "clusters": design.clusters,
        "pairs": round(design.clusters * design.mean_size),
        "labels": design.labels,
        "floor": design.floor,
        "coverage": {name: _mean([low <= true <= high for low, high, true in rows]) for name, rows in held.items()},
        "width": {name: _mean([high - low for low, high, _ in rows]) for name, rows in held.items()},
        "missing": sum(len(values) - len(held[name]) for name, values in results.items()),
    }


def _given(values: list[tuple[Interval, float]]) -> list[tuple[tuple[float, float], float]]:
    return [(interval, true) for interval, true in values if interval is not None]


def _mean(values: list[bool] | list[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def main(arguments: list[str] | None = None) -> None:
    """Print one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    parser.add_argument("--studies", type=int, default=500, help="studies per design; designs outside the limits get half")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="40 studies of each design: shows that it runs, not what it measures")
    options = parser.parse_args(arguments)
    n, begin = 40 if options.quick else options.studies, time.perf_counter()

    def tell(text: str) -> None:
        print(f"\r{text:70s} {time.perf_counter() - begin:5.0f} s", end="", file=sys.stderr, flush=True)

    truth = truths(np.random.default_rng(options.seed))
    designs = [coverage(design, n, options.seed, truth, tell) for design in DESIGNS]
    print(file=sys.stderr)
    result = {
        "studies": n,
        # Of a coverage of 95 %: what a figure is off by luck alone, one standard error.
        "standard_error": round(math.sqrt(0.95 * 0.05 / n), 4),
        "truth": {name: round(value, 4) for name, value in truth.items()},
        "designs": designs,
        "seconds": round(time.perf_counter() - begin),
    }
    if not options.json:
        for d in designs:
            print(f"{d['design']}: " + ", ".join(f"{name} {share}" for name, share in d["coverage"].items()))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
