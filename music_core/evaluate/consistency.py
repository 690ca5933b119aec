"""How often a person decides a pair the same way when it comes back: the ceiling of what anybody can agree with that person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from music_core.evaluate.statistics import cluster_interval
from music_core.types import Repeated


@dataclass(frozen=True, slots=True)
class Consistency:
    """Of one person: `n` pairs decided twice, the share of equal decisions with its 95 % interval (clustered on the seed).

    Of the `n_exchanged` whose sides stood the other way round, `same_exchanged` were decided alike by branch; a person who
    goes by the side of the screen loses there and nowhere else. What is None is explained in `note`.
    """

    person: str
    n: int
    same: float | None
    interval: tuple[float, float] | None
    n_exchanged: int
    same_exchanged: float | None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON types."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"interval": None if self.interval is None else list(self.interval)}


def consistency(repeats: Sequence[Repeated], *, seed: int = 0, n_boot: int = 1000) -> list[Consistency]:
    """One entry per person, by name; a tie is equal to a tie. `seed` starts the bootstrap of `n_boot` replicates."""
    people = sorted({r.person for r in repeats})
    return [_of(person, [r for r in repeats if r.person == person], seed, n_boot) for person in people]


def _of(person: str, repeats: Sequence[Repeated], seed: int, n_boot: int) -> Consistency:
    same = np.array([r.first == r.again for r in repeats])
    exchanged = np.array([r.exchanged for r in repeats])
    clusters = np.unique([r.seed_id for r in repeats], return_inverse=True)[1]
    totals, hits = np.bincount(clusters), np.bincount(clusters, weights=same).astype(np.int64)
    interval = cluster_interval(hits, totals, seed=seed, n_boot=n_boot)
    turned = same[exchanged]
    note = "" if interval is not None else "No interval: the pairs show no spread to draw from."
    return Consistency(person, len(same), float(same.mean()), interval, len(turned), float(turned.mean()) if len(turned) else None, note)
