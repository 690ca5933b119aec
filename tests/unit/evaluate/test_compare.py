"""Paired differences of two raters against a third."""

import json
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from music_core.evaluate.agreement import agreement_cells
from music_core.evaluate.compare import PairedDifference, paired_difference, sign_test
from music_core.types import Vote
from tests.unit.evaluate.votes import by_name, some_votes, votes_of


def compared(votes: list[Vote], n_boot: int = 50, reference: str = "construction") -> PairedDifference:
    return paired_difference(votes, "judge:a", "judge:b", reference, n_boot=n_boot)


def test_the_difference_is_taken_over_the_pairs_that_all_three_voted_on() -> None:
    votes = votes_of("construction", "++++++ ") + votes_of("judge:a", "+++-0 +") + votes_of("judge:b", "+-- 0+-")
    d = compared(votes)
    assert (d.n, d.n_clusters, d.only_a, d.only_b) == (4, 4, 2, 0)
    assert (d.accuracy_a, d.accuracy_b, d.difference) == (3 / 4, 1 / 4, 1 / 2)
    assert d.p_value == pytest.approx(0.5)


def test_a_tie_is_right_where_the_reference_says_tie() -> None:
    d = compared(votes_of("construction", "00") + votes_of("judge:a", "0+") + votes_of("judge:b", "+0"))
    assert (d.accuracy_a, d.accuracy_b, d.difference, d.only_a, d.only_b, d.p_value) == (0.5, 0.5, 0.0, 1, 1, 1.0)


def test_members_of_the_reference_group_are_held_against_the_others() -> None:
    votes = [v for r, s in (("judge:a", "++"), ("judge:b", "--"), ("judge:c", "+-"), ("judge:d", "+-")) for v in votes_of(r, s)]
    d = compared(votes, reference="judges")
    assert (d.n, d.accuracy_a, d.accuracy_b) == (2, 0.5, 0.5)
    people = [v for r, s in (("person:x", "++"), ("person:y", "+0"), ("person:z", "+0")) for v in votes_of(r, s)]
    assert compared(votes + people, reference="people").accuracy_a == 0.5


