"""Style-adjusted agreement and the regression under it."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from music_core.evaluate.bias.cases import NOTHING_SAID, Pairs, Said
from music_core.evaluate.bias.figures import Boot
from music_core.evaluate.bias.logistic import RIDGE, fit, robust_covariance, sigmoid, standard_errors
from music_core.evaluate.bias.style import CODE_BLOCK, FEATURES, PATTERNS, style_adjusted
from tests.unit.evaluate.bias_cases import facts

BOOT = Boot(0, 50)


def drawn(seed: int, n: int, beta: list[float]) -> Any:
    """Differences preferred − other of a rater that decides by the logistic law of `beta`."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, len(beta)))
    prefers = rng.random(n) < 1 / (1 + np.exp(-x @ np.array(beta)))
    return np.where(prefers[:, None], x, -x)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.integers(5, 60), st.sampled_from([0.01, 1.0, 5.0]))
def test_property_a_fit_is_scikit_learns_on_both_orientations(seed: int, n: int, ridge: float) -> None:
    x = drawn(seed, n, [1.0, -0.5, 0.0])
    both, y = np.concatenate([x, -x]), np.array([1] * n + [0] * n)
    theirs = LogisticRegression(C=1 / ridge, fit_intercept=False, tol=1e-8, max_iter=500).fit(both, y, sample_weight=np.full(2 * n, 0.5))
    assert fit(x, ridge) == pytest.approx(theirs.coef_[0], abs=1e-4)


def test_a_fit_stands_at_the_minimum() -> None:
    x = drawn(1, 200, [2.0, -1.0])
    beta = fit(x)
    slope = RIDGE * beta - x.T @ (1 / (1 + np.exp(x @ beta)))
    assert np.abs(slope).max() < 1e-8


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e-3])
def test_a_fit_ends_where_decisions_can_be_told_apart_without_error(scale: float) -> None:
    assert np.isfinite(fit(np.full((30, 1), scale))).all()
    assert standard_errors(np.ones((30, 1)), fit(np.ones((30, 1))))[0] > 2


def test_with_clusters_of_one_the_robust_error_is_about_the_plain_one() -> None:
    x = drawn(2, 4000, [1.0, -0.5])
    beta = fit(x)
    robust = robust_covariance(x, beta, np.arange(4000))
    assert robust is not None
    assert np.sqrt(np.diag(robust)) == pytest.approx(standard_errors(x, beta), rel=0.1)


def test_a_decision_repeated_within_its_cluster_adds_no_certainty() -> None:
    x = drawn(3, 300, [1.0, -0.5])
    once = robust_covariance(x, fit(x), np.arange(300))
    twice_over = np.concatenate([x, x])
    twice = robust_covariance(twice_over, fit(twice_over), np.concatenate([np.arange(300)] * 2))
    assert twice == pytest.approx(once, rel=1e-2)
    assert robust_covariance(x, fit(x), np.zeros(300, np.int64)) is None


def test_a_sigmoid_never_overflows() -> None:
    assert [sigmoid(v) for v in (-1e9, 0.0, 1e9)] == [0.0, 0.5, 1.0]


def world(n: int, prefers: Any, *, seed: int = 0) -> tuple[Pairs, Said, dict[str, Any]]:
    """`n` pairs with drawn styles and a rater that decides by the relative length difference and a random number."""
    rng = np.random.default_rng(seed)
    pairs = Pairs.of(facts(n))
    styles, values = {}, []
    for fact in pairs.facts:
        a, b = rng.integers(100, 1000, 2)
        styles[fact.pair_id] = ((int(a), *map(int, rng.integers(0, 4, 3))), (int(b), *map(int, rng.integers(0, 4, 3))))
        values.append(1 if prefers((a - b) / (a + b), rng.random()) else -1)
    return pairs, Said(np.arange(n), np.array(values)), styles


