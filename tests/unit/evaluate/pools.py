"""Pools of pairs with predictions and labels for the tests of estimates."""

from dataclasses import dataclass, field

import numpy as np

from music_core.evaluate.estimate import Answer, Estimate, estimate_mean
from music_core.evaluate.sampling import Draw


@dataclass(frozen=True)
class Pool:
    """What `estimate_mean` takes."""

    draws: list[Draw]
    seed_of: dict[str, str]
    predictions: dict[str, float]
    answers: list[Answer] = field(default_factory=list)

    def estimate(self, n_boot: int = 200, lam: float | None = None) -> Estimate:
        return estimate_mean(self.draws, self.seed_of, self.predictions, self.answers, n_boot=n_boot, lam=lam)


def random_pool(key: int, n_pool: int, n_labels: int, *, per_seed: int = 1, equal: bool = True) -> Pool:
    """`n_labels` of `n_pool` pairs labelled 0, ½ or 1 after a prediction in [0, 1], `per_seed` pairs to a seed."""
    rng = np.random.default_rng(key)
    ids = [f"p{i:05d}" for i in range(n_pool)]
    f = rng.random(n_pool)
    y = np.where(rng.random(n_pool) < 0.2, 0.5, (rng.random(n_pool) < 0.2 + 0.6 * f).astype(float))
    if equal:
        probability = np.full(n_pool, n_labels / n_pool)
        drawn = np.isin(np.arange(n_pool), rng.choice(n_pool, n_labels, replace=False))
    else:
        probability = np.clip(n_labels / n_pool * (0.4 + 1.2 * rng.random(n_pool)), 0.05, 1)
        drawn = rng.random(n_pool) < probability
    return Pool(
        [Draw(i, float(p), bool(d)) for i, p, d in zip(ids, probability, drawn, strict=True)],
        {pair_id: f"s{i // per_seed:05d}" for i, pair_id in enumerate(ids)},
        dict(zip(ids, f.tolist(), strict=True)),
        [Answer(i, float(v)) for i, v, d in zip(ids, y, drawn, strict=True) if d],
    )