def test_the_interval_is_that_of_a_bootstrap_over_seeds_one_by_one() -> None:
    rng = np.random.default_rng(0)
    signs = rng.choice(list("+-"), (2, 240), p=[0.75, 0.25])
    seeds = "".join(chr(97 + s) for s in np.sort(rng.integers(0, 80, 240)))
    votes = [
        v
        for r, s in (("construction", "+" * 240), ("judge:a", "".join(signs[0])), ("judge:b", "".join(signs[1])))
        for v in votes_of(r, s, seeds)
    ]
    d = compared(votes, n_boot=10_000)
    lead = (signs[0] == "+").astype(int) - (signs[1] == "+")
    _, cluster = np.unique(list(seeds), return_inverse=True)
    sums = np.stack([np.bincount(cluster, weights=lead), np.bincount(cluster)], axis=1)
    drawn = sums[rng.integers(0, len(sums), (10_000, len(sums)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    assert d.interval == pytest.approx((low, high), abs=0.05 * (high - low))
    assert d.n_clusters == len(sums)


@given(st.integers(0, 60), st.integers(0, 60))
def test_property_the_sign_test_is_scipys_binomial_test(wins: int, losses: int) -> None:
    if wins + losses:
        assert sign_test(wins, losses) == pytest.approx(stats.binomtest(wins, wins + losses).pvalue)
    else:
        assert sign_test(wins, losses) is None


def test_the_sign_test_of_a_published_example_and_of_large_counts() -> None:
    # L. Stephens, Schaum's Outline of Beginning Statistics, chapter 14, example of the sign test: 3 of 10 for thick crust, p = 0.34375.
    assert sign_test(3, 7) == pytest.approx(0.34375)
    assert sign_test(20_000, 20_400) == pytest.approx(stats.binomtest(20_000, 40_400).pvalue)


@pytest.mark.parametrize(
    ("a", "b", "seeds", "note"),
    [
        ("+ ", " +", "01", "No pair has votes of all three."),
        ("+-", "-+", "00", "No interval: all pairs come from one seed."),
        ("++", "++", "01", "No interval: all 2 seeds show the same difference, so drawing among them shows no spread. No test:"),
    ],
)
def test_what_is_undefined_is_none_and_explained(a: str, b: str, seeds: str, note: str) -> None:
    d = compared(votes_of("construction", "++") + votes_of("judge:a", a, seeds) + votes_of("judge:b", b, seeds))
    assert d.interval is None and d.note.startswith(note)
    assert (d.difference is None) == (d.n == 0)
    assert json.loads(json.dumps(d.as_dict(), allow_nan=False))["note"] == d.note


def test_training_pairs_of_a_model_are_left_out_and_counted() -> None:
    votes = votes_of("construction", "+++") + votes_of("model:m", "+++", trained_on="tt ") + votes_of("judge:a", "--+")
    d = paired_difference(votes, "model:m", "judge:a", "construction")
    assert (d.n, d.difference, d.n_trained_on) == (1, 0.0, 2)
    d = paired_difference(votes[:2] + votes[3:5] + votes[6:8], "model:m", "judge:a", "construction")
    assert (d.n, d.difference, d.note) == (0, None, "All 2 shared pairs are training pairs of a model.")


@pytest.mark.parametrize(
    "names", [("judge:a", "judge:a", "construction"), ("judge:a", "judges", "construction"), ("judges", "model:m", "judge:b")]
)
def test_raters_that_are_not_apart_are_refused(names: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="not three raters apart"):
        paired_difference([], *names)


def test_without_replicates_there_is_no_interval() -> None:
    votes = votes_of("construction", "++") + votes_of("judge:a", "+-") + votes_of("judge:b", "--")
    assert (compared(votes, n_boot=0).interval, compared(votes, n_boot=0).note) == (None, "No interval was asked for.")


@given(some_votes(), st.integers(), st.sets(st.integers(0, 11)))
def test_property_order_and_branch_names_change_nothing(votes: list[Vote], key: int, turned: set[int]) -> None:
    shuffled = Random(key).sample(votes, len(votes))
    exchanged = [replace(v, value=-v.value) if int(v.pair_id[1:]) in turned else v for v in votes]
    for reference in ("construction", "people"):
        assert compared(shuffled, reference=reference) == compared(exchanged, reference=reference) == compared(votes, reference=reference)


@given(some_votes(), st.lists(st.sampled_from([-1, 0, 1]), min_size=12, max_size=12))
def test_property_another_rater_changes_no_difference_of_others(votes: list[Vote], says: list[int]) -> None:
    seed_of = {v.pair_id: v.seed_id for v in votes}
    more = votes + [Vote(p, s, "model:new", says[int(p[1:])]) for p, s in seed_of.items()]
    assert compared(more, reference="people") == compared(votes, reference="people")


@given(some_votes())
def test_property_exchanging_the_two_raters_mirrors_the_difference(votes: list[Vote]) -> None:
    d, back = compared(votes), paired_difference(votes, "judge:b", "judge:a", "construction", n_boot=50)
    assert (back.n, back.accuracy_a, back.only_a, back.p_value) == (d.n, d.accuracy_b, d.only_b, d.p_value)
    assert back.difference == (None if d.difference is None else -d.difference)
    # Replicates fall in another order among the kinds of seeds, so that only the existence of the interval is the same.
    assert (back.interval is None) == (d.interval is None)


@given(some_votes())
def test_property_accuracies_are_the_agreement_of_the_matrix_on_shared_pairs(votes: list[Vote]) -> None:
    names = {"judge:a", "judge:b", "construction"}
    voters: dict[str, set[str]] = {}
    for v in votes:
        voters.setdefault(v.pair_id, set()).add(v.rater)
    shared = [v for v in votes if names <= voters[v.pair_id] and v.rater in names]
    cells, d = by_name(agreement_cells(shared, n_boot=0)), compared(votes)
    if d.n:
        assert (cells["construction", "judge:a"].agree, cells["construction", "judge:b"].agree) == (d.accuracy_a, d.accuracy_b)
    else:
        assert not shared and d.difference is None and d.note
