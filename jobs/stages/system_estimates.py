"""How often people prefer each named system, over a queue's pool of pairs that no origin built to have a better side."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from music_core.evaluate.estimands import win_rate
from music_core.evaluate.estimate import Estimate
from music_core.evaluate.sampling import Draw
from music_core.types import BranchName, LabelEvent

Matchups = Mapping[str, frozenset[tuple[str, str]]]
"""Pair id → the systems of its (chosen, rejected) side, once for every meeting."""
FEW_SYSTEMS = 2


@dataclass(frozen=True, slots=True)
class Systems:
    """The systems whose answers the pairs of a pool are."""

    met: Matchups

    @property
    def names(self) -> list[str]:
        """All of them, sorted."""
        return sorted({name for pairs in self.met.values() for couple in pairs for name in couple})

    def sides(self, system: str, against: str = "") -> dict[str, BranchName]:
        """Pair id → the side that `system` wrote, of its pairs with `against` (empty: anybody) but those with it on both."""
        found: dict[str, BranchName] = {}
        for pair_id, met in self.met.items():
            own: set[BranchName] = set()
            for chosen, rejected in met:
                if chosen == system and against in ("", rejected):
                    own.add("chosen")
                if rejected == system and against in ("", chosen):
                    own.add("rejected")
            if len(own) == 1:
                found[pair_id] = own.pop()
        return found

    def couples(self, labelled: set[str]) -> list[tuple[str, str]]:
        """Two systems that met on a labelled pair, each couple once and by name; none where there are no more than two systems."""
        if len(self.names) <= FEW_SYSTEMS:
            return []
        return [(a, b) for a, b in itertools.combinations(self.names, 2) if labelled & self.sides(a, b).keys()]


def system_win_rate(
    side: Mapping[str, BranchName],
    draws: Sequence[Draw],
    seed_of: Mapping[str, str],
    scores: Mapping[str, float | None],
    labels: Sequence[LabelEvent],
    *,
    seed: int,
    n_boot: int,
) -> Estimate:
    """Of the system that wrote `side`, over the pairs of the pool that it has a side of: they are a pool of their own."""
    own = [d for d in draws if d.pair_id in side]
    given = [e for e in labels if e.pair_id in side]
    found = win_rate(own, seed_of, scores, given, side=side, seed=seed, n_boot=n_boot)
    n_out = len(draws) - len(own)
    return replace(found, n_excluded=n_out).with_note(f"{n_out} pairs without these systems are left out.") if n_out else found


def mean_scores(scores: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """Pair id → the mean of what is known of it: the prediction of several raters together."""
    known: dict[str, list[float]] = {}
    for one in scores:
        for pair_id, score in one.items():
            if score is not None:
                known.setdefault(pair_id, []).append(score)
    return {pair_id: sum(values) / len(values) for pair_id, values in known.items()}