def test_style_is_taken_out_of_agreement() -> None:
    def takes(length: float, u: float) -> bool:
        return u < sigmoid(1.0 + 6.0 * length)

    pairs, said, styles = world(3000, takes)
    found = style_adjusted(pairs, said, styles, BOOT)
    assert found.raw.value is not None
    assert found.adjusted.value is not None
    assert found.adjusted.value == pytest.approx(sigmoid(1.0), abs=0.03)
    assert found.raw.value < found.adjusted.value - 0.02  # length pulls it towards a coin
    chars = found.coefficients["chars"]
    assert chars.interval is not None
    assert chars.interval[0] > 1
    for feature in ("headers", "lists", "bold"):
        interval = found.coefficients[feature].interval
        assert interval is not None
        assert interval[0] < 0.1
        assert interval[1] > -0.1


def test_an_adjusted_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(40):
        interval = style_adjusted(*world(200, lambda length, u: u < sigmoid(1 + 6 * length), seed=seed), Boot(0, 0)).adjusted.interval
        covered += interval is not None and interval[0] < sigmoid(1.0) < interval[1]
    assert covered >= 33  # of 40 that each do so with 95 %


def test_a_rater_of_length_alone_agrees_by_chance_once_style_is_held_equal() -> None:
    pairs, said, styles = world(2000, lambda length, u: u < sigmoid(8 * length))
    adjusted = style_adjusted(pairs, said, styles, BOOT).adjusted
    assert adjusted.interval is not None
    assert adjusted.interval[0] < 0.5 < adjusted.interval[1]


@pytest.mark.parametrize(
    ("n", "prefers", "note"),
    [
        (0, None, "There is no decision on a pair whose style is known."),
        (30, lambda _, u: u < 0.5, "Too few: 5 coefficients need 50 decisions, there are 30."),
        (80, lambda _, __: True, "No finite estimate: no decision goes against chosen"),
        (80, lambda length, _: length > 0, "No finite estimate: no decision goes against chars"),
    ],
)
def test_what_cannot_be_adjusted_is_explained(n: int, prefers: Any, note: str) -> None:
    pairs, said, styles = world(n, prefers)
    found = style_adjusted(pairs, said, styles, BOOT)
    assert found.adjusted.value is None
    assert found.adjusted.note.startswith(note)
    assert found.coefficients == {}


def test_sides_that_are_written_alike_have_nothing_to_adjust() -> None:
    pairs, said, _ = world(60, lambda _, u: u < 0.7)
    same = {fact.pair_id: ((5, 1, 0, 2), (5, 1, 0, 2)) for fact in pairs.facts}
    found = style_adjusted(pairs, said, same, BOOT)
    assert (found.adjusted.value, found.adjusted.note) == (None, "No feature of style differs between the sides.")
    assert found.raw.n == 60


def test_pairs_that_nobody_built_teach_style_but_count_for_no_agreement() -> None:
    pairs, said, styles = world(100, lambda length, u: u < sigmoid(3 * length))
    neutral = Pairs.of([*facts(40), *facts(100, built=False)[40:]])
    found, all_neutral = style_adjusted(neutral, said, styles, BOOT), style_adjusted(Pairs.of(facts(100, built=False)), said, styles, BOOT)
    assert (found.raw.n, found.adjusted.n, found.coefficients["chars"].n) == (40, 40, 100)
    assert (all_neutral.adjusted.value, list(all_neutral.coefficients)) == (None, list(FEATURES))
    assert all_neutral.adjusted.note == "There is no decision on a built pair whose style is known."
    assert style_adjusted(pairs, NOTHING_SAID, styles, BOOT).raw.value is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# One\n## Two\n####### seven\n#no\n x # no", (2, 0, 0)),
        ("- a\n  * b\n+ c\n1. d\n 22) e\n-no\n1.no\n---", (0, 5, 0)),
        ("**a** and __b c__ but ** not\n** and *no*", (0, 0, 2)),
        ("```\n# code\n- a\n**b**\n```\n# text", (1, 0, 0)),
        ("", (0, 0, 0)),
    ],
)
def test_patterns_count_markdown_outside_of_code(text: str, expected: tuple[int, ...]) -> None:
    without = re.sub(CODE_BLOCK, "", text)
    assert tuple(len(re.findall(pattern, without)) for pattern in PATTERNS.values()) == expected
