"""Two models, or two judges, held against the same reference on the same pairs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from music_core.evaluate.statistics import cluster_interval
from music_core.evaluate.votes import GROUPS, MISSING, Mask, Values, VoteTable, kind_of, vote_table
from music_core.types import Vote


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much more often `a` than `b` says what `reference` says, over the `n` pairs on which all three have a vote.

    `difference` = `accuracy_a` − `accuracy_b`; an accuracy is the share of votes equal to the reference's, a tie equal to a
    tie. `interval` is its 95 % percentile bootstrap interval, clustered on the `n_clusters` seeds. `only_a` counts pairs
    where a alone is right, `only_b` those where b alone is. `p_value` is the exact two-sided sign test of these two
    (McNemar's); it takes pairs for independent and so claims too much where seeds hold several: the interval decides.
    `n_trained_on` pairs were left out because a model had been trained on them. What is None is explained in `note`.
    """

    a: str
    b: str
    reference: str
    n: int
    n_clusters: int
    accuracy_a: float | None
    accuracy_b: float | None
    difference: float | None
    interval: tuple[float, float] | None
    only_a: int
    only_b: int
    p_value: float | None
    note: str = ""
    n_trained_on: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The difference as JSON types."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"interval": None if self.interval is None else list(self.interval)}


def paired_difference(
    votes: Sequence[Vote] | VoteTable, a: str, b: str, reference: str, *, seed: int = 0, n_boot: int = 1000
) -> PairedDifference:
    """Compare raters `a` and `b` by their accuracy against `reference`.

    Each is a rater of `votes`, or the group `judges` or `people`, which says what most members say. A member is held
    against the mode of the others: where `a` or `b` belongs to the reference group, or is it, neither of their votes is in the mode.

    Raises:
        ValueError: two of the three are the same, `a` or `b` is the group of another, a vote is not −1, 0 or 1, or a rater
            voted twice on one pair.
    """
    if len({a, b, reference}) < 3 or {GROUPS.get(kind_of(r)) for r in (a, b, reference)} & {a, b}:
        raise ValueError(f"{a}, {b} and {reference} are not three raters apart")
    table = votes if isinstance(votes, VoteTable) else vote_table(votes)
    says_a, says_b = said(table, a), said(table, b)
    truth, trained = said(table, reference, without=(a, b))
    shared = (says_a[0] != MISSING) & (says_b[0] != MISSING) & (truth != MISSING)
    left_out = shared & (says_a[1] | says_b[1] | trained)
    used = shared & ~left_out
    right_a, right_b = (says_a[0] == truth)[used], (says_b[0] == truth)[used]
    n, only_a, only_b = int(used.sum()), int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    if n == 0:
        note = f"All {left_out.sum()} shared pairs are training pairs of a model." if left_out.any() else "No pair has votes of all three."
        return PairedDifference(a, b, reference, 0, 0, None, None, None, None, 0, 0, None, note, int(left_out.sum()))
    lead = right_a.astype(np.int64) - right_b
    clusters = np.unique(table.seeds[used], return_inverse=True)[1]
    totals = np.bincount(clusters)
    leads = np.rint(np.bincount(clusters, weights=lead)).astype(np.int64)
    # From −1 … 1 to a share of 0 … 1 and back: the interval of a ratio is that of a shifted one, shifted.
    found = cluster_interval(leads + totals, 2 * totals, seed=seed, n_boot=n_boot)
    p_value = sign_test(only_a, only_b)
    return PairedDifference(
        a=a,
        b=b,
        reference=reference,
        n=n,
        n_clusters=len(totals),
        accuracy_a=float(right_a.mean()),
        accuracy_b=float(right_b.mean()),
        difference=(only_a - only_b) / n,
        interval=None if found is None else (2 * found[0] - 1, 2 * found[1] - 1),
        only_a=only_a,
        only_b=only_b,
        p_value=p_value,
        note=" ".join(filter(None, [_why_no_interval(found, len(totals), n_boot), _why_no_test(p_value)])),
        n_trained_on=int(left_out.sum()),
    )


def sign_test(wins: int, losses: int) -> float | None:
    """Exact two-sided p of a fair coin falling `wins` to `losses` or less evenly; None without a throw.

    On discordant pairs this is McNemar's test in its exact form (Q. McNemar, Psychometrika 12, 1947).
    """
    n = wins + losses
    if n == 0:
        return None
    # By logarithms, since binomial coefficients of a few thousand exceed what a float can hold.
    tail = (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * math.fsum(map(math.exp, tail)))


def said(table: VoteTable, rater: str, without: Sequence[str] = ()) -> tuple[Values, Mask]:
    """What a rater or group says about each pair, and which pairs it was trained on; a group without the named members."""
    nobody = np.zeros(len(table.seeds), np.bool_)
    if rater in GROUPS.values():
        rows = [i for i in table.members(rater) if table.raters[i] not in without]
        return table.said_by(rows), nobody
    if rater not in table.raters:
        return np.full(len(table.seeds), MISSING, np.int8), nobody
    i = table.raters.index(rater)
    return table.values[i], table.trained_on[i]


def _why_no_interval(interval: tuple[float, float] | None, n_seeds: int, n_boot: int) -> str:
    if interval is not None:
        return ""
    if n_boot < 1:
        return "No interval was asked for."
    if n_seeds == 1:
        return "No interval: all pairs come from one seed."
    return f"No interval: all {n_seeds} seeds show the same difference, so drawing among them shows no spread."


def _why_no_test(p_value: float | None) -> str:
    return "" if p_value is not None else "No test: there is no pair on which one alone is right."
