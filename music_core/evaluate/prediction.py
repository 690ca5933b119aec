"""Prediction-powered estimate of a mean, its power tuning, and its replicates, over arrays.

The estimate is λ · mean f + Σ w (y − λ f) / Σ w, with the mean over the whole pool, the sums over its labelled pairs and
w = 1/π. Σ w stands for the number N of pairs, which it equals in expectation: with N itself, the luck of drawing a few
more or fewer labels than planned would enter the estimate, a skip would count as y = f, and exchanging the two sides of
every pair (y → 1 − y, f → 1 − f) would not mirror it.

λ minimises the variance that the draw of the labels adds. For equal π the estimate is that of PPI++ with power tuning
(A. N. Angelopoulos, J. C. Duchi and T. Zrnic, arXiv 2311.01453, section 6), whose λ for separate unlabelled data is ours
times the unlabelled share of the pool; for unequal π see T. Zrnic and E. Candès, Active Statistical Inference, ICML 2024.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_core.evaluate.statistics import expanded_percentiles, t_quantile

Reals = NDArray[np.float64]
Interval = tuple[float, float]

_BLOCK = 1_000_000


@dataclass(frozen=True)
class Study:
    """A pool of N pairs: prediction f, probability π in (0, 1], cluster (0, 1, …), whether labelled, and y (0 where it is not)."""

    f: Reals
    probability: Reals
    cluster: NDArray[np.int64]
    labelled: NDArray[np.bool_]
    y: Reals

    @property
    def weight(self) -> Reals:
        """1/π of labelled pairs, 0 elsewhere."""
        return np.where(self.labelled, 1 / self.probability, 0.0)


@dataclass(frozen=True)
class Fit:
    """λ, the prediction-powered estimate and the classical one (Σ w y / Σ w, Hájek's); one entry per row of totals."""

    lam: Reals
    estimate: Reals
    classical: Reals


def cluster_sums(study: Study, response: float) -> Reals:
    """What a `Fit` is computed from, as sums per cluster (clusters × sums), so that drawing clusters is adding rows.

    `response` is the share of drawn pairs that got a label: π · response is the probability of a label. y and f must be
    centred about a common point, or large sums would cancel.
    """
    f, y, w = study.f, study.y, study.weight
    chance = study.probability * response
    # How much variance the draw of a label adds, by pair: nothing where a label was certain.
    c = (1 - chance) / chance
    labelled = study.labelled.astype(np.float64)
    columns = [np.ones_like(f), f, c, c * f, c * f * f, labelled, w, w * y, w * f, w * c, w * c * y, w * c * f, w * c * y * f]
    return np.stack([np.bincount(study.cluster, weights=column) for column in columns], axis=1)


def fit(totals: Reals, lam: float | None = None) -> Fit:
    """Estimates of totals (replicates × sums of `cluster_sums`), each with at least one labelled pair; λ is tuned unless given.

    λ = Σ w c (y − ȳ)(f − f̄) · N / Σ w over the variance Σ c (f − f̄)² · N / (N − 1) of the whole pool, c = (1 − π) / π; not
    below 0 and not above N / (N − n), the limits that PPI++ sets. 0 where f has no spread or every label was certain.
    """
    n_pool, sum_f, c, cf, cff, n, w, wy, wf, wc, wcy, wcf, wcyf = totals.T
    mean_f, mean_y, mean_lf = sum_f / n_pool, wy / w, wf / w
    if lam is None:
        together = (wcyf - mean_y * wcf - mean_lf * wcy + mean_y * mean_lf * wc) / w
        spread = (cff - 2 * mean_f * cf + mean_f**2 * c) / np.maximum(n_pool - 1, 1)
        known = spread > 1e-12 * np.maximum(cff / n_pool, 1e-300)
        most = np.where(n < n_pool, n_pool / np.maximum(n_pool - n, 1), 1.0)
        tuned = np.clip(together / np.where(known, spread, 1.0), 0.0, most)
        lams = np.where(known, tuned, 0.0)
    else:
        lams = np.full(len(totals), lam)
    return Fit(lams, lams * (mean_f - mean_lf) + mean_y, mean_y)


def replicates(sums: Reals, lam: float | None, *, seed: int, n_boot: int) -> Fit:
    """Fits of `n_boot` draws of whole clusters with replacement, each tuned anew; draws without a labelled pair are left out."""
    rng = np.random.default_rng(seed)
    n = len(sums)
    # Counting draws is ten times as fast as drawing counts, and goes in blocks so that memory does not grow with n_boot.
    blocks = [min(max(_BLOCK // n, 1), n_boot - start) for start in range(0, n_boot, max(_BLOCK // n, 1))]
    totals = np.concatenate([_counts(rng.integers(n, size=(rows, n))) @ sums for rows in blocks])
    return fit(totals[totals[:, 5] > 0.5], lam)


def _counts(drawn: NDArray[np.int64]) -> Reals:
    """How often each cluster is among the drawn ones, by replicate."""
    rows, n = drawn.shape
    places = drawn + n * np.arange(rows)[:, None]
    return np.bincount(places.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def spread_of(values: Reals, n_clusters: int, level: float) -> Interval | None:
    """Percentile interval of replicates; None where they have no spread, or fewer than two clusters have a label."""
    if n_clusters < 2 or len(values) < 2 or values.max() - values.min() < 1e-12:
        return None
    return expanded_percentiles(values, n_clusters, level)


def pool_interval(study: Study, estimate: float, lam: float, response: float, level: float) -> Interval | None:
    """Interval for the mean of this very pool: only the draw of the labels is random, and draws are independent.

    estimate ± t · √(n/(n − 1) · Σ (1 − π) w² (e − ē)²) / Σ w with e = y − λ f, the linearised variance of Poisson sampling
    (C.-E. Särndal, B. Swensson and J. Wretman, Model Assisted Survey Sampling, 1992, section 5.7). Clusters do not matter
    here. None with fewer than two labels, or where the residuals have no spread although labels were not certain.
    """
    on = study.labelled
    n, w = int(on.sum()), study.weight[on]
    if n < 2:
        return None
    e = study.y[on] - lam * study.f[on]
    uncertain = 1 - study.probability[on] * response
    variance = n / (n - 1) * float(np.sum(uncertain * (w * (e - np.sum(w * e) / w.sum())) ** 2)) / float(w.sum()) ** 2
    if variance < 1e-24 and uncertain.max() > 1e-12:
        return None
    half = t_quantile((1 + level) / 2, n - 1) * math.sqrt(variance)
    return estimate - half, estimate + half
