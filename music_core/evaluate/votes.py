"""Votes as arrays: who said what about which pair, and what a group says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_core.types import Vote

MISSING = -2
VALUES = (-1, 0, 1)
# Kinds of raters in the order of the matrix; a group stands behind its members.
GROUPS = {"judge": "judges", "person": "people"}
# Members come before their group, which `agreement` relies on.
_KINDS = ("construction", "judge", "judges", "model", "person", "people")

Values = NDArray[np.int8]
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class VoteTable:
    """`values[r, p]` is what rater r says about pair p, `MISSING` for nothing; `seeds[p]` numbers p's seed.

    `trained_on` and `final` are those of the votes.
    """

    raters: tuple[str, ...]
    values: Values
    trained_on: Mask
    seeds: Counts
    final: Mask

    def members(self, group: str) -> list[int]:
        """Rows of the raters that belong to `judges` or `people`."""
        return [i for i, rater in enumerate(self.raters) if GROUPS.get(kind_of(rater)) == group]

    def only(self, at: Counts) -> "VoteTable":
        """The votes on the pairs at these positions, each named once, and the raters who have one there."""
        rows = np.flatnonzero((self.values[:, at] != MISSING).any(axis=1))
        here = np.ix_(rows, at)
        return VoteTable(tuple(self.raters[i] for i in rows), self.values[here], self.trained_on[here], self.seeds[at], self.final[here])

    def said_by(self, rows: Sequence[int]) -> Values:
        """What the raters of these rows say together: the adjudication of a pair where one of them gave it, else their mode."""
        said = np.full(self.values.shape[1], MISSING, np.int8)
        if not rows:
            return said
        # Mostly few have said anything about most pairs.
        at = np.flatnonzero(np.logical_or.reduce([self.values[row] != MISSING for row in rows]))
        values, final = (np.stack([of[row][at] for row in rows]) for of in (self.values, self.final))
        said[at] = mode(value_counts(values))
        if final.any():
            judged = mode(value_counts(np.where(final, values, MISSING)))
            said[at[judged != MISSING]] = judged[judged != MISSING]
        return said


def kind_of(rater: str) -> str:
    """`judge` of `judge:NAME`; `construction` and the groups are their own kind."""
    return rater.partition(":")[0]


def kind_behind(rater: str) -> str:
    """The kind of raters whose votes make up what it says: of a group its members', else its own."""
    return next((kind for kind, group in GROUPS.items() if group == rater), kind_of(rater))


def rater_order(rater: str) -> tuple[int, str]:
    """Sort key of the matrix: by kind, then by name."""
    kind = kind_of(rater)
    return (_KINDS.index(kind) if kind in _KINDS else len(_KINDS), rater)


def vote_table(votes: Sequence[Vote]) -> VoteTable:
    """The votes as arrays. Raises `ValueError` on a value other than −1, 0, 1, or two votes of one rater on one pair."""
    raters = tuple({v.rater: None for v in votes})
    row_of = {rater: i for i, rater in enumerate(raters)}
    seed_of_pair = {v.pair_id: v.seed_id for v in votes}
    column_of = {pair_id: i for i, pair_id in enumerate(seed_of_pair)}
    rows = np.fromiter((row_of[v.rater] for v in votes), np.int64, len(votes))
    columns = np.fromiter((column_of[v.pair_id] for v in votes), np.int64, len(votes))
    said = np.fromiter((v.value for v in votes), np.int64, len(votes))
    trained_on = np.fromiter((v.trained_on for v in votes), np.bool_, len(votes))
    final = np.fromiter((v.final for v in votes), np.bool_, len(votes))
    return table_of_numbers(raters, rows, columns, said, trained_on, final, _numbered(seed_of_pair.values()))


def table_of_numbers(
    raters: Sequence[str], rater: Counts, pair: Counts, value: Counts | Values, trained_on: Mask, final: Mask, seed: Counts
) -> VoteTable:
    """The same table out of columns: vote k is what `raters[rater[k]]` says about pair `pair[k]`, which is of seed `seed[pair[k]]`.

    Raises `ValueError` as `vote_table` does.
    """
    order = sorted(range(len(raters)), key=lambda i: rater_order(raters[i]))
    row_of = np.empty(len(raters), np.int64)
    row_of[order] = np.arange(len(raters))
    rows, shape = row_of[rater], (len(raters), len(seed))
    if len(value) and not (VALUES[0] <= value.min() and value.max() <= VALUES[-1]):
        raise ValueError("a vote is -1, 0 or 1")
    values, trained, judged = np.full(shape, MISSING, np.int8), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    values[rows, pair] = value
    if np.count_nonzero(values != MISSING) != len(value):
        raise ValueError("a rater voted twice on one pair")
    trained[rows, pair] = trained_on
    judged[rows, pair] = final
    return VoteTable(tuple(raters[i] for i in order), values, trained, seed, judged)


def _numbered(names: Iterable[str]) -> Counts:
    number_of: dict[str, int] = {}
    return np.array([number_of.setdefault(name, len(number_of)) for name in names], np.int64)


def value_counts(values: Values) -> Counts:
    """How often each of −1, 0, 1 was said about each pair (pairs × 3), of the votes of a few raters (raters × pairs)."""
    counts = np.zeros((len(VALUES), values.shape[1]), np.int64)
    # Row by row: sums along the short side of a long array take several times as long.
    for row in values:
        for count, value in zip(counts, VALUES, strict=True):
            count += row == value
    return counts.T


def mode(counts: Counts) -> Values:
    """The most frequent value of each pair; a tie (0) where no value is more frequent than all others, `MISSING` without votes."""
    down, even, up = counts.T
    said = (up > np.maximum(even, down)).astype(np.int8) - (down > np.maximum(even, up))
    return np.where(down + even + up > 0, said, MISSING).astype(np.int8)
