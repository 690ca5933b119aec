"""The matrix of who agrees with whom."""

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from music_core.evaluate.agreement import agreement_cells
from music_core.types import Vote
from tests.unit.evaluate.votes import by_name, some_votes, votes_of


def test_every_two_raters_and_groups_have_a_cell_in_the_order_of_the_matrix() -> None:
    votes = [v for r in ("person:bob", "model:m", "judge:b", "construction", "judge:a") for v in votes_of(r, "+-")]
    names = ["construction", "judge:a", "judge:b", "judges", "model:m", "person:bob", "people"]
    expected = [(a, b) for i, a in enumerate(names) for b in names[i:] if a != b or a in ("judges", "people")]
    assert [(c.a, c.b) for c in agreement_cells(votes)] == expected
    assert agreement_cells([]) == []


def test_raw_agreement_counts_pairs_with_and_without_ties() -> None:
    (cell,) = agreement_cells(votes_of("construction", "++++++") + votes_of("model:m", "++-00 "))
    assert (cell.n, cell.agree, cell.n_non_tie, cell.agree_non_tie) == (5, 2 / 5, 3, 2 / 3)
    both_tie = by_name(agreement_cells(votes_of("model:m", "0+") + votes_of("model:n", "0+")))["model:m", "model:n"]
    assert (both_tie.n, both_tie.agree, both_tie.n_non_tie) == (2, 1.0, 1)


def test_construction_is_no_constant_rater() -> None:
    (cell,) = agreement_cells(votes_of("construction", "+" * 10) + votes_of("model:m", "+" * 8 + "--"))
    assert cell.kappa == pytest.approx(2 * 0.8 - 1)  # chance is one half when every pair is entered both ways
    values = [1] * 8 + [-1] * 2
    turned = cohen_kappa_score([1] * 10 + [-1] * 10, values + [-v for v in values])
    assert cell.kappa == pytest.approx(turned)
    assert cell.alpha == pytest.approx(1 - (40 - 1) * 8 / (2 * 20 * 20))  # 40 values, 8 unequal coincidences


def test_a_group_says_what_most_of_its_members_say_and_a_tie_where_none_leads() -> None:
    votes = votes_of("construction", "+++++") + votes_of("judge:a", "++-0 ") + votes_of("judge:b", "+-+0 ") + votes_of("judge:c", "+0++ ")
    cell = by_name(agreement_cells(votes))["construction", "judges"]
    # judges: +, tie (three ways), +, 0
    assert (cell.n, cell.agree, cell.n_non_tie, cell.agree_non_tie) == (4, 0.5, 2, 1.0)


def test_a_member_is_held_against_the_others_only() -> None:
    votes = votes_of("person:ann", "+++ ") + votes_of("person:bob", "+-  ") + votes_of("person:cy", "+- +")
    cells = by_name(agreement_cells(votes))
    ann = cells["person:ann", "people"]
    assert (ann.n, ann.agree) == (2, 0.5)  # +, − of the others; pair 2 has no other vote
    bob = cells["person:bob", "people"]
    assert (bob.n, bob.agree, bob.n_non_tie) == (2, 0.5, 1)  # ann and cy say + and, divided, a tie
    assert cells["person:ann", "person:bob"].agree == 0.5


def test_people_with_people_count_every_two_votes_on_a_pair() -> None:
    votes = votes_of("person:ann", "++0+") + votes_of("person:bob", "+-0 ") + votes_of("person:cy", "++  ")
    cell = by_name(agreement_cells(votes))["people", "people"]
    assert (cell.n, cell.agree, cell.n_non_tie, cell.agree_non_tie) == (7, 5 / 7, 6, 4 / 6)
    renamed = [replace(v, rater={"person:ann": "person:z"}.get(v.rater, v.rater)) for v in votes]
    assert by_name(agreement_cells(renamed))["people", "people"] == cell


def test_a_models_training_pairs_are_left_out_and_counted() -> None:
    votes = votes_of("construction", "++++") + votes_of("model:m", "++--", trained_on="tt  ")
    (cell,) = agreement_cells(votes)
    assert (cell.n, cell.agree, cell.n_trained_on) == (2, 0.0, 2)
    (cell,) = agreement_cells(votes_of("construction", "++") + votes_of("model:m", "++", trained_on="tt"))
    assert (cell.n, cell.agree, cell.kappa, cell.n_trained_on) == (0, None, None, 2)
    assert cell.note == "All 2 pairs that both voted on are training pairs of the model."


