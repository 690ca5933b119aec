"""Two models over the same pairs: the figures by hand, and what exchanging the models changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.compare import paired_difference
from music_core.evaluate.side_by_side import SideBySide, accuracy, banded, bins, differences_by, side_by_side
from music_core.evaluate.votes import vote_table
from music_core.types import Vote

A, B = "model:a", "model:b"
Margins = dict[str, float]


def votes_of(a: Margins, b: Margins, truth: dict[str, int], trained: set[str] | None = None, reference: str = "construction") -> list[Vote]:
    """Votes as the store gives them; each pair is a seed of its own."""
    found = [Vote(p, f"s{p}", A, int(np.sign(m)), p in (trained or ())) for p, m in a.items()]
    found += [Vote(p, f"s{p}", B, int(np.sign(m))) for p, m in b.items()]
    return found + [Vote(p, f"s{p}", reference, v) for p, v in truth.items()]


def held(said: list[Vote], a: Margins, b: Margins, reference: str = "construction") -> SideBySide:
    """Both models over the pairs of these votes."""
    ids = ids_in(said)
    own, other = (np.array([m.get(i, np.nan) for i in ids]) for m in (a, b))
    return side_by_side(vote_table(said), own, other, A, B, reference)


def ids_in(said: list[Vote]) -> list[str]:
    """Ids of the pairs in the order of a table of these votes."""
    return list(dict.fromkeys(v.pair_id for v in said))


def compared(a: Margins, b: Margins, truth: dict[str, int], trained: set[str] | None = None) -> SideBySide:
    return held(votes_of(a, b, truth, trained), a, b)


FOUR = ({"p1": 3.0, "p2": 1.0, "p3": -1.0, "p4": -2.0}, {"p1": 10.0, "p2": -30.0, "p3": 20.0, "p4": -5.0})


def test_the_four_kinds_of_pairs_are_counted_and_those_furthest_apart_come_first() -> None:
    found = compared(*FOUR, dict.fromkeys(FOUR[0], 1))
    assert found.counts == (1, 1, 1, 1)
    assert [found.at[i] for i in found.furthest()] == [1, 2]
    assert found.spread_a == pytest.approx(np.sqrt(15 / 4))


def test_the_figures_are_those_of_the_paired_difference() -> None:
    truth = dict.fromkeys(FOUR[0], 1)
    found, difference = compared(*FOUR, truth), paired_difference(votes_of(*FOUR, truth), A, B, "construction")
    assert (difference.only_a, difference.only_b, difference.n) == (found.counts[1], found.counts[2], sum(found.counts))


def test_a_margin_counts_towards_the_side_that_the_reference_names_and_a_tie_of_the_reference_names_none() -> None:
    found = compared(*FOUR, {"p1": -1, "p2": -1, "p3": 0, "p4": -1})
    assert found.at.tolist() == [0, 1, 3]
    assert found.n_tied == 1
    assert found.counts == (1, 0, 1, 1)


def test_a_pair_that_either_model_was_trained_on_is_left_out_and_counted() -> None:
    found = compared(*FOUR, dict.fromkeys(FOUR[0], 1), trained={"p1", "p4"})
    assert found.at.tolist() == [1, 2]
    assert found.n_trained_on == 2


def test_a_model_that_tells_no_sides_apart_is_never_right() -> None:
    found = compared({"p1": 0.0, "p2": 0.0}, {"p1": 1.0, "p2": -1.0}, {"p1": 1, "p2": 1})
    assert found.spread_a == 0.0
    assert found.counts == (0, 0, 1, 1)


def test_without_a_shared_pair_nothing_is_undefined() -> None:
    found = compared({"p1": 1.0}, {"p2": 1.0}, {"p1": 1, "p2": 1})
    assert (found.counts, found.furthest(), bins(found), sum(banded(found.margins_a))) == ((0, 0, 0, 0), [], [], 0)


values = st.floats(-5, 5, allow_nan=False).map(lambda x: round(x, 2))
tables = st.dictionaries(st.sampled_from([f"p{i}" for i in range(12)]), st.tuples(values, values, st.sampled_from([-1, 0, 1])), min_size=1)


@given(tables)
def test_exchanging_the_models_mirrors_everything(rows: dict[str, tuple[float, float, int]]) -> None:
    a, b, truth = ({p: row[i] for p, row in rows.items()} for i in range(3))
    said = votes_of(a, b, truth)  # type: ignore[arg-type]
    one = held(said, a, b)
    swapped = [Vote(v.pair_id, v.seed_id, {A: B, B: A}.get(v.rater, v.rater), v.value) for v in said]
    other = held(swapped, b, a)
    both, only_a, only_b, neither = one.counts
    assert other.counts == (both, only_b, only_a, neither)
    assert other.at.tolist() == one.at.tolist()
    assert (other.spread_a, other.spread_b) == pytest.approx((one.spread_b, one.spread_a))


@given(tables)
def test_every_pair_is_in_one_cell_and_one_band(rows: dict[str, tuple[float, float, int]]) -> None:
    a, b, truth = ({p: row[i] for p, row in rows.items()} for i in range(3))
    found = compared(a, b, truth)  # type: ignore[arg-type]
    assert sum(c.n for c in bins(found)) == len(found.at) == sum(banded(found.margins_a)) == sum(banded(found.margins_b))
    # The bound at 0 parts right from wrong.
    assert sum(banded(found.margins_a)[3:]) == int(found.right_a.sum())


def test_slices_add_up_to_the_whole_and_an_empty_one_is_left_out() -> None:
    truth = dict.fromkeys(FOUR[0], 1)
    slices = {"x": np.array([0, 1]), "y": np.array([2, 3]), "z": np.array([], np.int64)}
    found = dict(differences_by(vote_table(votes_of(*FOUR, truth)), slices, A, B, "construction"))
    assert list(found) == ["x", "y"]
    assert [(d.n, d.only_a, d.only_b) for d in found.values()] == [(2, 1, 0), (2, 0, 1)]


def test_people_are_the_reference_by_what_most_of_them_say() -> None:
    said = votes_of({"p1": 1.0}, {"p1": -1.0}, {"p1": -1}, reference="person:Ada")
    said += [Vote("p1", "sp1", f"person:{name}", 1) for name in ("Ben", "Cy")]
    assert held(said, {"p1": 1.0}, {"p1": -1.0}, "people").counts == (0, 1, 0, 0)


def test_accuracy_from_counts_of_seeds_leaves_out_seeds_without_a_pair() -> None:
    found = accuracy([(1, 1, 30), (1, 0, 10), (0, 0, 5)], n_trained_on=7)
    assert (found.n, found.n_seeds, found.right, found.n_trained_on, found.share) == (40, 40, 30, 7, 0.75)
    assert found.interval is not None
    assert found.interval[0] < 0.75 < found.interval[1]
    assert accuracy([]).share is None
