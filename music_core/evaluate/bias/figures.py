"""A number with what it rests on: shares, and sums and differences of shares, with intervals clustered on the seed.

The interval is the percentile bootstrap's over seeds drawn with replacement, as in the agreement matrix. Where no draw of
seeds differs from another (a judge that names the first position every time), the bootstrap has no width to show, and
certainty would be claimed from three pairs as from three thousand; with a handful of seeds it is too narrow. There each
seed counts as one trial, however many pairs it has: Wilson's interval for a share (E. B. Wilson, Journal of the American
Statistical Association 22, 1927), and for a weighted sum of shares the square-and-add rule (R. G. Newcombe, Statistics in
Medicine 17, 1998, method 10; G. Y. Zou and A. Donner, Statistics in Medicine 27, 2008, for any weights).
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from music_core.evaluate.statistics import expanded_percentiles

Counts = NDArray[np.int64]
Reals = NDArray[np.float64]
Mask = NDArray[np.bool_]

Z95 = 1.959963984540054
LEVEL = 0.95
# With fewer seeds in a group the bootstrap's interval is too narrow to conclude from.
MIN_DRAWN_SEEDS = 10
# Draws of seeds in which a group has no case say nothing; with fewer useful ones than this share, they are not relied on.
MIN_USEFUL_DRAWS = 0.5
_NO_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class Figure:
    """An estimate over `n` cases of `n_seeds` seeds and its 95 % interval. What is None is explained in `note`."""

    value: float | None
    n: int
    n_seeds: int = 0
    interval: tuple[float, float] | None = None
    note: str = ""


class Boot(NamedTuple):
    """How intervals are drawn: `n` replicates, started anew from `seed` for every figure."""

    seed: int = 0
    n: int = 1000


@dataclass(frozen=True)
class Group:
    """Cases of one share: `hits` in [0, 1] per case, and the number of each case's seed."""

    hits: Reals
    seeds: Counts

    @classmethod
    def of(cls, hits: Mask | Reals, seeds: Counts, where: Mask | None = None) -> "Group":
        """The cases where `where` holds (None: all)."""
        kept = np.ones(len(seeds), np.bool_) if where is None else where
        return cls(hits[kept].astype(np.float64), seeds[kept])


def missing(note: str, n: int = 0) -> Figure:
    """A figure that is not defined, and why."""
    return Figure(None, n, note=note)


def share(group: Group, boot: Boot, nothing: str) -> Figure:
    """The mean of `hits`; `nothing` is the note where there is no case."""
    return combined([group], [1.0], boot, nothing)


def combined(groups: Sequence[Group], weights: Sequence[float], boot: Boot, nothing: str, *, paired: bool = False) -> Figure:
    """Σ weight · share over `groups`: with weights 1, −1 a difference of shares, with ½, ½ a mean of two.

    Seeds are drawn for all groups at once, so what groups have in common (the same pairs, the same seeds) is in the
    interval. `paired` says that all groups hold the same cases, which then count once in `n`. Undefined, with the note
    `nothing`, where a group is empty.
    """
    sizes = [len(g.hits) for g in groups]
    n = sizes[0] if paired else sum(sizes)
    present = np.unique(np.concatenate([g.seeds for g in groups]))
    if min(sizes) == 0:
        return Figure(None, n, len(present), note=nothing)
    value = float(sum(w * float(g.hits.mean()) for w, g in zip(weights, groups, strict=True)))
    interval, note = _interval(groups, weights, present, boot)
    return Figure(value, n, len(present), interval, note)


def shifted(figure: Figure, by: float) -> Figure:
    """The figure and its interval moved by a constant."""
    if figure.value is None:
        return figure
    interval = None if figure.interval is None else (figure.interval[0] + by, figure.interval[1] + by)
    return dataclasses.replace(figure, value=figure.value + by, interval=interval)


def wilson(p: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share `p` of `n` trials, n at least 1."""
    middle = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def plain(value: Any) -> Any:
    """Dataclasses, mappings and tuples as JSON types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def _interval(groups: Sequence[Group], weights: Sequence[float], present: Counts, boot: Boot) -> tuple[tuple[float, float] | None, str]:
    if boot.n < 1:
        return None, "No interval was asked for."
    if len(present) < 2:
        return None, "No interval: all cases come from one seed."
    n_fewest = min(len(np.unique(g.seeds)) for g in groups)
    if n_fewest < MIN_DRAWN_SEEDS:
        return square_and_add(groups, weights), f"With {n_fewest} seeds only, the interval counts each seed as one trial."
    drawn = _bootstrap(groups, weights, present, boot)
    if drawn is None:
        return square_and_add(groups, weights), "Drawing seeds shows no spread, so the interval counts each seed as one trial."
    return drawn, ""


def _bootstrap(groups: Sequence[Group], weights: Sequence[float], present: Counts, boot: Boot) -> tuple[float, float] | None:
    """The percentile interval; None where all replicates are alike or too few have a case in every group."""
    kinds, how_many = _kinds(_sums(groups, present))
    draws = np.random.default_rng(boot.seed).multinomial(len(present), how_many / len(present), size=boot.n) @ kinds
    sizes, hits = draws[:, ::2], draws[:, 1::2]
    useful = np.all(sizes > 0, axis=1)
    if useful.mean() < MIN_USEFUL_DRAWS:
        return None
    values = (hits[useful] / sizes[useful]) @ np.asarray(weights)
    if np.ptp(values) < _NO_SPREAD:
        return None
    return expanded_percentiles(values, len(present), LEVEL)


def _sums(groups: Sequence[Group], present: Counts) -> Reals:
    """Per seed and group the number of cases and the sum of hits: seeds × 2·groups."""
    columns = []
    for group in groups:
        place = np.searchsorted(present, group.seeds)
        columns += [np.bincount(place, minlength=len(present)), np.bincount(place, weights=group.hits, minlength=len(present))]
    # Sums of fractions differ in their last bit with the order of cases; equal seeds must look equal.
    sums: Reals = np.stack(columns, axis=1).astype(np.float64)
    return sums.round(9)


def _kinds(rows: Reals) -> tuple[Reals, Counts]:
    """The distinct rows and how often each occurs: seeds with equal sums are interchangeable, see `cluster_interval`."""
    code = np.zeros(len(rows), np.int64)
    for column in rows.T:
        _, place = np.unique(column, return_inverse=True)
        _, code = np.unique(code * (int(place.max()) + 1) + place, return_inverse=True)
    _, first, how_many = np.unique(code, return_index=True, return_counts=True)
    return rows[first], how_many


def square_and_add(groups: Sequence[Group], weights: Sequence[float]) -> tuple[float, float]:
    """The interval of Σ weight · share out of Wilson's intervals of the shares, with each group's seeds as trials."""
    value = below = above = 0.0
    for group, weight in zip(groups, weights, strict=True):
        part = weight * float(group.hits.mean())
        low, high = sorted(weight * end for end in wilson(float(group.hits.mean()), len(np.unique(group.seeds))))
        value += part
        below += (part - low) ** 2
        above += (high - part) ** 2
    # Without the noise of the last bits, which would put the low end of a share of 0 below it.
    return round(value - math.sqrt(below), 12), round(value + math.sqrt(above), 12)


def sliced(hits: Mask | Reals, seeds: Counts, labels: Sequence[str], order: Sequence[str], boot: Boot) -> Mapping[str, Figure]:
    """The share in every slice that has a case, in `order`; `labels` names the slice of each case."""
    named = np.asarray(labels, dtype=object)
    return {name: share(Group.of(hits, seeds, where), boot, "") for name in order if (where := named == name).any()}