@pytest.mark.parametrize(
    ("a", "b", "seeds", "note"),
    [
        ("++ ", "  +", "012", "No pair has votes of both."),
        ("+-+", "++-", "000", "No interval: all pairs come from one seed."),
        ("00", "0+", "01", "There is no pair on which both named a side."),
        ("+-", "+-", "01", "No interval: all 2 seeds show the same share of agreement, so drawing among them shows no spread."),
    ],
)
def test_what_is_undefined_is_explained(a: str, b: str, seeds: str, note: str) -> None:
    (cell,) = agreement_cells(votes_of("model:m", a, seeds) + votes_of("model:n", b, seeds))
    assert note in cell.note
    assert (cell.interval is None) == ("interval" in cell.note or cell.n == 0)


def test_ties_everywhere_have_neither_kappa_nor_alpha() -> None:
    (cell,) = agreement_cells(votes_of("model:m", "000") + votes_of("model:n", "000"))
    assert (cell.n, cell.agree, cell.agree_non_tie, cell.kappa, cell.alpha) == (3, 1.0, None, None, None)
    assert cell.note.startswith("Neither named a side anywhere, so κ and α are undefined.")


def test_one_person_alone_has_nobody_to_agree_with() -> None:
    cells = by_name(agreement_cells(votes_of("construction", "++") + votes_of("person:ann", "+-")))
    assert cells["construction", "people"].n == 2
    for pair in (("person:ann", "people"), ("people", "people")):
        assert (cells[pair].n, cells[pair].note) == (0, "No pair has votes of two people.")


def test_without_replicates_there_is_no_interval() -> None:
    (cell,) = agreement_cells(votes_of("model:m", "+-") + votes_of("model:n", "++"), n_boot=0)
    assert (cell.interval, cell.note) == (None, "No interval was asked for.")


def test_an_interval_holds_the_share_and_is_the_same_for_the_same_seed() -> None:
    votes = votes_of("construction", "+" * 40) + votes_of("model:m", "+" * 30 + "-" * 10)
    (cell,), (same,), (other,) = agreement_cells(votes), agreement_cells(votes, seed=0), agreement_cells(votes, seed=1)
    assert cell.interval is not None
    assert cell.interval[0] < 0.75 < cell.interval[1]
    assert cell == same
    assert cell.interval != other.interval


def test_a_cell_is_json() -> None:
    votes = votes_of("construction", "++++") + votes_of("judge:a", "+-0+") + votes_of("person:ann", "+- +")
    for cell in agreement_cells(votes):
        back = json.loads(json.dumps(cell.as_dict(), allow_nan=False))
        assert list(back) == ["a", "b", "n", "agree", "n_non_tie", "agree_non_tie", "kappa", "alpha", "interval", "note", "n_trained_on"]


def test_votes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="-1, 0 or 1"):
        agreement_cells([Vote("p", "s", "construction", 2)])
    with pytest.raises(ValueError, match="twice"):
        agreement_cells([Vote("p", "s", "construction", 1), Vote("p", "s", "construction", -1)])


@given(some_votes(), st.sets(st.integers(0, 11)))
def test_property_exchanging_the_branches_of_any_pairs_changes_nothing(votes: list[Vote], turned: set[int]) -> None:
    exchanged = [replace(v, value=-v.value) if int(v.pair_id[1:]) in turned else v for v in votes]
    assert agreement_cells(exchanged, n_boot=50) == agreement_cells(votes, n_boot=50)


@given(some_votes(), st.integers())
def test_property_the_order_of_votes_changes_nothing(votes: list[Vote], key: int) -> None:
    shuffled = Random(key).sample(votes, len(votes))
    assert agreement_cells(shuffled, n_boot=50) == agreement_cells(votes, n_boot=50)


@given(some_votes(), st.lists(st.sampled_from([-1, 0, 1]), min_size=12, max_size=12))
def test_property_another_judge_changes_no_cell_of_others(votes: list[Vote], says: list[int]) -> None:
    seed_of = {v.pair_id: v.seed_id for v in votes}
    more = votes + [Vote(p, s, "judge:new", says[int(p[1:])]) for p, s in seed_of.items()]
    after = by_name(agreement_cells(more, n_boot=50))
    for names, cell in by_name(agreement_cells(votes, n_boot=50)).items():
        if "judges" not in names:
            assert after[names] == cell


@given(some_votes())
def test_property_every_figure_is_in_its_bounds_and_every_gap_explained(votes: list[Vote]) -> None:
    for cell in agreement_cells(votes, n_boot=50):
        assert 0 <= cell.n_non_tie <= cell.n
        figures = (cell.agree, cell.agree_non_tie, cell.kappa, cell.alpha, cell.interval)
        assert all(f is not None for f in figures) or cell.note
        for share in (cell.agree, cell.agree_non_tie, *(cell.interval or ())):
            assert share is None or 0 <= share <= 1
        assert cell.kappa is None or -1 <= cell.kappa <= 1
        assert cell.alpha is None or -1 <= cell.alpha <= 1
        assert (cell.agree is None) == (cell.n == 0)
