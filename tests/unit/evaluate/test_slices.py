"""Agreement by slice, and the ceiling of human agreement."""

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.agreement import agreement_cells
from music_core.evaluate.slices import Ceiling, ceiling, length_gap_bucket, sliced_cells
from music_core.types import Vote
from tests.unit.evaluate.votes import by_name, some_votes, votes_of


def test_every_slice_has_the_matrix_of_its_own_pairs_and_unnamed_pairs_come_last() -> None:
    votes = votes_of("construction", "++++++") + votes_of("judge:a", "+-+++ ")
    parts = sliced_cells(votes, {"p0": "3 turns", "p1": "3 turns", "p2": "2 turns", "p3": "2 turns", "p9": "9 turns"}, n_boot=20)
    assert [(s.name, s.n_pairs) for s in parts] == [("2 turns", 2), ("3 turns", 2), (None, 2)]
    assert [by_name(list(s.cells))["construction", "judge:a"].agree for s in parts] == [1.0, 0.5, 1.0]
    assert sliced_cells([], {}) == []


@given(some_votes())
def test_property_slices_are_a_partition_of_the_whole(votes: list[Vote]) -> None:
    slice_of = {v.pair_id: "even" if int(v.pair_id[1:]) % 2 == 0 else "odd" for v in votes}
    parts = sliced_cells(votes, slice_of, n_boot=0)
    for names, cell in by_name(agreement_cells(votes, n_boot=0)).items():
        inside = [c for s in parts if (c := by_name(list(s.cells)).get(names))]
        assert sum(c.n for c in inside) == cell.n
        assert sum(c.agree * c.n for c in inside if c.agree is not None) == pytest.approx((cell.agree or 0.0) * cell.n)
    (whole,) = sliced_cells(votes, dict.fromkeys(slice_of, "all"), n_boot=20) if votes else [None]
    assert whole is None or list(whole.cells) == agreement_cells(votes, n_boot=20)


def test_length_gaps_are_relative_to_the_longer_side() -> None:
    found = [length_gap_bucket(*sides) for sides in [(0, 0), (100, 91), (100, 90), (100, 51), (100, 50), (0, 1), (10, 1000)]]
    assert found == ["about equal"] * 2 + ["chosen longer"] * 2 + ["chosen much longer"] + ["rejected much longer"] * 2
    with pytest.raises(ValueError, match="at least 0"):
        length_gap_bucket(-1, 0)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_property_exchanging_the_sides_mirrors_the_length_gap(a: int, b: int) -> None:
    mirror = {"chosen": "rejected", "rejected": "chosen"}
    assert length_gap_bucket(b, a) == " ".join(mirror.get(word, word) for word in length_gap_bucket(a, b).split())


def test_the_ceiling_pools_every_persons_votes_against_the_mode_of_the_others() -> None:
    votes = votes_of("person:ann", "+++ +") + votes_of("person:bob", "+-+  ") + votes_of("person:cy", "+-- +")
    c = ceiling(votes + votes_of("judge:a", "-----"))
    # Pair 0: all three agree. Pairs 1 and 2: the odd one faces a clear mode, the two others a divided rest, a tie; none is equal.
    # Pair 4: both agree.
    assert (c.n_votes, c.n_pairs, c.n_persons) == (11, 4, 3)
    assert c.agree == pytest.approx(5 / 11)
    assert c.agree is not None and c.interval is not None and c.interval[0] <= c.agree <= c.interval[1]


@given(some_votes())
def test_property_the_ceiling_is_the_mean_of_the_persons_cells(votes: list[Vote]) -> None:
    cells = [c for c in agreement_cells(votes, n_boot=0) if c.a.startswith("person:") and c.b == "people"]
    c = ceiling(votes, n_boot=30)
    assert c.n_votes == sum(cell.n for cell in cells)
    assert c.n_persons == sum(cell.n > 0 for cell in cells)
    if c.agree is None:
        assert c == Ceiling(None, None, 0, 0, 0, "No ceiling: there is no pair with labels of two people.")
    else:
        assert c.agree == pytest.approx(sum(cell.n * (cell.agree or 0.0) for cell in cells) / c.n_votes)
        assert c.interval is not None or "show no spread" in c.note


def test_labels_of_one_person_have_no_ceiling_and_one_seed_no_interval() -> None:
    assert ceiling(votes_of("person:ann", "++") + votes_of("judge:a", "++")).agree is None
    assert ceiling([]).note == "No ceiling: there is no pair with labels of two people."
    one = ceiling(votes_of("person:ann", "++", "00") + votes_of("person:bob", "+-", "00"))
    assert (one.agree, one.interval, one.note) == (0.5, None, "No interval: the 1 seeds show no spread to draw from.")
    assert json.loads(json.dumps(one.as_dict(), allow_nan=False))["n_votes"] == 4


@given(some_votes(), st.integers(), st.sets(st.integers(0, 11)))
def test_property_order_branch_names_and_judges_do_not_change_the_ceiling(votes: list[Vote], key: int, turned: set[int]) -> None:
    shuffled = Random(key).sample(votes, len(votes))
    exchanged = [replace(v, value=-v.value) if int(v.pair_id[1:]) in turned else v for v in votes]
    people_only = [v for v in votes if v.rater.startswith("person:")]
    assert ceiling(shuffled, n_boot=30) == ceiling(exchanged, n_boot=30) == ceiling(people_only, n_boot=30) == ceiling(votes, n_boot=30)
