"""Plans of which pairs to label, and the draws from them."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq  # type: ignore[import-untyped]

from music_core.errors import ConfigError
from music_core.evaluate.sampling import (
    FLOOR,
    Draw,
    by_disagreement,
    by_uncertainty,
    draw,
    drawn_ids,
    random_number,
    stratified,
    uniform,
    weighted,
)

IDS = [f"p{i}" for i in range(200)]


def test_a_uniform_plan_gives_every_pair_the_same_probability() -> None:
    plan = uniform(IDS, 50)
    assert set(plan) == set(IDS)
    assert set(plan.values()) == {0.25}


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.floats(0, 1), st.floats(0.001, 0.2))
def test_property_a_plan_sums_to_the_wanted_labels_between_floor_and_one(weights: list[float], share: float, floor: float) -> None:
    size = len(weights)
    wanted = size * (floor + share * (1 - floor))
    plan = weighted({f"p{i}": w for i, w in enumerate(weights)}, wanted, floor=floor)
    assert math.fsum(plan.values()) == pytest.approx(wanted)
    assert all(floor <= p <= 1 for p in plan.values())


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=30), st.floats(0.02, 0.98))
def test_property_water_filling_is_the_root_of_its_equation(weights: list[float], share: float) -> None:
    wanted = len(weights) * (FLOOR + share * (1 - FLOOR))
    w = np.array(weights)
    c = brentq(lambda c: np.clip(c * w, FLOOR, 1).sum() - wanted, 0, 1 / w.min(), xtol=1e-13, rtol=1e-13)
    plan = weighted({f"p{i:02d}": v for i, v in enumerate(weights)}, wanted)
    assert list(plan.values()) == pytest.approx(np.clip(c * w, FLOOR, 1).tolist(), abs=1e-7)


def test_every_stratum_gets_the_same_number_of_labels_as_far_as_it_is_large_enough() -> None:
    stratum_of = {p: "rare" if i < 10 else "middle" if i < 60 else "common" for i, p in enumerate(IDS)}
    plan = stratified(stratum_of, 60)
    expected = {name: sum(p for i, p in plan.items() if stratum_of[i] == name) for name in ("rare", "middle", "common")}
    assert expected == pytest.approx({"rare": 10, "middle": 25, "common": 25})


def test_disagreement_makes_likelier_and_agreement_leaves_some_chance() -> None:
    plan = by_disagreement({p: (i % 4 == 0) * 1.0 for i, p in enumerate(IDS)}, 50, mix=0.5)
    # Mean of the roots is 1/4: weights 0.5 · 4 + 0.5 and 0.5, on average 1.
    assert plan["p0"] == pytest.approx(0.25 * 2.5)
    assert plan["p1"] == pytest.approx(0.25 * 0.5)


def test_a_small_margin_makes_likelier_whatever_its_sign_and_unit() -> None:
    margins = {p: (i - 100) / 10 for i, p in enumerate(IDS)}
    plan = by_uncertainty(margins, 50)
    assert plan["p100"] == max(plan.values())
    assert plan["p0"] == min(plan.values())
    assert plan["p90"] == pytest.approx(plan["p110"])
    assert by_uncertainty({p: -3 * m for p, m in margins.items()}, 50) == pytest.approx(plan)


def test_without_any_difference_every_plan_is_uniform() -> None:
    flat = pytest.approx(uniform(IDS, 50))
    assert by_disagreement(dict.fromkeys(IDS, 0.0), 50) == flat
    assert by_disagreement(dict.fromkeys(IDS, 1.0), 50, mix=0.0) == flat
    assert by_uncertainty(dict.fromkeys(IDS, 0.0), 50) == flat
    assert stratified(dict.fromkeys(IDS, "all"), 50) == flat
    assert weighted(dict.fromkeys(IDS, 0.0), 50) == flat


def test_pairs_without_weight_are_labelled_when_all_others_are() -> None:
    plan = weighted({"a": 1.0, "b": 0.0, "c": 0.0}, 2.0)
    assert plan == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.5})


@given(st.dictionaries(st.sampled_from(IDS), st.floats(0, 1), min_size=5), st.integers())
def test_property_the_order_of_the_pool_changes_neither_plan_nor_draw(scores: dict[str, float], key: int) -> None:
    shuffled = dict(Random(key).sample(list(scores.items()), len(scores)))
    plan, again = (by_disagreement(s, len(scores) / 2) for s in (scores, shuffled))
    assert plan == again
    assert draw(plan, key) == draw(again, key)


def test_a_larger_plan_keeps_what_a_smaller_one_drew() -> None:
    scores = {p: i / 200 for i, p in enumerate(IDS)}
    drawn = [set(drawn_ids(draw(by_disagreement(scores, n), seed=3))) for n in (20, 50, 120, 200)]
    assert drawn[0] < drawn[1] < drawn[2] < drawn[3] == set(IDS)


def test_a_draw_depends_on_no_other_pair() -> None:
    plan = uniform(IDS, 100)
    whole = {d.pair_id: d for d in draw(plan, 7)}
    assert draw({"p5": 0.5}, 7) == [whole["p5"]] == [Draw("p5", 0.5, random_number(7, "p5") < 0.5)]


def test_pairs_are_drawn_with_their_probability_and_independently() -> None:
    plan = {f"p{i}": 0.1 if i % 2 else 0.6 for i in range(4000)}
    draws = [{d.pair_id: d.drawn for d in draw(plan, seed)} for seed in (1, 2)]
    for rest, p in ((0, 0.6), (1, 0.1)):
        first, second = ([d[f"p{i}"] for i in range(rest, 4000, 2)] for d in draws)
        for shares, probability in ((first, p), ([a and b for a, b in zip(first, second, strict=True)], p * p)):
            error = math.sqrt(probability * (1 - probability) / 2000)
            assert sum(shares) / 2000 == pytest.approx(probability, abs=4 * error)


def test_the_random_number_of_a_pair_is_the_same_for_ever() -> None:
    assert random_number(0, "p_1") == pytest.approx(RANDOM_OF_P1, abs=1e-15)
    assert random_number(1, "p_1") != random_number(0, "p_1")


# First 14 hex digits of SHA-256 of "0", a line end, "p_1", worked out with sha256sum.
RANDOM_OF_P1 = (int("69333a1023c930", 16) >> 3) / 2**53


@pytest.mark.parametrize(
    ("n_labels", "floor", "message"),
    [
        (201, 0.05, "201 labels were asked for, and the pool has 200 pairs. Ask for at most 200."),
        (9, 0.05, "9 labels cannot give each of 200 pairs a probability of at least 0.05. Ask for at least 10 labels"),
        (50, 0.0, "The smallest probability of a pair is 0.0."),
        (math.nan, 0.05, "nan labels were asked for"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_a_way_out(n_labels: float, floor: float, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        uniform(IDS, n_labels, floor=floor)
    assert str(caught.value).startswith(message)


def test_an_empty_pool_and_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="no pair to draw from"):
        uniform([], 1)
    with pytest.raises(ConfigError, match="share of uniform sampling"):
        by_disagreement({"a": 0.5}, 1, mix=1.5)
    with pytest.raises(ValueError, match="the disagreement of a is 2"):
        by_disagreement({"a": 2.0}, 1)
    with pytest.raises(ValueError, match="the margin of a is nan"):
        by_uncertainty({"a": math.nan}, 1)
    with pytest.raises(ValueError, match="a weight is"):
        weighted({"a": -1.0}, 1)
    with pytest.raises(ValueError, match="the probability of a is 0"):
        draw({"a": 0.0}, 1)
