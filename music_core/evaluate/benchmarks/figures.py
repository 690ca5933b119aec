"""Shares with their bootstrap replicates, so that a weighted mean of several shares has an interval too."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from music_core.evaluate.statistics import Reals

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Draws:
    """How the intervals are made: `n_boot` replicates from `seed`; a group's draws depend on its name only, not on the others."""

    seed: int = 0
    n_boot: int = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report: a share between 0 and 1, `n` prompts behind it, its 95 % percentile bootstrap interval.

    `n_ties` counts prompts whose best right and best wrong answer have the same reward. What is None is explained in `note`.
    """

    name: str
    value: float | None
    n: int
    interval: tuple[float, float] | None = None
    n_ties: int = 0
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The figure as JSON types."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"interval": None if self.interval is None else list(self.interval)}


@dataclass(frozen=True, slots=True)
class Result:
    """What a benchmark says of a model: the final figure, those it is made of, the finest ones, and tables of another shape."""

    overall: Figure
    sections: tuple[Figure, ...]
    parts: tuple[Figure, ...] = ()
    tables: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON types."""
        return {
            "overall": self.overall.as_dict(),
            "sections": [f.as_dict() for f in self.sections],
            "parts": [f.as_dict() for f in self.parts],
            "tables": dict(self.tables),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Share:
    """A figure in the making: its value and its replicates (n_boot), None where there is no prompt or no spread to draw from."""

    name: str
    value: float | None
    n: int
    replicates: Reals | None = None
    n_ties: int = 0
    note: str = ""

    def figure(self) -> Figure:
        """The figure with its interval."""
        if self.value is None or self.replicates is None or np.ptp(self.replicates) == 0:
            note = self.note or ("" if self.value is None else "No interval: drawing among these prompts shows no spread.")
            return Figure(self.name, self.value, self.n, None, self.n_ties, note)
        low, high = np.quantile(self.replicates, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Figure(self.name, self.value, self.n, (float(low), float(high)), self.n_ties, self.note)


def share(name: str, hits: Sequence[float], seeds: Sequence[str], draws: Draws, *, n_ties: int = 0) -> Share:
    """The mean of `hits` (one number a prompt), resampled by seed: prompts that open alike are drawn together."""
    if not hits:
        return Share(name, None, 0, note="No usable prompt.")
    replicates = ratio_replicates(name, [hits], [[1.0] * len(hits)], seeds, draws)
    return Share(name, float(np.mean(hits)), len(hits), None if replicates is None else replicates[:, 0], n_ties)


def ratio_replicates(
    name: str, values: Sequence[Sequence[float]], weights: Sequence[Sequence[float]], seeds: Sequence[str], draws: Draws
) -> Reals | None:
    """Bootstrap replicates (n_boot × ratios) of Σ values / Σ weights for several ratios over the same prompts.

    `values` and `weights` are ratios × prompts. Seeds with equal sums are interchangeable, so how many of each kind there are
    is drawn at once (see `statistics.cluster_interval`). A replicate in which some ratio has no weight is left out. None with
    fewer than two seeds.
    """
    _, cluster = np.unique(np.asarray(seeds), return_inverse=True)
    n_clusters = int(cluster.max()) + 1
    if n_clusters < 2 or draws.n_boot < 1:
        return None
    stacked = np.asarray([*values, *weights], np.float64)
    sums = np.stack([np.bincount(cluster, weights=row, minlength=n_clusters) for row in stacked], axis=1)
    kinds, how_many = np.unique(sums, axis=0, return_counts=True)
    rng = np.random.default_rng([draws.seed, zlib.crc32(name.encode())])
    drawn = rng.multinomial(n_clusters, how_many / n_clusters, size=draws.n_boot) @ kinds
    above, below = drawn[:, : len(values)], drawn[:, len(values) :]
    whole = (below > 0).all(axis=1)
    made: Reals = above[whole] / below[whole]
    return made if len(made) else None


def weighted_mean(name: str, parts: Sequence[Share], weights: Sequence[float] | None = None) -> Share:
    """The weighted mean of shares, drawn independently of each other; undefined as soon as one of them is."""
    n, ties = sum(p.n for p in parts), sum(p.n_ties for p in parts)
    missing = [p.name for p in parts if p.value is None]
    if missing or not parts:
        return Share(name, None, n, n_ties=ties, note=f"No usable prompt of: {', '.join(missing) or name}.")
    w = np.ones(len(parts)) if weights is None else np.asarray(weights, np.float64)
    value = float(np.dot(w, [p.value for p in parts if p.value is not None]) / w.sum())
    length = max((len(p.replicates) for p in parts if p.replicates is not None), default=0)
    if not length:
        return Share(name, value, n, None, ties)
    # A part without spread stays where it is; one that lost a replicate repeats its first ones.
    columns = [np.full(length, p.value) if p.replicates is None else np.resize(p.replicates, length) for p in parts]
    return Share(name, value, n, np.average(np.stack(columns, axis=1), axis=1, weights=w), ties)
