"""Pairs by turns, divergence, length gap and source."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

from music_core.evaluate.bias.cases import Pairs
from music_core.evaluate.bias.figures import Boot, Counts, Figure, Group, Mask, share, sliced

# First value of each bucket; the last one is open. Characters of a gap are those of `PairFacts`.
TURNS = (0, 1, 2, 3, 4, 5, 6, 11)
GAPS = (0, 1, 100, 500, 2000)

Slices = Mapping[str, Mapping[str, Figure]]


def bucket_names(starts: tuple[int, ...]) -> list[str]:
    """`3`, `6 to 10`, `11 and more`: the names of the buckets that begin at `starts`."""
    closed = [f"{low}" if high == low + 1 else f"{low} to {high - 1}" for low, high in pairwise(starts)]
    return [*closed, f"{starts[-1]} and more"]


def by_bucket(hits: Mask, seeds: Counts, values: Counts, starts: tuple[int, ...], boot: Boot) -> Mapping[str, Figure]:
    """The share of `hits` per bucket of `values` (at least `starts[0]`), in their order, without empty ones."""
    names = bucket_names(starts)
    labels = [names[k] for k in np.searchsorted(starts, values, side="right") - 1]
    return sliced(hits, seeds, labels, names, boot)


def by_all(hits: Mask, at: Counts, pairs: Pairs, boot: Boot) -> Slices:
    """The share of `hits` (one per pair at `at`) by turns, divergence, length gap and source.

    A pair of two sources counts in both.
    """
    seeds = pairs.seeds[at]
    turns = np.array([pairs.facts[i].n_turns for i in at], np.int64)
    divergence = np.array([pairs.facts[i].divergence for i in at], np.int64)
    return {
        "turns": by_bucket(hits, seeds, turns, TURNS, boot),
        "divergence": by_bucket(hits, seeds, divergence, TURNS, boot),
        "length_gap": by_bucket(hits, seeds, np.abs(pairs.gap[at]), GAPS, boot),
        "source": _by_source(hits, seeds, [pairs.facts[i].sources for i in at], boot),
    }


def _by_source(hits: Mask, seeds: Counts, sources: Iterable[tuple[str, ...]], boot: Boot) -> Mapping[str, Figure]:
    cases: dict[str, list[int]] = {}
    for case, names in enumerate(sources):
        for name in names:
            cases.setdefault(name, []).append(case)
    return {name: share(Group.of(hits[cases[name]], seeds[cases[name]]), boot, "") for name in sorted(cases)}
