"""Prediction-powered means against ppi_py, against their formula written out, and in their symmetries."""

import json
import math
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate  # type: ignore[import-untyped]
from scipy import stats  # type: ignore[import-untyped]

from music_core.evaluate.estimate import Answer, Estimate, estimate_mean, labels_needed
from music_core.evaluate.sampling import Draw, draw, uniform
from tests.unit.evaluate.pools import Pool, random_pool

Reals = np.ndarray[tuple[int], np.dtype[np.float64]]


def arrays(pool: Pool) -> tuple[Reals, Reals, Reals]:
    """Labels, predictions of labelled pairs, predictions of the others."""
    labels = {a.pair_id: a.value for a in pool.answers}
    y = np.array([v for v in labels.values() if v is not None])
    f_labelled = np.array([pool.predictions[i] for i in labels])
    f_rest = np.array([f for i, f in pool.predictions.items() if i not in labels])
    return y, f_labelled, f_rest


@pytest.mark.parametrize("key", range(5))
def test_in_the_uniform_unclustered_case_the_tuned_estimate_is_that_of_ppi_py(key: int) -> None:
    pool = random_pool(key, 600, 100 + 60 * key)
    assert pool.estimate(n_boot=0).estimate == pytest.approx(ppi_mean_pointestimate(*arrays(pool)).item(), abs=1e-10)


@pytest.mark.parametrize("lam", [0.0, 0.4, 1.0])
def test_with_a_fixed_lambda_it_is_that_of_ppi_py_over_the_pool(lam: float) -> None:
    pool = random_pool(9, 500, 120)
    y, f, rest = arrays(pool)
    theirs = ppi_mean_pointestimate(y, f, np.concatenate([f, rest]), lam=lam).item()
    assert pool.estimate(n_boot=0, lam=lam).estimate == pytest.approx(theirs, abs=1e-10)


@pytest.mark.parametrize(("n_pool", "n_labels"), [(1200, 200), (500, 250)])
def test_in_the_uniform_unclustered_case_the_interval_is_that_of_ppi_py(n_pool: int, n_labels: int) -> None:
    pool = random_pool(4, n_pool, n_labels)
    ours = pool.estimate(n_boot=4000)
    low, high = (bound.item() for bound in ppi_mean_ci(*arrays(pool), alpha=0.05))
    assert ours.interval == pytest.approx((low, high), abs=0.06 * (high - low))


