"""What a report on bias is computed from, and the same as arrays in an order that does not depend on the order of arrival."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from music_core.evaluate.bias.figures import Counts, Mask
from music_core.evaluate.votes import VALUES, Values, kind_of, mode, rater_order
from music_core.facts import PairFacts
from music_core.types import LabelEvent, Reading, Verdict, Vote

StyleCounts = Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
KINDS = ("judge", "model", "person")


@dataclass(frozen=True)
class BiasData:
    """Everything said about some pairs. What is said about pairs that are not among `facts` does not count.

    `styles` maps a pair id to the counts of `style.FEATURES` on its chosen and its rejected side.
    """

    facts: Sequence[PairFacts]
    votes: Sequence[Vote] = ()
    verdicts: Sequence[Verdict] = ()
    readings: Sequence[Reading] = ()
    labels: Sequence[LabelEvent] = ()
    styles: StyleCounts = field(default_factory=dict)


@dataclass(frozen=True)
class Pairs:
    """The pairs by id, with what every rater's figures need of them as arrays of that order."""

    facts: tuple[PairFacts, ...]
    place: Mapping[str, int]
    seeds: Counts
    gap: Counts
    built: Mask

    @classmethod
    def of(cls, facts: Iterable[PairFacts]) -> "Pairs":
        """`gap` is chosen − rejected characters. Raises `ValueError` where a pair comes twice."""
        ordered = tuple(sorted(facts, key=lambda fact: fact.pair_id))
        place = {fact.pair_id: i for i, fact in enumerate(ordered)}
        if len(place) != len(ordered):
            raise ValueError("a pair has two rows of facts")
        _, seeds = np.unique(np.array([fact.seed_id for fact in ordered], dtype=object), return_inverse=True)
        gap = np.array([fact.chars_chosen - fact.chars_rejected for fact in ordered], np.int64)
        built = np.array([fact.built for fact in ordered], np.bool_)
        return cls(ordered, place, seeds.astype(np.int64), gap, built)


@dataclass(frozen=True)
class Said:
    """One rater's votes: `values` (−1, 0, 1 by branch) about the pairs at `at`, ascending; none on its own training pairs."""

    at: Counts
    values: Counts
    n_trained_on: int = 0

    @property
    def decisive(self) -> "Said":
        """The votes that name a side."""
        named = self.values != 0
        return Said(self.at[named], self.values[named], self.n_trained_on)

    def where(self, kept: Mask) -> "Said":
        """The votes for which `kept` holds, in their order."""
        return Said(self.at[kept], self.values[kept], self.n_trained_on)


NOTHING_SAID = Said(np.zeros(0, np.int64), np.zeros(0, np.int64))


def said_by_rater(pairs: Pairs, votes: Iterable[Vote]) -> Mapping[str, Said]:
    """Votes per judge, model and person. Raises `ValueError` on a value other than −1, 0, 1 or two votes of one rater on one pair."""
    found: dict[str, list[tuple[int, int, bool]]] = {}
    for vote in votes:
        at = pairs.place.get(vote.pair_id)
        if at is not None and kind_of(vote.rater) in KINDS:
            found.setdefault(vote.rater, []).append((at, vote.value, vote.trained_on))
    return {rater: _said(rows) for rater, rows in found.items()}


def _said(rows: list[tuple[int, int, bool]]) -> Said:
    table = np.array(sorted(rows), np.int64)
    if not np.isin(table[:, 1], VALUES).all():
        raise ValueError("a vote is -1, 0 or 1")
    if len(np.unique(table[:, 0])) != len(table):
        raise ValueError("a rater voted twice on one pair")
    own = table[:, 2] == 1
    return Said(table[~own, 0], table[~own, 1], int(own.sum()))


def most_people(pairs: Pairs, said: Mapping[str, Said], without: str) -> Values:
    """What most people but `without` say of each pair: the mode, a tie where none leads, `MISSING` without votes."""
    counts = np.zeros((len(pairs.facts), len(VALUES)), np.int64)
    for rater, votes in said.items():
        if kind_of(rater) == "person" and rater != without:
            counts[votes.at, votes.values + 1] += 1
    return mode(counts)


def judge_models(pairs: Pairs, readings: Iterable[Reading]) -> Mapping[str, Mapping[int, frozenset[str]]]:
    """Judge → pair (its place) → keys of the models that read it; mostly one."""
    found: dict[str, dict[int, frozenset[str]]] = {}
    for reading in readings:
        at = pairs.place.get(reading.pair_id)
        if at is not None:
            models = found.setdefault(reading.judge, {})
            key = model_key(reading.model)
            if key not in models.get(at, ()):
                models[at] = models.get(at, frozenset()) | {key}
    return found


def model_key(name: str) -> str:
    """What counts as the same model: the name without the organisation before the last slash, in lower case."""
    return name.strip().rsplit("/", 1)[-1].casefold()


def raters_of(pairs: Pairs, data: BiasData) -> list[str]:
    """Everybody who said anything about the pairs, judges that answered nothing usable too, in the order of the matrix."""
    names = {v.rater for v in data.votes if v.pair_id in pairs.place}
    names |= {f"judge:{r.judge}" for r in data.readings if r.pair_id in pairs.place}
    names |= {f"judge:{v.judge}" for v in data.verdicts if v.pair_id in pairs.place}
    names |= {f"person:{e.person}" for e in data.labels if e.pair_id in pairs.place}
    return sorted((name for name in names if kind_of(name) in KINDS), key=rater_order)
