"""Cohen's κ, Krippendorff's α and a clustered bootstrap over arrays. What is undefined is None, never NaN."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Reals = NDArray[np.float64]


def both_orientations(table: Reals) -> Reals:
    """`table` (values × values, ordered rejected, tie, chosen) plus itself with the two branches of every pair exchanged.

    Coded by branch name, the construction would say "chosen" always, and no statistic that corrects for chance could
    tell anything. With each pair entered once as it is and once exchanged, every rater names either side equally often.
    """
    return table + table[::-1, ::-1]


def cohen_kappa(table: Reals) -> float | None:
    """Cohen's κ of a square table of counts, one rater along the rows and the other along the columns.

    None without any count, or where both raters always give the same one value, so that chance alone agrees fully
    (J. Cohen, Educational and Psychological Measurement 20, 1960).
    """
    n = float(table.sum())
    if n == 0:
        return None
    by_chance = float(table.sum(axis=1) @ table.sum(axis=0)) / n**2
    # Sums of counts are exact in floating point, so that 1.0 is met exactly where there is one value only.
    return None if by_chance == 1.0 else (float(np.trace(table)) / n - by_chance) / (1 - by_chance)


def coincidences(counts: Counts) -> Reals:
    """Krippendorff's coincidence matrix (values × values) from how often each unit was given each value (units × values).

    Units with fewer than two values pair nothing and do not count.
    """
    m = counts.sum(axis=1)
    kept = counts[m > 1].astype(np.float64)
    weights = 1.0 / (m[m > 1] - 1)
    pairs: Reals = (kept * weights[:, None]).T @ kept
    return pairs - np.diag((kept * weights[:, None]).sum(axis=0))


def krippendorff_alpha(matrix: Reals) -> float | None:
    """Krippendorff's α for nominal values, of a coincidence matrix.

    α = 1 − (n − 1) · Σ o_ck / Σ n_c n_k over c ≠ k (K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011).
    None without any coincidence, or where only one value occurs.
    """
    totals = matrix.sum(axis=1)
    n = float(totals.sum())
    expected = n**2 - float(totals @ totals)
    if n == 0 or np.count_nonzero(totals > 0) < 2:
        return None
    return 1 - (n - 1) * (n - float(np.trace(matrix))) / expected


def cluster_interval(hits: Counts, totals: Counts, *, seed: int, n_boot: int, level: float = 0.95) -> tuple[float, float] | None:
    """Percentile bootstrap interval (see `expanded_percentiles`) of Σ hits / Σ totals, where whole clusters are drawn with replacement.

    `hits` and `totals` hold one count per cluster; clusters of which `totals` is 0 do not count. Clusters with equal counts are
    interchangeable: drawing how many of each kind there are (a multinomial) is the same as drawing clusters one by
    one, and its cost does not grow with their number. None with fewer than two clusters, or where all of them
    have the same share, since then no replicate differs from any other.
    """
    base = int(totals.max(initial=0)) + 1
    kinds, how_many = _counted(totals * base + hits)
    kind_totals, kind_hits = np.divmod(kinds, base)
    some = kind_totals > 0
    kind_totals, kind_hits, how_many = kind_totals[some], kind_hits[some], how_many[some]
    n = int(how_many.sum())
    if n < 2 or n_boot < 1 or np.all(kind_hits * kind_totals[0] == kind_totals * kind_hits[0]):
        return None
    draws = np.random.default_rng(seed).multinomial(n, how_many / n, size=n_boot)
    shares = (draws @ kind_hits) / (draws @ kind_totals)
    return expanded_percentiles(shares, n, level)


def _counted(values: Counts) -> tuple[Counts, Counts]:
    """The different values, ascending, and how often each occurs. As `np.unique`, which sorts them all, or quicker where they are small."""
    if values.max(initial=0) > 4 * len(values):
        return np.unique(values, return_counts=True)
    counts = np.bincount(values)
    present = np.flatnonzero(counts)
    return present, counts[present]


def expanded_percentiles(replicates: Reals, n: int, level: float) -> tuple[float, float]:
    """The interval between two percentiles of bootstrap replicates that were drawn from `n` ≥ 2 clusters.

    Plain percentiles are too narrow by about √((n − 1)/n) · z/t, since replicates vary with the divisor n and as if the
    spread were known. So the tails are Φ(−√(n/(n − 1)) · t) instead of (1 − level)/2 (T. Hesterberg, What Teachers Should
    Know About the Bootstrap, The American Statistician 69, 2015, section 5.1: the expanded percentile interval).
    """
    tail = NormalDist().cdf(-math.sqrt(n / (n - 1)) * t_quantile((1 + level) / 2, n - 1))
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return float(low), float(high)


def t_quantile(p: float, df: int) -> float:
    """Quantile of Student's t by its expansion about the normal (Abramowitz and Stegun, 26.7.5): good to 0.01 at 97.5 % from df = 5."""
    z = NormalDist().inv_cdf(p)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / df + second / df**2 + third / df**3
