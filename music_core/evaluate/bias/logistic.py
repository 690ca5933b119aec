"""Logistic regression of paired comparisons, by Newton's method, with errors that allow for clusters."""

import math

import numpy as np

from music_core.evaluate.bias.figures import Counts, Reals

# Just enough to keep the sums solvable; it moves a coefficient of 1 over 100 decisions by about 0.0005.
RIDGE = 0.01
_MAX_STEPS = 100
_SMALL_STEP = 1e-9


def fit(x: Reals, ridge: float = RIDGE) -> Reals:
    """The β with the least Σ log(1 + exp(−x·β)) + ½ · ridge · |β|², for `x` (decisions × columns) preferred − other.

    That is a logistic regression without a constant in which each decision stands once in each orientation, (x, 1) and
    (−x, 0), with weight ½. The problem is strictly convex, so Newton's steps with halving reach its one minimum
    (iteratively reweighted least squares).
    """
    beta = np.zeros(x.shape[1])
    loss = _loss(x, beta, ridge)
    for _ in range(_MAX_STEPS):
        step = np.linalg.solve(_curvature(x, beta, ridge), ridge * beta - x.T @ (1 - _probabilities(x, beta)))
        size = 1.0
        # The slack is the rounding of the sum: at the minimum no step can lower it.
        while (lower := _loss(x, beta - size * step, ridge)) > loss * (1 + 1e-12) and size > 1e-8:
            size /= 2
        beta, loss = beta - size * step, lower
        if float(np.max(np.abs(step), initial=0.0)) < _SMALL_STEP:
            break
    return beta


def standard_errors(x: Reals, beta: Reals, ridge: float = RIDGE) -> Reals:
    """Errors of β out of the curvature, as if decisions were independent: large where the data do not determine β."""
    errors: Reals = np.sqrt(np.diag(np.linalg.inv(_curvature(x, beta, ridge))))
    return errors


def robust_covariance(x: Reals, beta: Reals, clusters: Counts, ridge: float = RIDGE) -> Reals | None:
    """Covariance of β that allows for dependence within clusters; None with fewer than two of them.

    The sandwich with the factor G / (G − 1) (K.-Y. Liang and S. L. Zeger, Biometrika 73, 1986).
    """
    _, place = np.unique(clusters, return_inverse=True)
    n_clusters = int(place.max()) + 1 if len(place) else 0
    if n_clusters < 2:
        return None
    pulls = (1 - _probabilities(x, beta))[:, None] * x
    sums = np.stack([np.bincount(place, weights=column, minlength=n_clusters) for column in pulls.T], axis=1)
    # At the minimum the pulls add up to the ridge's own; without it they would not be centred.
    sums -= sums.mean(axis=0)
    bread = np.linalg.inv(_curvature(x, beta, ridge))
    covariance: Reals = bread @ (sums.T @ sums) @ bread * (n_clusters / (n_clusters - 1))
    return covariance


def sigmoid(value: float) -> float:
    """1 / (1 + exp(−value)), without overflow."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else 1 - 1 / (1 + math.exp(value))


def _probabilities(x: Reals, beta: Reals) -> Reals:
    probabilities: Reals = np.exp(-np.logaddexp(0.0, -(x @ beta)))
    return probabilities


def _loss(x: Reals, beta: Reals, ridge: float) -> float:
    return float(np.logaddexp(0.0, -(x @ beta)).sum() + ridge / 2 * beta @ beta)


def _curvature(x: Reals, beta: Reals, ridge: float) -> Reals:
    p = _probabilities(x, beta)
    curvature: Reals = (x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(x.shape[1])
    return curvature