def test_the_classical_interval_is_that_of_scipys_bootstrap() -> None:
    pool = random_pool(5, 150, 150)
    e = pool.estimate(n_boot=5000)
    y = arrays(pool)[0]
    theirs = stats.bootstrap(
        (y,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(2), batch=500
    ).confidence_interval
    assert e.classical == pytest.approx(y.mean())
    assert e.classical_interval == pytest.approx(tuple(theirs), abs=0.06 * (theirs.high - theirs.low))


def test_where_weights_sum_to_the_pool_it_is_the_formula_of_the_difference_estimator() -> None:
    probability = {"a": 0.25, "b": 0.5, "c": 0.5, "d": 0.5, "e": 0.5, "f": 0.5, "g": 0.5, "h": 0.5}
    drawn, f = "abc", dict(zip("abcdefgh", [0.9, 0.1, 0.6, 0.3, 0.2, 0.8, 0.5, 0.4], strict=True))
    y = {"a": 1.0, "b": 0.5, "c": 0.0}
    pool = Pool([Draw(i, p, i in drawn) for i, p in probability.items()], {i: i for i in f}, f, [Answer(i, v) for i, v in y.items()])
    assert sum(1 / probability[i] for i in drawn) == 8
    expected = sum(f.values()) / 8 + sum((y[i] - f[i]) / (8 * probability[i]) for i in drawn)
    assert pool.estimate(lam=1.0).estimate == pytest.approx(expected)
    horvitz_thompson = sum(y[i] / (8 * probability[i]) for i in drawn)
    assert pool.estimate(lam=0.0).estimate == pool.estimate().classical == pytest.approx(horvitz_thompson)


def test_estimate_lambda_and_interval_are_those_of_a_plain_loop_over_seeds() -> None:
    pool = random_pool(11, 240, 80, per_seed=4, equal=False)
    ours = pool.estimate(n_boot=3000)
    assert (ours.estimate, ours.lam) == pytest.approx(by_definition(pool, pool.draws))
    members: dict[str, list[Draw]] = {}
    for d in pool.draws:
        members.setdefault(pool.seed_of[d.pair_id], []).append(d)
    rng, names = Random(1), list(members)
    values = [by_definition(pool, [d for name in rng.choices(names, k=len(names)) for d in members[name]])[0] for _ in range(800)]
    low, high = np.quantile(values, [0.025, 0.975])
    assert ours.interval == pytest.approx((low, high), abs=0.08 * (high - low))


def by_definition(pool: Pool, draws: list[Draw]) -> tuple[float, float]:
    """λ · mean f + Σ w (y − λ f) / Σ w and the tuned λ, term by term."""
    said = {a.pair_id: a.value for a in pool.answers}
    rows = [(1 / d.probability, y, pool.predictions[d.pair_id]) for d in draws if (y := said.get(d.pair_id)) is not None]
    n, total = len(draws), sum(w for w, _, _ in rows)
    mean_f = sum(pool.predictions[d.pair_id] for d in draws) / n
    mean_y, mean_lf = sum(w * y for w, y, _ in rows) / total, sum(w * f for w, _, f in rows) / total
    together = sum(w * (w - 1) * (y - mean_y) * (f - mean_lf) for w, y, f in rows) * n / total
    spread = sum((1 / d.probability - 1) * (pool.predictions[d.pair_id] - mean_f) ** 2 for d in draws) * n / (n - 1)
    lam = min(max(together / spread, 0.0), n / (n - len(rows)))
    return lam * mean_f + sum(w * (y - lam * f) for w, y, f in rows) / total, lam


def test_the_interval_for_the_pool_is_that_of_the_labels_draw() -> None:
    pool = random_pool(12, 400, 120)
    e = pool.estimate()
    assert e.estimate is not None and e.lam is not None and e.pool_interval is not None
    y, f, _ = arrays(pool)
    error = np.std(y - e.lam * f, ddof=1) / math.sqrt(120) * math.sqrt(1 - 120 / 400)  # simple sampling without replacement
    half = stats.t.ppf(0.975, 119) * error
    assert e.pool_interval == pytest.approx((e.estimate - half, e.estimate + half), abs=1e-5)


def test_predictions_that_track_the_labels_narrow_the_interval_and_useless_ones_do_not_widen_it() -> None:
    pool = random_pool(6, 2000, 200)
    good, useless = pool.estimate(n_boot=500), replace(pool, predictions=dict.fromkeys(pool.predictions, 0.3)).estimate(n_boot=500)
    assert good.interval and good.classical_interval
    assert good.interval[1] - good.interval[0] < 0.95 * (good.classical_interval[1] - good.classical_interval[0])
    assert (useless.lam, useless.estimate, useless.interval) == (0.0, useless.classical, useless.classical_interval)


def test_several_labels_of_one_pair_count_once_as_their_mean() -> None:
    pool = random_pool(7, 300, 60)
    first = pool.answers[0]
    twice = replace(pool, answers=[*pool.answers, first, first])
    assert twice.estimate() == pool.estimate()
    divided = replace(pool, answers=[Answer(first.pair_id, 0.0), Answer(first.pair_id, 1.0), *pool.answers[1:]])
    assert divided.estimate() == replace(pool, answers=[Answer(first.pair_id, 0.5), *pool.answers[1:]]).estimate()


def test_skips_and_waiting_pairs_are_counted_and_what_is_assumed_is_said() -> None:
    pool = random_pool(8, 300, 60)
    a, b, *rest = pool.answers
    e = replace(pool, answers=[Answer(a.pair_id, None), *rest]).estimate()
    assert (e.n_labelled, e.n_skipped, e.n_waiting) == (58, 1, 1)
    assert e.note == (
        "1 drawn pairs were skipped and 1 wait for a label: the estimate assumes that answers on them would be like those given."
    )
    labelled_too = replace(pool, answers=[Answer(a.pair_id, None), a, b, *rest]).estimate()
    assert labelled_too == pool.estimate()  # somebody else answered


def test_answers_on_pairs_that_were_not_drawn_are_left_out_and_counted() -> None:
    pool = random_pool(8, 300, 60)
    outside = next(d.pair_id for d in pool.draws if not d.drawn)
    e = replace(pool, answers=[*pool.answers, Answer(outside, 1.0), Answer("elsewhere", 1.0)]).estimate()
    plain = pool.estimate()
    assert e == replace(plain, n_not_drawn=2, note="Answers on 2 pairs that were not drawn are left out.")


def test_small_designs_carry_warnings_and_large_ones_none() -> None:
    small = random_pool(1, 300, 60, per_seed=5).estimate()
    assert [w.split(";")[0] for w in small.warnings] == [
        f"Labels come from {small.n_clusters} seeds only",
        "Only 60 pairs are labelled",
    ]
    assert random_pool(1, 900, 250, per_seed=2).estimate().warnings == ()
    thin = random_pool(1, 9000, 250).estimate(n_boot=20)
    assert thin.warnings == (
        "Some pairs had a probability of 0.0278 only; below 0.05 single labels weigh so much that the interval may miss.",
    )


@pytest.mark.parametrize(
    ("drawn", "values", "note"),
    [
        ("", "", "No pair was drawn."),
        ("ab", "", "No drawn pair has a label: 0 of 2 were skipped, the others wait."),
        ("ab", "ss", "No drawn pair has a label: 2 of 2 were skipped, the others wait."),
    ],
)
def test_without_labels_there_is_no_estimate_and_the_note_says_why(drawn: str, values: str, note: str) -> None:
    draws = [Draw(i, 0.5, i in drawn) for i in "abcd"]
    f = dict.fromkeys("abcd", 0.5)
    e = estimate_mean(draws, {i: i for i in "abcd"}, f, [Answer(i, None) for i, _ in zip(drawn, values, strict=False)])
    assert (e.estimate, e.interval, e.pool_interval, e.lam, e.classical, e.classical_interval) == (None,) * 6
    assert (e.n_pool, e.n_labelled, e.note) == (4, 0, note)
    assert labels_needed(e, 0.1).more is None
    assert estimate_mean([], {}, {}, []).note == "There is no pair in the pool."


def test_intervals_that_cannot_be_are_none_with_the_reason() -> None:
    pool = random_pool(2, 60, 30)
    alone = replace(pool, answers=pool.answers[:1]).estimate()
    assert alone.estimate is not None and alone.interval is alone.pool_interval is None
    assert "labels come from one seed only" in alone.note and "No interval for this pool" in alone.note
    one_seed = replace(pool, seed_of=dict.fromkeys(pool.seed_of, "s")).estimate()
    assert one_seed.interval is None and "all pairs come from one seed" in one_seed.note
    assert one_seed.pool_interval is not None
    same = replace(pool, answers=[Answer(a.pair_id, 1.0) for a in pool.answers]).estimate()
    assert (same.estimate, same.interval, same.pool_interval) == (1.0, None, None)
    assert "shows no spread" in same.note
    assert pool.estimate(n_boot=0).note == "No interval was asked for."


def test_a_pool_labelled_whole_leaves_nothing_to_chance() -> None:
    pool = random_pool(3, 80, 80)
    y = arrays(pool)[0]
    e = pool.estimate()
    assert e.pool_interval is not None and e.interval is not None
    assert e.estimate == pytest.approx(y.mean())
    assert e.pool_interval == pytest.approx((y.mean(), y.mean()))
    assert e.interval[1] - e.interval[0] > 0.1  # other seeds would differ all the same


def test_input_that_makes_no_sense_is_refused() -> None:
    a = Draw("a", 0.5, drawn=True)
    for draws, seeds, f, answers, message in [
        ([a, a], {"a": "s"}, {"a": 0.1}, [], "a is in the pool twice"),
        ([replace(a, probability=0.0)], {"a": "s"}, {"a": 0.1}, [], "the probability of a is 0.0"),
        ([a], {}, {"a": 0.1}, [], "a of the pool has no seed or no prediction"),
        ([a], {"a": "s"}, {"a": math.nan}, [], "a of the pool has no seed or no prediction"),
        ([a], {"a": "s"}, {"a": 0.1}, [Answer("a", math.inf)], "the answer on a is inf"),
    ]:
        with pytest.raises(ValueError, match=message):
            estimate_mean(draws, seeds, f, answers)


def test_labels_needed_are_those_that_give_the_half_width() -> None:
    pool, most = random_pool(20, 3000, 200), random_pool(20, 3000, 600)
    e, after = pool.estimate(n_boot=1000), most.estimate(n_boot=1000)
    for of_pool in (True, False):
        reached = half(after, of_pool=of_pool)
        need = labels_needed(e, reached, of_pool=of_pool)
        assert need.more == pytest.approx(400, rel=0.25)
    assert labels_needed(e, half(e, of_pool=False)).more == 0
    assert labels_needed(e, 1e-6, of_pool=True).more == 3000 - 200
    too_narrow = labels_needed(e, 0.005)
    assert too_narrow.more is None and "takes more seeds" in too_narrow.note
    with pytest.raises(ValueError, match="above 0"):
        labels_needed(e, 0.0)


def half(e: Estimate, *, of_pool: bool) -> float:
    interval = e.pool_interval if of_pool else e.interval
    assert interval is not None
    return (interval[1] - interval[0]) / 2


def test_an_estimate_is_json() -> None:
    for e in (random_pool(1, 100, 30).estimate(), estimate_mean([], {}, {}, [])):
        back = json.loads(json.dumps(e.as_dict(), allow_nan=False))
        assert back["n_pool"] == e.n_pool and back["estimate"] == e.estimate
        assert back["interval"] == (None if e.interval is None else list(e.interval)) and back["warnings"] == list(e.warnings)


@st.composite
def some_pools(draw_: st.DrawFn) -> Pool:
    """Up to 14 pairs of up to 4 seeds with any probabilities, answers, skips and repeats."""
    ids = [f"p{i}" for i in range(draw_(st.integers(1, 14)))]
    part = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0])
    draws = [Draw(i, draw_(st.sampled_from([0.05, 0.3, 0.5, 1.0])), draw_(st.booleans())) for i in ids]
    answers = draw_(st.lists(st.tuples(st.sampled_from(ids), st.one_of(st.none(), part)), max_size=20))
    seeds = {i: f"s{draw_(st.integers(0, 3))}" for i in ids}
    return Pool(draws, seeds, {i: draw_(part) for i in ids}, [Answer(i, v) for i, v in answers])


