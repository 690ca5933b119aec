"""Agreement by slice of the pairs (turns, divergence, length gap, source …), and the ceiling that people set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from music_core.evaluate.agreement import Cell, agreement_cells
from music_core.evaluate.statistics import cluster_interval
from music_core.evaluate.votes import MISSING, mode, value_counts, vote_table
from music_core.types import Vote

# Relative gaps in length; ours to choose. Below the first both sides count as equally long.
GAPS = (0.1, 0.5)


@dataclass(frozen=True, slots=True)
class Slice:
    """The agreement matrix of the `n_pairs` voted pairs of one slice; `name` is None for pairs that no slice was named for."""

    name: str | None
    n_pairs: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How often a person says what most other people say: what a judge as good as a person would reach.

    Over `n_votes` votes, on `n_pairs` pairs by `n_persons` people, that have a vote of somebody else beside them. `interval`
    is the 95 % percentile bootstrap interval, clustered on the seed. What is None is explained in `note`.
    """

    agree: float | None
    interval: tuple[float, float] | None
    n_votes: int
    n_pairs: int
    n_persons: int
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The ceiling as JSON types."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"interval": None if self.interval is None else list(self.interval)}


def sliced_cells(votes: Sequence[Vote], slice_of: Mapping[str, str], *, seed: int = 0, n_boot: int = 1000) -> list[Slice]:
    """One matrix per slice, in the order of the names, pairs without a slice last.

    `slice_of` names the slice of a pair id. Every slice's cells are those of `agreement_cells` on its votes alone.

    Raises:
        ValueError: as in `agreement_cells`.
    """
    parts: dict[str | None, list[Vote]] = {}
    for vote in votes:
        parts.setdefault(slice_of.get(vote.pair_id), []).append(vote)
    return [
        Slice(name, len({v.pair_id for v in parts[name]}), tuple(agreement_cells(parts[name], seed=seed, n_boot=n_boot)))
        for name in sorted(parts, key=lambda name: (name is None, name or ""))
    ]


def length_gap_bucket(n_chosen: int, n_rejected: int) -> str:
    """The slice of a pair by the lengths of its sides, in characters or tokens: which is longer, by how much of the longer one.

    Raises:
        ValueError: a length below 0.
    """
    if min(n_chosen, n_rejected) < 0:
        raise ValueError("a length is at least 0")
    gap = abs(n_chosen - n_rejected) / max(n_chosen, n_rejected, 1)
    if gap < GAPS[0]:
        return "about equal"
    longer = "chosen" if n_chosen > n_rejected else "rejected"
    return f"{longer} {'much ' if gap >= GAPS[1] else ''}longer"


def ceiling(votes: Sequence[Vote], *, seed: int = 0, n_boot: int = 1000) -> Ceiling:
    """Leave-one-out agreement of people: each vote of a `person:…` against the mode of the other people's on that pair.

    A tie is equal to a tie, and where the others are divided their mode is one. All votes count alike, so a person counts
    by the number of votes.

    Raises:
        ValueError: a vote is not −1, 0 or 1, or a rater voted twice on one pair.
    """
    table = vote_table(votes)
    people = table.values[table.members("people")]
    counts = value_counts(people) if len(people) else np.zeros((len(table.seeds), 3), np.int64)
    others = [mode(counts - value_counts(own[None, :])) for own in people]
    compared = [(own != MISSING) & (other != MISSING) for own, other in zip(people, others, strict=True)]
    totals = np.stack(compared).sum(axis=0) if compared else np.zeros(len(table.seeds), np.int64)
    if not totals.any():
        return Ceiling(None, None, 0, 0, 0, "No ceiling: there is no pair with labels of two people.")
    equal = np.stack([c & (own == other) for c, own, other in zip(compared, people, others, strict=True)]).sum(axis=0)
    used = totals > 0
    clusters = np.unique(table.seeds[used], return_inverse=True)[1]
    n_of, hits_of = (np.bincount(clusters, weights=column[used]).astype(np.int64) for column in (totals, equal))
    interval = cluster_interval(hits_of, n_of, seed=seed, n_boot=n_boot)
    n_votes, n_persons = int(totals.sum()), sum(bool(c.any()) for c in compared)
    note = "" if interval is not None or n_boot < 1 else f"No interval: the {len(n_of)} seeds show no spread to draw from."
    return Ceiling(int(equal.sum()) / n_votes, interval, n_votes, int(used.sum()), n_persons, note)
