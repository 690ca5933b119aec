"""Shares and their intervals."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.bias.figures import Boot, Figure, Group, combined, plain, share, sliced, square_and_add, wilson
from music_core.evaluate.statistics import cluster_interval

BOOT = Boot(0, 200)


def group(hits: Any, seeds: Any = None) -> Group:
    return Group(np.array(hits, np.float64), np.arange(len(hits)) if seeds is None else np.array(seeds, np.int64))


def trials(hits: int, n: int) -> Group:
    """`n` cases of a seed each, `hits` of them 1."""
    return group([1] * hits + [0] * (n - hits))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=10, max_size=30))
def test_property_an_interval_is_that_of_the_agreement_matrix(clusters: list[tuple[int, int]]) -> None:
    hits, totals = np.array([min(h, n) for h, n in clusters]), np.array([n for _, n in clusters])
    cases = [(int(k < h), seed) for seed, (h, n) in enumerate(zip(hits, totals, strict=True)) for k in range(n)]
    figure = share(group([c[0] for c in cases], [c[1] for c in cases]), BOOT, "")
    expected = cluster_interval(hits, totals, seed=0, n_boot=200)
    assert (figure.n, figure.n_seeds) == (totals.sum(), len(clusters))
    assert figure.value == pytest.approx(hits.sum() / totals.sum())
    assert figure.interval == (pytest.approx(expected) if expected else square_and_add([Group(*_arrays(cases))], [1.0]))


def _arrays(cases: list[tuple[int, int]]) -> tuple[Any, Any]:
    return np.array([c[0] for c in cases], np.float64), np.array([c[1] for c in cases])


def test_wilsons_interval_is_that_of_the_textbooks() -> None:
    assert wilson(0.0, 10) == pytest.approx((0.0, 0.2775), abs=5e-5)
    assert wilson(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=5e-5)
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, the one-sample paper's example


def test_a_difference_has_newcombes_interval() -> None:
    assert square_and_add([trials(56, 70), trials(48, 80)], [1.0, -1.0]) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert square_and_add([trials(10, 10), trials(0, 10)], [1.0, -1.0]) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_a_share_without_spread_is_not_certain_and_more_seeds_make_it_more_so() -> None:
    few, many = share(trials(12, 12), BOOT, ""), share(trials(400, 400), BOOT, "")
    assert few.interval is not None
    assert many.interval is not None
    assert few.interval == pytest.approx(wilson(1.0, 12))
    assert few.interval[0] < 0.8 < 0.99 < many.interval[0]
    assert "no spread" in few.note


def test_a_seed_with_many_cases_is_one_trial() -> None:
    one_each, ten_each = share(trials(12, 12), BOOT, ""), share(group([1] * 120, [k // 10 for k in range(120)]), BOOT, "")
    assert (ten_each.n, ten_each.n_seeds) == (120, 12)
    assert ten_each.interval == one_each.interval


def test_few_seeds_are_not_drawn_from() -> None:
    figure = share(trials(3, 4), BOOT, "")
    assert figure.interval == pytest.approx(wilson(0.75, 4))
    assert figure.note == "With 4 seeds only, the interval counts each seed as one trial."


@pytest.mark.parametrize(
    ("cases", "boot", "note"),
    [
        (group([]), BOOT, "nothing there"),
        (group([1, 0], [3, 3]), BOOT, "No interval: all cases come from one seed."),
        (trials(9, 20), Boot(0, 0), "No interval was asked for."),
    ],
)
def test_what_is_undefined_is_explained(cases: Group, boot: Boot, note: str) -> None:
    figure = share(cases, boot, "nothing there")
    assert (figure.interval, figure.note) == (None, note)
    assert (figure.value is None) == (len(cases.hits) == 0)


def test_the_same_cases_twice_differ_by_nothing_with_certainty() -> None:
    hits = [k % 3 == 0 for k in range(60)]
    same = combined([group(hits), group(hits)], [1.0, -1.0], BOOT, "", paired=True)
    assert (same.value, same.n) == (0.0, 60)
    apart = combined([group(hits), group(hits, range(60, 120))], [1.0, -1.0], BOOT, "")
    assert (apart.value, apart.n, apart.n_seeds) == (0.0, 120, 120)
    assert apart.interval is not None
    assert apart.interval[0] < -0.1 < 0.1 < apart.interval[1]


def test_a_bootstrap_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for k in range(200):
        # 40 seeds of 5 cases that share their seed's rate, 0.2 or 0.8: far from independent cases.
        rates = rng.choice([0.2, 0.8], size=40)
        hits = (rng.random((40, 5)) < rates[:, None]).ravel()
        interval = share(group(hits, np.repeat(np.arange(40), 5)), Boot(k, 200), "").interval
        covered += interval is not None and interval[0] <= 0.5 <= interval[1]
    assert 0.88 <= covered / 200 <= 0.99


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 4)), max_size=30), st.randoms())
def test_property_neither_order_nor_names_of_seeds_matter(rows: list[tuple[bool, int, int]], shuffler: Any) -> None:
    def figure(cases: list[tuple[bool, int, int]], names: list[int]) -> Figure:
        groups = [group([r[0] for r in cases if (r[1] > 1) == side], [names[r[2]] for r in cases if (r[1] > 1) == side]) for side in (0, 1)]
        return combined(groups, [0.5, 0.5], BOOT, "none")

    shuffled = shuffler.sample(rows, len(rows))
    assert figure(shuffled, [9, 3, 7, 1, 5]) == figure(rows, [0, 1, 2, 3, 4])


def test_slices_come_in_their_order_without_empty_ones() -> None:
    figures = sliced(np.array([True, False, True]), np.arange(3), ["b", "a", "b"], ["a", "b", "c"], BOOT)
    assert [(name, f.value, f.n) for name, f in figures.items()] == [("a", 0.0, 1), ("b", 1.0, 2)]


def test_a_figure_is_json() -> None:
    assert json.loads(json.dumps(plain({"x": (Figure(0.5, 2, 2, (0.1, 0.9)),)}), allow_nan=False)) == {
        "x": [{"value": 0.5, "n": 2, "n_seeds": 2, "interval": [0.1, 0.9], "note": ""}]
    }
