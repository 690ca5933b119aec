"""The simulation behind the table of docs/estimates.md."""

import json

import numpy as np
import pytest

from benchmarks.coverage import DESIGNS, Design, coverage, study, truths, world


def test_the_true_values_are_those_of_the_simulated_pairs() -> None:
    truth = truths(np.random.default_rng(1))
    said = world(np.random.default_rng(2), 60_000, 3).said
    right = {rater: np.mean(said[rater] == said["person:p"]) for rater in said}
    assert truth["mean"] == pytest.approx((1 + said["person:p"].mean()) / 2, abs=0.01)
    assert truth["agreement"] == pytest.approx(right["model:a"], abs=0.01)
    assert truth["difference"] == pytest.approx(right["model:a"] - right["model:b"], abs=0.01)


def test_pairs_of_one_seed_are_alike() -> None:
    w = world(np.random.default_rng(3), 20_000, 2)
    first = np.flatnonzero(w.seeds[1:] == w.seeds[:-1])
    alike = np.corrcoef(w.said["person:p"][first], w.said["person:p"][first + 1])[0, 1]
    assert 0.15 < alike < 0.4


def test_a_trial_counts_for_each_interval_how_often_it_held() -> None:
    told: list[str] = []
    design = Design("small", 30, 3, 40)
    result = coverage(design, 4, 0, {"agreement": 0.66, "difference": 5.0, "mean": 0.59}, told.append)
    assert told == ["small: 4 of 4 studies"]
    assert result["missing"] == 0
    assert result["coverage"]["difference"] == 0.0  # no interval holds what is impossible
    assert set(result["coverage"]) == set(result["width"]) == set(study(design, 1, {"agreement": 0, "difference": 0, "mean": 0}))
    assert all(0 < width < 1 for width in result["width"].values())
    assert json.loads(json.dumps(result)) == result


def test_designs_within_the_limits_keep_them() -> None:
    kept = [d for d in DESIGNS if d.within]
    assert len(kept) >= 2
    assert all(d.clusters >= 100 and d.mean_size >= 2 and d.labels >= 200 and d.floor >= 0.05 for d in kept)
