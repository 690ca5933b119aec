"""κ, α and the bootstrap against published numbers and other libraries."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]
from sklearn.metrics import cohen_kappa_score

from music_core.evaluate.statistics import (
    Counts,
    Reals,
    both_orientations,
    cluster_interval,
    cohen_kappa,
    coincidences,
    expanded_percentiles,
    krippendorff_alpha,
    t_quantile,
)

# The nominal examples of K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), sections A, B and C.
BINARY = ("0100000010", "1110010000")
TWO_OBSERVERS = ("aabbdcccedda", "babbbccceddd")
FOUR_OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def unit_counts(observers: tuple[str, ...]) -> Counts:
    values = sorted(set("".join(observers)) - {"."})
    return np.array([[unit.count(v) for v in values] for unit in zip(*observers, strict=True)])


@pytest.mark.parametrize(("observers", "published"), [(BINARY, 0.095), (TWO_OBSERVERS, 0.692), (FOUR_OBSERVERS, 0.743)])
def test_alpha_is_as_krippendorff_published_it(observers: tuple[str, ...], published: float) -> None:
    alpha = krippendorff_alpha(coincidences(unit_counts(observers)))
    assert alpha is not None
    assert round(alpha, 3) == published


def alpha_by_definition(units: list[list[int]]) -> float | None:
    """1 − observed / expected disagreement, over all pairs of values one by one."""
    paired = [u for u in units if len(u) > 1]
    pool = [v for u in paired for v in u]
    expected = [a != b for a, b in permutations(pool, 2)]
    if not any(expected):
        return None
    observed = sum(sum(a != b for a, b in permutations(u, 2)) / (len(u) - 1) for u in paired) / len(pool)
    return 1 - observed / (sum(expected) / len(expected))


@given(st.lists(st.lists(st.integers(0, 2), max_size=5), max_size=10))
def test_property_alpha_is_its_definition(units: list[list[int]]) -> None:
    counts = np.array([[u.count(v) for v in range(3)] for u in units], np.int64).reshape(-1, 3)
    ours, theirs = krippendorff_alpha(coincidences(counts)), alpha_by_definition(units)
    assert (ours is None) == (theirs is None)
    assert ours is None or ours == pytest.approx(theirs)


def table_of(a: list[int], b: list[int]) -> Reals:
    table = np.zeros((3, 3))
    for x, y in zip(a, b, strict=True):
        table[x + 1, y + 1] += 1
    return table


@given(st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 1)), min_size=1, max_size=40))
def test_property_kappa_is_that_of_scikit_learn(votes: list[tuple[int, int]]) -> None:
    a, b = [x for x, _ in votes], [y for _, y in votes]
    plain, turned = cohen_kappa(table_of(a, b)), cohen_kappa(both_orientations(table_of(a, b)))
    a2, b2 = a + [-x for x in a], b + [-y for y in b]
    for ours, left, right in ((plain, a, b), (turned, a2, b2)):
        if ours is None:
            assert len(set(left + right)) == 1
        else:
            assert ours == pytest.approx(cohen_kappa_score(left, right, labels=[-1, 0, 1]))


def test_what_is_undefined_is_none() -> None:
    nothing, ties = np.zeros((3, 3)), table_of([0, 0], [0, 0])
    assert cohen_kappa(nothing) is cohen_kappa(ties) is None
    assert krippendorff_alpha(nothing) is krippendorff_alpha(ties * 2) is None
    # Always "chosen" by both: constant by branch name, and full agreement when each pair is entered in both orientations.
    constant = table_of([1, 1, 1], [1, 1, 1])
    assert cohen_kappa(constant) is None
    assert cohen_kappa(both_orientations(constant)) == 1.0


def test_without_clusters_the_interval_is_that_of_scipy() -> None:
    hits = np.array([1] * 130 + [0] * 70)
    ours = cluster_interval(hits, np.ones(200, np.int64), seed=1, n_boot=20_000)
    theirs = stats.bootstrap((hits,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2), batch=1000)
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=0.006)


def test_drawing_kinds_of_clusters_is_drawing_clusters() -> None:
    rng = np.random.default_rng(3)
    totals = rng.integers(1, 6, 60)
    hits = rng.binomial(totals, 0.7)
    drawn = rng.integers(0, 60, (20_000, 60))
    one_by_one = np.quantile(hits[drawn].sum(axis=1) / totals[drawn].sum(axis=1), [0.025, 0.975])
    assert cluster_interval(hits, totals, seed=4, n_boot=20_000) == pytest.approx(tuple(one_by_one), abs=0.006)


def test_clusters_that_hold_together_widen_the_interval() -> None:
    hits, ones = np.array([1] * 30 + [0] * 20), np.ones(50, np.int64)
    single = cluster_interval(hits, ones, seed=0, n_boot=2000)
    tenfold = cluster_interval(hits * 10, ones * 10, seed=0, n_boot=2000)
    spread = cluster_interval(np.repeat(hits, 10), np.repeat(ones, 10), seed=0, n_boot=2000)
    assert single == tenfold
    assert single is not None and spread is not None
    assert single[1] - single[0] > 2 * (spread[1] - spread[0])


def test_clusters_of_nothing_do_not_count() -> None:
    hits, totals = np.array([3, 1, 0, 2, 2]), np.array([4, 1, 2, 2, 5])
    padded = [np.concatenate([[0], counts, [0, 0]]) for counts in (hits, totals)]
    assert cluster_interval(padded[0], padded[1], seed=0, n_boot=500) == cluster_interval(hits, totals, seed=0, n_boot=500)
    assert cluster_interval(np.array([0, 1, 0]), np.array([0, 2, 0]), seed=0, n_boot=500) is None
    assert cluster_interval(np.zeros(3, np.int64), np.zeros(3, np.int64), seed=0, n_boot=500) is None


def test_one_cluster_or_no_spread_has_no_interval() -> None:
    for hits, totals in product(([3], [1, 1, 1], [0, 0], [1, 2]), ([4], [1, 1, 1], [2, 2], [2, 4])):
        if len(hits) == len(totals) and (len(hits) == 1 or hits[0] * totals[1] == hits[1] * totals[0]):
            assert cluster_interval(np.array(hits), np.array(totals), seed=0, n_boot=100) is None
    assert cluster_interval(np.array([], np.int64), np.array([], np.int64), seed=0, n_boot=100) is None
    assert cluster_interval(np.array([0, 1]), np.array([1, 1]), seed=0, n_boot=0) is None


@pytest.mark.parametrize("df", [5, 10, 30, 100, 1000])
def test_quantiles_of_students_t_are_those_of_scipy(df: int) -> None:
    assert t_quantile(0.975, df) == pytest.approx(stats.t.ppf(0.975, df), abs=0.01)
    assert t_quantile(0.025, df) == pytest.approx(-t_quantile(0.975, df))


@pytest.mark.parametrize("n", [8, 20, 100])
def test_the_interval_of_a_mean_of_n_is_as_wide_as_students_t_makes_it(n: int) -> None:
    values = np.random.default_rng(0).standard_normal(n)
    means = np.random.default_rng(1).normal(values.mean(), values.std() / np.sqrt(n), 40_000)
    theirs = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
    assert expanded_percentiles(means, n, 0.95) == pytest.approx(theirs, abs=0.04 * (theirs[1] - theirs[0]))
