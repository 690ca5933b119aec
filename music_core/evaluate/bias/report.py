"""What pulls a rater: position, length, its own model, style. One report per judge, reward model and person.

Position and unparsed answers are counted over single readings; all other figures are about a rater's one vote per pair, as
in the agreement matrix, where a flip is a tie: so a judge that names a position every time has no length effect besides.
A rater's figures depend on nobody else's, except those that say so: `people`, and all of `self_preference`, which is
over the pairs that other judges decided too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from music_core.evaluate.bias.cases import BiasData, Pairs, judge_models, raters_of, said_by_rater
from music_core.evaluate.bias.figures import Boot, plain
from music_core.evaluate.bias.rater import Everything, RaterReport, rater_report

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BiasReport:
    """The reports of all raters, in the order judges, models, people, over `n_pairs` pairs of `n_seeds` seeds."""

    raters: tuple[RaterReport, ...]
    n_pairs: int
    n_seeds: int

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON types."""
        found: dict[str, Any] = plain(self)
        return found


def bias_report(data: BiasData, *, seed: int = 0, n_boot: int = 1000) -> BiasReport:
    """The report on everybody who said anything about the pairs of `data`; the order of its rows does not matter.

    `seed` starts the `n_boot` bootstrap replicates, anew for each figure.

    Raises:
        ValueError: a pair has two rows of facts, a vote is not −1, 0 or 1, or a rater voted twice on one pair.
    """
    pairs, boot = Pairs.of(data.facts), Boot(seed, n_boot)
    everything = Everything(
        pairs,
        said_by_rater(pairs, data.votes),
        judge_models(pairs, data.readings),
        _grouped((f"judge:{r.judge}", r) for r in data.readings if r.pair_id in pairs.place),
        _grouped((f"judge:{v.judge}", v) for v in data.verdicts if v.pair_id in pairs.place),
        _grouped((f"person:{e.person}", e) for e in data.labels if e.pair_id in pairs.place),
        data.styles,
    )
    reports = tuple(rater_report(rater, everything, boot) for rater in raters_of(pairs, data))
    return BiasReport(reports, len(pairs.facts), len(np.unique(pairs.seeds)))


def _grouped(items: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for rater, item in items:
        found.setdefault(rater, []).append(item)
    return found
