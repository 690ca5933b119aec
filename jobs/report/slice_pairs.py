"""The pairs of every slice, without a matrix of all raters. Pure."""

from collections.abc import Sequence

from jobs.report.slicing import _place, values_of
from music_core.facts import PairFacts


def slice_pairs(by: str, facts: Sequence[PairFacts]) -> dict[str, list[str]]:
    """Value of `by` (a key of `BY`) → ids of its pairs, in the order of `slices_by`. Raises `ValueError` for an unknown `by`."""
    found: dict[str, list[str]] = {}
    for pair in facts:
        for name in values_of(pair, by):
            found.setdefault(name, []).append(pair.pair_id)
    return {name: found[name] for name in sorted(found, key=lambda name: _place(by, name))}