@given(some_pools(), st.integers())
def test_property_the_order_of_pool_and_answers_changes_nothing(pool: Pool, key: int) -> None:
    rng = Random(key)
    shuffled = replace(pool, draws=rng.sample(pool.draws, len(pool.draws)), answers=rng.sample(pool.answers, len(pool.answers)))
    assert shuffled.estimate(n_boot=30) == pool.estimate(n_boot=30)


@given(some_pools())
def test_property_exchanging_the_sides_of_every_pair_mirrors_the_estimate(pool: Pool) -> None:
    turned = Pool(
        pool.draws,
        pool.seed_of,
        {i: 1 - f for i, f in pool.predictions.items()},
        [replace(a, value=None if a.value is None else 1 - a.value) for a in pool.answers],
    )
    e, mirrored = pool.estimate(n_boot=30), turned.estimate(n_boot=30)
    for name in ("estimate", "classical"):
        ours, theirs = getattr(e, name), getattr(mirrored, name)
        assert theirs == (None if ours is None else pytest.approx(1 - ours, abs=1e-9))
    for name in ("interval", "pool_interval", "classical_interval"):
        ours, theirs = getattr(e, name), getattr(mirrored, name)
        assert theirs == (None if ours is None else pytest.approx((1 - ours[1], 1 - ours[0]), abs=1e-9))
    assert (mirrored.lam, mirrored.note) == (None if e.lam is None else pytest.approx(e.lam, abs=1e-9), e.note)


