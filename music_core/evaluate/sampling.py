"""Which pairs of a frozen pool get a label: a probability for each pair, fixed beforehand, and independent draws.

A plan is a mapping pair id → π. It depends on nothing that a label could tell, its probabilities sum to the wanted number
of labels, and none lies below the floor: 1/π is a weight in every estimate, and a tiny π would let one label outweigh all
others. A pair is drawn when its own random number, a hash of (seed, pair id), lies below π. So a draw depends neither on
the order nor on the rest of the pool, the number of labels varies a little about the wanted one (Poisson sampling), and a
larger plan over the same pool keeps every pair that the smaller one drew.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_core.errors import ConfigError

FLOOR = 0.05

Plan = dict[str, float]


@dataclass(frozen=True, slots=True)
class Draw:
    """One pair of the pool: the probability with which it was to be labelled, and whether it was drawn."""

    pair_id: str
    probability: float
    drawn: bool


def uniform(pool: Collection[str], n_labels: float, *, floor: float = FLOOR) -> Plan:
    """The same probability for every pair id of `pool`. Raises `ConfigError`; see `weighted`."""
    ids = sorted(set(pool))
    _check(len(ids), n_labels, floor)
    return dict.fromkeys(ids, max(n_labels / len(ids), floor))


def stratified(stratum_of: Mapping[str, str], n_labels: float, *, floor: float = FLOOR) -> Plan:
    """As many expected labels from each stratum (pair id → its name) as from any other, as far as floor and size allow.

    Within a stratum all pairs have one probability. A stratum too small for its share is labelled whole, and the others
    take over the rest. Raises `ConfigError`; see `weighted`.
    """
    sizes = Counter(stratum_of.values())
    return weighted({pair_id: 1 / sizes[name] for pair_id, name in stratum_of.items()}, n_labels, floor=floor)


def by_disagreement(score_of: Mapping[str, float], n_labels: float, *, mix: float = 0.5, floor: float = FLOOR) -> Plan:
    """Pairs on which raters disagree more are likelier; `score_of` is in [0, 1], 1 for full disagreement.

    π is proportional to (1 − mix) · √score + mix, the square root scaled to a mean of 1. Where the score tracks the squared
    error of the prediction, the root is the best choice (T. Zrnic and E. Candès, Active Statistical Inference, ICML 2024,
    section 4). The share `mix` of uniform sampling limits what a bad score can do.

    Raises:
        ValueError: a score outside [0, 1].
        ConfigError: `mix` outside [0, 1], or as in `weighted`.
    """
    for pair_id, score in score_of.items():
        if not 0 <= score <= 1:
            raise ValueError(f"the disagreement of {pair_id} is {score}, not a number in [0, 1]")
    return _mixed({pair_id: math.sqrt(score) for pair_id, score in score_of.items()}, n_labels, mix, floor)


def by_uncertainty(margin_of: Mapping[str, float], n_labels: float, *, mix: float = 0.5, floor: float = FLOOR) -> Plan:
    """Pairs with a small |margin| or |score| are likelier, whatever its unit.

    The uncertain part is 1 / (1 + |m| / s) with s the median |margin| of the pool, mixed with uniform sampling as in
    `by_disagreement`.

    Raises:
        ValueError: a margin that is no finite number.
        ConfigError: `mix` outside [0, 1], or as in `weighted`.
    """
    for pair_id, margin in margin_of.items():
        if not math.isfinite(margin):
            raise ValueError(f"the margin of {pair_id} is {margin}, not a finite number")
    middle = float(np.median([abs(m) for m in margin_of.values()])) if margin_of else 0.0
    scale = middle or 1.0
    return _mixed({pair_id: 1 / (1 + abs(margin) / scale) for pair_id, margin in margin_of.items()}, n_labels, mix, floor)


def weighted(weight_of: Mapping[str, float], n_labels: float, *, floor: float = FLOOR) -> Plan:
    """π proportional to the weight of each pair id, kept within [floor, 1], with sum `n_labels`.

    What the bounds take from or give to some pairs is spread over the others in proportion to their weights
    (water-filling). Without any weight above 0 the plan is uniform.

    Raises:
        ValueError: a weight that is negative or no finite number.
        ConfigError: the pool is empty, the floor is not in (0, 1], or `n_labels` fits neither floor nor pool.
    """
    ids = sorted(weight_of)
    weights = np.array([weight_of[pair_id] for pair_id in ids], np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("a weight is a finite number and at least 0")
    _check(len(ids), n_labels, floor)
    if not weights.any():
        weights = np.ones(len(ids))
    return dict(zip(ids, _filled(weights, n_labels, floor).tolist(), strict=True))


def draw(plan: Mapping[str, float], seed: int) -> list[Draw]:
    """One draw per pair of the plan, in the order of pair ids: independent of each other, the same for the same seed.

    Raises:
        ValueError: a probability outside (0, 1].
    """
    for pair_id, probability in plan.items():
        if not 0 < probability <= 1:
            raise ValueError(f"the probability of {pair_id} is {probability}, not a number in (0, 1]")
    return [Draw(pair_id, plan[pair_id], random_number(seed, pair_id) < plan[pair_id]) for pair_id in sorted(plan)]


def random_number(seed: int, pair_id: str) -> float:
    """A number in [0, 1) that belongs to (seed, pair id) for ever: 53 bits of their SHA-256."""
    digest = hashlib.sha256(f"{seed}\n{pair_id}".encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def drawn_ids(draws: Sequence[Draw]) -> list[str]:
    """The pair ids that were drawn, in their order."""
    return [d.pair_id for d in draws if d.drawn]


def _mixed(score_of: Mapping[str, float], n_labels: float, mix: float, floor: float) -> Plan:
    if not 0 <= mix <= 1:
        raise ConfigError(f"The share of uniform sampling is {mix}.", "Give a number from 0 to 1.")
    mean = math.fsum(score_of.values()) / max(len(score_of), 1)
    scaled = {pair_id: score / mean if mean > 0 else 1.0 for pair_id, score in score_of.items()}
    return weighted({pair_id: (1 - mix) * score + mix for pair_id, score in scaled.items()}, n_labels, floor=floor)


def _check(n_pool: int, n_labels: float, floor: float) -> None:
    if not 0 < floor <= 1:
        raise ConfigError(f"The smallest probability of a pair is {floor}.", "Give a number above 0 and at most 1.")
    if n_pool == 0:
        raise ConfigError("There is no pair to draw from.", "Choose a pool with at least one pair.")
    if not n_labels <= n_pool:
        raise ConfigError(f"{n_labels:g} labels were asked for, and the pool has {n_pool} pairs.", f"Ask for at most {n_pool}.")
    if n_labels < n_pool * floor * (1 - 1e-12):
        raise ConfigError(
            f"{n_labels:g} labels cannot give each of {n_pool} pairs a probability of at least {floor:g}.",
            f"Ask for at least {math.ceil(n_pool * floor - 1e-9)} labels, or draw a smaller pool first.",
        )


def _filled(weights: NDArray[np.float64], n_labels: float, floor: float) -> NDArray[np.float64]:
    """clip(c · weights, floor, 1) with the one c that makes the sum `n_labels`.

    The sum is piecewise linear in c, with a corner where a pair leaves the floor or meets 1: find the two corners around
    the sum, and go the rest along the straight line between them.
    """
    positive = weights[weights > 0]
    # The smallest quotient is finite, since a weight too small to divide by is as good as 0.
    with np.errstate(over="ignore"):
        corners = np.unique(np.concatenate([[0.0], floor / positive, 1 / positive]))
    corners = corners[np.isfinite(corners)]
    low, high = 0, len(corners) - 1

    def at(c: float) -> NDArray[np.float64]:
        return np.clip(c * weights, floor, 1.0)

    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at(corners[middle]).sum() <= n_labels else (low, middle)
    below, above = at(corners[low]), at(corners[high])
    step = above.sum() - below.sum()
    filled = below + (above - below) * min(1.0, max(0.0, (n_labels - below.sum()) / step if step > 0 else 0.0))
    missing = n_labels - filled.sum()
    if missing > 1e-9:
        # Pairs without weight rise from the floor only after all others are at 1.
        idle = filled < 1
        filled[idle] += missing / idle.sum()
    return np.clip(filled, floor, 1.0)
