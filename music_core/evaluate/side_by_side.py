"""Two reward models over the same pairs: where one of them is right and the other is not, and how far apart their margins are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_core.evaluate.compare import PairedDifference, paired_difference, said
from music_core.evaluate.statistics import cluster_interval
from music_core.evaluate.votes import MISSING, VoteTable

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Bands of a margin in units of the model's own spread; ours to choose. The outer two are open.
BANDS = (-2.0, -1.0, 0.0, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often a model's sign is the reference's: `right` of `n` pairs of `n_seeds` seeds, with its 95 % interval.

    `interval` is the percentile bootstrap over seeds, None where seeds show no spread. `n_trained_on` pairs were left out.
    """

    n: int
    n_seeds: int
    right: int
    interval: tuple[float, float] | None
    n_trained_on: int

    @property
    def share(self) -> float | None:
        """Right of all; None without a pair."""
        return self.right / self.n if self.n else None


@dataclass(frozen=True)
class SideBySide:
    """Two models on the pairs on which both have a margin and the reference names a side; `at` are their places in the votes' table.

    `margins_a` and `margins_b` point towards the side that the reference names (above 0 is right), each in units of its
    model's own spread over these pairs, so that models of different scale can be held side by side; `spread_a` and
    `spread_b` are those units, root mean squares of the rewards' differences, 0 for a model that tells no sides apart.
    Pairs that either model was trained on are left out; `n_trained_on` counts them, `n_tied` those where the reference says
    tie, which name no side. `towards` is +1 where the reference names the chosen branch, −1 for the rejected one.
    """

    at: NDArray[np.int64]
    towards: NDArray[np.int8]
    margins_a: Reals
    margins_b: Reals
    spread_a: float
    spread_b: float
    n_trained_on: int
    n_tied: int

    @property
    def right_a(self) -> Flags:
        """Where the first model is right."""
        return self.margins_a > 0

    @property
    def right_b(self) -> Flags:
        """Where the second model is right."""
        return self.margins_b > 0

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Pairs on which both are right, only the first, only the second, neither; a margin of 0 is not right."""
        a, b = self.right_a, self.right_b
        return int((a & b).sum()), int((a & ~b).sum()), int((b & ~a).sum()), int((~a & ~b).sum())

    def furthest(self) -> list[int]:
        """Positions of the pairs of which exactly one model is right, the largest gap between the two margins first."""
        apart = np.flatnonzero(self.right_a != self.right_b)
        gap = np.abs(self.margins_a[apart] - self.margins_b[apart])
        return [int(i) for i in apart[np.lexsort((apart, -gap))]]


@dataclass(frozen=True, slots=True)
class Bin:
    """One cell of the picture: margins of both models (its middle, in units of spread) and the pairs in it."""

    a: float
    b: float
    n: int


def side_by_side(table: VoteTable, margins_a: Reals, margins_b: Reals, a: str, b: str, reference: str) -> SideBySide:
    """Models `a` and `b` (raters `model:NAME`) against `reference`, a rater of `table` or a group.

    Margins are those of the table's pairs; where the model has no vote, they may be anything.
    """
    (says_a, trained_a), (says_b, trained_b) = said(table, a), said(table, b)
    truth = said(table, reference, without=(a, b))[0]
    shared = (says_a != MISSING) & (says_b != MISSING) & (truth != MISSING)
    left_out = shared & (trained_a | trained_b)
    tied = shared & ~left_out & (truth == 0)
    at = np.flatnonzero(shared & ~left_out & ~tied)
    towards = truth[at].astype(np.int8)
    raw = [m[at].astype(np.float64) for m in (margins_a, margins_b)]
    spreads = [float(np.sqrt(np.mean(m**2))) if len(m) else 0.0 for m in raw]
    turned = [m * towards / spread if spread else np.zeros(len(m)) for m, spread in zip(raw, spreads, strict=True)]
    return SideBySide(at, towards, turned[0], turned[1], spreads[0], spreads[1], int(left_out.sum()), int(tied.sum()))


def bins(found: SideBySide, *, limit: float = 3.0, n: int = 24) -> list[Bin]:
    """The pairs on a grid of `n` × `n` cells between −`limit` and `limit` spreads; what lies beyond is in the outermost cells."""
    width = 2 * limit / n
    where = [np.clip(np.floor((m + limit) / width), 0, n - 1).astype(np.int64) for m in (found.margins_a, found.margins_b)]
    cells, counts = np.unique(where[0] * n + where[1], return_counts=True)
    middle = -limit + width * (np.arange(n) + 0.5)
    return [Bin(float(middle[c // n]), float(middle[c % n]), int(k)) for c, k in zip(cells, counts, strict=True)]


def banded(margins: Reals) -> tuple[int, ...]:
    """Pairs per band of margin, the most wrong first: below −2 spreads, … , above 2; a margin on a bound is in the lower band."""
    return tuple(int(n) for n in np.bincount(np.searchsorted(BANDS, margins, side="left"), minlength=len(BANDS) + 1))


def differences_by(
    table: VoteTable, slices: Mapping[str, NDArray[np.int64]], a: str, b: str, reference: str, *, n_boot: int = 1000
) -> list[tuple[str, PairedDifference]]:
    """The paired difference of every slice that both models and the reference share pairs of, in that order.

    `slices` names the places of each one's pairs, each place once.

    Raises:
        ValueError: as in `paired_difference`.
    """
    found = ((name, paired_difference(table.only(at), a, b, reference, n_boot=n_boot)) for name, at in slices.items())
    return [(name, difference) for name, difference in found if difference.n or difference.n_trained_on]


def accuracy(seeds: Sequence[tuple[int, int, int]], n_trained_on: int = 0, *, seed: int = 0, n_boot: int = 1000) -> Accuracy:
    """The share of right pairs from counts: each (pairs of a seed, right ones among them, number of seeds with these counts).

    Seeds without a pair do not count.
    """
    kept = [(n, right, times) for n, right, times in seeds if n]
    totals, hits = (np.repeat([k[i] for k in kept], [k[2] for k in kept]).astype(np.int64) for i in (0, 1))
    interval = cluster_interval(hits, totals, seed=seed, n_boot=n_boot)
    return Accuracy(int(totals.sum()), len(totals), int(hits.sum()), interval, n_trained_on)