@given(some_pools())
def test_property_every_figure_is_finite_and_every_gap_explained(pool: Pool) -> None:
    e = pool.estimate(n_boot=30)
    figures = (e.estimate, e.interval, e.pool_interval, e.lam, e.classical, e.classical_interval)
    assert all(f is not None for f in figures) or e.note
    for figure in figures:
        for number in figure if isinstance(figure, tuple) else (figure,):
            assert number is None or math.isfinite(number)
    assert e.n_labelled + e.n_skipped + e.n_waiting == sum(d.drawn for d in pool.draws)


def test_over_many_draws_the_estimate_is_right_on_average() -> None:
    rng = np.random.default_rng(0)
    ids = [f"p{i}" for i in range(120)]
    y = dict(zip(ids, (rng.random(120) < 0.6).astype(float).tolist(), strict=True))
    f = {i: 0.3 + 0.5 * v * rng.random() for i, v in y.items()}
    plan = uniform(ids, 40)
    found = []
    for seed in range(225):
        draws = draw(plan, seed)
        e = estimate_mean(draws, {i: i for i in ids}, f, [Answer(d.pair_id, y[d.pair_id]) for d in draws if d.drawn], n_boot=0)
        assert e.estimate is not None
        found.append(e.estimate)
    assert np.mean(found) == pytest.approx(sum(y.values()) / 120, abs=4 * float(np.std(found)) / 15)
