"""Who agrees with whom: construction, judges, reward models and people in one matrix.

A rater is held against another on the pairs that both voted on. `judges` and `people` stand for the most frequent vote
of their members; where no vote is more frequent than all others, the group's vote is a tie. A member is held against
the mode of the *other* members, so that nobody is compared with himself. A group with itself counts every two
members' votes on one pair. A reward model's votes on its own training pairs are left out and counted apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from music_core.evaluate.statistics import both_orientations, cluster_interval, cohen_kappa, coincidences, krippendorff_alpha
from music_core.evaluate.votes import GROUPS, MISSING, Counts, Mask, Values, VoteTable, kind_of, rater_order, value_counts, vote_table
from music_core.types import Vote


@dataclass(frozen=True, slots=True)
class Cell:
    """Agreement of raters `a` and `b`.

    `n` counts pairs (of a group with itself: every two members' votes on one pair). `agree` is the share of equal
    votes, a tie equal to a tie; `agree_non_tie` the share among the `n_non_tie` where neither said tie. `kappa` is
    Cohen's, `alpha` Krippendorff's for nominal values, both with each pair entered once in each orientation.
    `interval` is the 95 % percentile bootstrap interval of `agree`, clustered on the seed. What is None is explained in
    `note`. `n_trained_on` pairs were left out because a model had been trained on them.
    """

    a: str
    b: str
    n: int
    agree: float | None
    n_non_tie: int
    agree_non_tie: float | None
    kappa: float | None
    alpha: float | None
    interval: tuple[float, float] | None
    note: str = ""
    n_trained_on: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The cell as JSON types."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"interval": None if self.interval is None else list(self.interval)}


@dataclass(frozen=True)
class _Comparison:
    """What a cell is computed from: votes by votes (3 × 3: −1, 0, 1), their coincidences, and per seed how many were compared and equal.

    The table of a group with itself holds every two votes in both orders.
    """

    table: Counts
    coincidences: np.ndarray[Any, np.dtype[np.float64]]
    compared: Counts
    equal: Counts
    n_trained_on: int = 0


def agreement_cells(votes: Sequence[Vote] | VoteTable, *, seed: int = 0, n_boot: int = 1000) -> list[Cell]:
    """One cell for every two raters and groups among `votes`, and one for each group with itself.

    Cells come in the order construction, judges, models, people, `a` before `b`. The result depends neither on the order of
    the votes nor on what is called chosen; a cell depends on nobody but its two raters. `seed` starts the bootstrap of
    `n_boot` replicates, anew for each cell.

    Raises:
        ValueError: a vote is not −1, 0 or 1, or a rater voted twice on one pair.
    """
    table = votes if isinstance(votes, VoteTable) else vote_table(votes)
    return [_cell(a, b, compared, seed, n_boot) for a, b, compared in _comparisons(table)]


@dataclass(frozen=True)
class _Said:
    """What a rater or group says: values, and where there are any. `trained_on` is None where a model was trained on no pair."""

    values: Values
    present: Mask
    trained_on: Mask | None

    @classmethod
    def of(cls, values: Values, trained_on: Mask | None = None) -> "_Said":
        return cls(values, values != MISSING, trained_on if trained_on is not None and trained_on.any() else None)


def _comparisons(table: VoteTable) -> Iterator[tuple[str, str, _Comparison]]:
    rows_of = {group: rows for group in GROUPS.values() if (rows := table.members(group))}
    counts = {group: value_counts(table.values[rows]) for group, rows in rows_of.items()}
    said = {r: _Said.of(table.values[i], table.trained_on[i]) for i, r in enumerate(table.raters)}
    said |= {group: _Said.of(table.said_by(rows)) for group, rows in rows_of.items()}
    names = sorted(said, key=rater_order)
    for i, a in enumerate(names):
        for b in names[i:]:
            if a == b and a in counts:
                yield a, a, _within(counts[a], table.seeds)
            elif a != b and b == GROUPS.get(kind_of(a)):
                others = [i for i in rows_of[b] if table.raters[i] != a]
                yield a, b, _between(said[a], _Said.of(table.said_by(others)), table.seeds)
            elif a != b:
                yield a, b, _between(said[a], said[b], table.seeds)


def _between(a: _Said, b: _Said, seeds: Counts) -> _Comparison:
    used, n_trained_on = a.present & b.present, 0
    for trained_on in (a.trained_on, b.trained_on):
        if trained_on is not None:
            n_trained_on += int(np.count_nonzero(used & trained_on))
            used &= ~trained_on
    # Of many pairs most cells hold few, so what follows looks at those only.
    at = np.flatnonzero(used)
    own, other, of_seed = a.values[at], b.values[at], seeds[at]
    table = np.bincount((own + 1) * 3 + other + 1, minlength=9).reshape(3, 3)
    n_seeds = int(of_seed.max(initial=-1)) + 1
    compared, equal = (np.bincount(of, minlength=n_seeds) for of in (of_seed, of_seed[own == other]))
    return _Comparison(table, (table + table.T).astype(np.float64), compared, equal, n_trained_on)


def _within(counts: Counts, seeds: Counts) -> _Comparison:
    """A group with itself. Members are interchangeable, so every two votes enter the table in both orders."""
    voters = counts.sum(axis=1)
    used = np.flatnonzero(voters > 1)
    some, voters, of_seed = counts[used], voters[used], seeds[used]
    table = some.T @ some - np.diag(some.sum(axis=0))
    compared = np.bincount(of_seed, weights=voters * (voters - 1) // 2).astype(np.int64)
    equal = np.bincount(of_seed, weights=(some * (some - 1)).sum(axis=1) // 2).astype(np.int64)
    return _Comparison(table, coincidences(some), compared, equal)


def _cell(a: str, b: str, c: _Comparison, seed: int, n_boot: int) -> Cell:
    orders = 2 if a == b else 1
    decided = c.table[np.ix_([0, 2], [0, 2])]
    n, n_equal, n_non_tie = (int(count) // orders for count in (c.table.sum(), np.trace(c.table), decided.sum()))
    if n == 0:
        return Cell(a, b, 0, None, 0, None, None, None, None, _why_nothing(a, b, c.n_trained_on), c.n_trained_on)
    kappa = cohen_kappa(both_orientations(c.table.astype(np.float64)))
    alpha = krippendorff_alpha(both_orientations(c.coincidences))
    interval = cluster_interval(c.equal, c.compared, seed=seed, n_boot=n_boot)
    notes = [
        "Neither named a side anywhere, so κ and α are undefined." if kappa is None else "",
        "There is no pair on which both named a side." if n_non_tie == 0 and kappa is not None else "",
        _why_no_interval(int(np.count_nonzero(c.compared)), n_boot) if interval is None else "",
    ]
    return Cell(
        a=a,
        b=b,
        n=n,
        agree=n_equal / n,
        n_non_tie=n_non_tie,
        agree_non_tie=float(np.trace(decided) / decided.sum()) if n_non_tie else None,
        kappa=kappa,
        alpha=alpha,
        interval=interval,
        note=" ".join(filter(None, notes)),
        n_trained_on=c.n_trained_on,
    )


def _why_nothing(a: str, b: str, n_trained_on: int) -> str:
    if n_trained_on:
        return f"All {n_trained_on} pairs that both voted on are training pairs of the model."
    if b in (a, GROUPS.get(kind_of(a))):
        return f"No pair has votes of two {b}."
    return "No pair has votes of both."


def _why_no_interval(n_seeds: int, n_boot: int) -> str:
    if n_boot < 1:
        return "No interval was asked for."
    if n_seeds == 1:
        return "No interval: all pairs come from one seed."
    return f"No interval: all {n_seeds} seeds show the same share of agreement, so drawing among them shows no spread."
