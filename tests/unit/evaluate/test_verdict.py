from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.pairwise import ORDERS
from music_core.evaluate.verdict import TIE_MARGIN, resolve, sign
from music_core.types import BRANCHES, BranchName, Order, Reading, ReadingLabel, VerdictValue

MIRROR: dict[VerdictValue, VerdictValue] = {"chosen": "rejected", "rejected": "chosen"}
OTHER_ORDER: dict[Order, Order] = {"chosen_first": "rejected_first", "rejected_first": "chosen_first"}
OTHER_BRANCH: dict[BranchName, BranchName] = {"chosen": "rejected", "rejected": "chosen"}


def reading(order: Order, label: ReadingLabel) -> Reading:
    return Reading("p", "j", "pairwise", label, "", "", "e", "m", order=order)


def checked(branch: BranchName, turn: int, label: ReadingLabel, p_yes: float | None) -> Reading:
    return Reading("p", "j", "checklist", label, "", "", "e", "m", branch=branch, turn=turn, p_yes=p_yes)


@pytest.mark.parametrize(
    ("chosen_first", "rejected_first", "value", "score", "first_rate"),
    [
        ("first", "second", "chosen", 1.0, 0.5),
        ("second", "first", "rejected", -1.0, 0.5),
        ("tie", "tie", "tie", 0.0, 0.0),
        ("first", "first", "flip", 0.0, 1.0),
        ("second", "second", "flip", 0.0, 0.0),
        ("first", "tie", "split", 0.5, 0.5),
        ("tie", "first", "split", -0.5, 0.5),
        ("first", "unparsed", "unresolved", None, 1.0),
        ("unparsed", "unparsed", "unresolved", None, None),
    ],
)
def test_two_readings_resolve_by_branch(
    chosen_first: ReadingLabel, rejected_first: ReadingLabel, value: VerdictValue, score: float | None, first_rate: float | None
) -> None:
    verdict = resolve("p", "j", "pairwise", [reading("chosen_first", chosen_first), reading("rejected_first", rejected_first)])
    assert (verdict.value, verdict.score, verdict.first_rate, verdict.n_readings) == (value, score, first_rate, 2)
    assert verdict.n_unparsed == [chosen_first, rejected_first].count("unparsed")


def test_one_order_alone_resolves_nothing() -> None:
    assert resolve("p", "j", "pairwise", [reading("chosen_first", "first")]).value == "unresolved"
    assert resolve("p", "j", "pairwise", []).value == "unresolved"


LABELS: st.SearchStrategy[ReadingLabel] = st.sampled_from(["first", "second", "tie", "unparsed"])
PAIRWISE = st.lists(st.builds(reading, st.sampled_from(ORDERS), LABELS), max_size=6)


@given(PAIRWISE, st.randoms(use_true_random=False))
def test_property_swapping_the_sides_mirrors_a_pairwise_verdict_and_order_does_not_matter(readings: list[Reading], rng: object) -> None:
    before = resolve("p", "j", "pairwise", readings)
    mirrored = [replace(r, order=OTHER_ORDER[r.order]) for r in readings if r.order]
    getattr(rng, "shuffle")(mirrored)  # noqa: B009  (hypothesis' random is untyped)
    after = resolve("p", "j", "pairwise", mirrored)
    assert after.value == MIRROR.get(before.value, before.value)
    assert after.score == (None if before.score is None else pytest.approx(-before.score))
    assert (after.first_rate, after.n_readings, after.n_unparsed) == (before.first_rate, before.n_readings, before.n_unparsed)


@given(st.builds(reading, st.sampled_from(ORDERS), LABELS))
def test_property_a_sign_is_by_branch_not_by_position(r: Reading) -> None:
    assert r.order is not None
    value = sign(r)
    assert sign(replace(r, order=OTHER_ORDER[r.order])) == (None if value is None else -value)


def test_a_checklist_compares_the_mean_probabilities() -> None:
    readings = [checked("chosen", 2, "yes", 0.8), checked("chosen", 3, "no", 0.4), checked("rejected", 2, "no", 0.1)]
    verdict = resolve("p", "j", "checklist", readings)
    assert verdict.value == "chosen"
    assert verdict.score == pytest.approx(0.5)
    assert verdict.first_rate is None


def test_a_checklist_without_probabilities_counts_words() -> None:
    readings = [checked("chosen", 1, "no", None), checked("rejected", 1, "yes", None), checked("rejected", 2, "no", None)]
    verdict = resolve("p", "j", "checklist", readings)
    assert (verdict.value, verdict.score) == ("rejected", -0.5)


def test_means_within_the_margin_are_tied() -> None:
    readings = [checked("chosen", 1, "yes", 0.5 + TIE_MARGIN * 0.9), checked("rejected", 1, "yes", 0.5)]
    assert resolve("p", "j", "checklist", readings).value == "tie"
    assert resolve("p", "j", "checklist", readings, tie_margin=0.0).value == "chosen"


@pytest.mark.parametrize("readings", [[], [checked("chosen", 1, "yes", 0.9)]])
def test_a_branch_without_readings_leaves_a_checklist_unresolved(readings: list[Reading]) -> None:
    assert resolve("p", "j", "checklist", readings).value == "unresolved"


def test_one_unparsed_turn_leaves_a_checklist_unresolved() -> None:
    readings = [checked("chosen", 1, "yes", 0.9), checked("rejected", 1, "unparsed", None)]
    verdict = resolve("p", "j", "checklist", readings)
    assert (verdict.value, verdict.score, verdict.n_unparsed) == ("unresolved", None, 1)


YES_NO: st.SearchStrategy[ReadingLabel] = st.sampled_from(["yes", "no"])
CHECKLIST = st.lists(st.builds(checked, st.sampled_from(BRANCHES), st.integers(1, 9), YES_NO, st.none() | st.floats(0, 1)), max_size=8)


@given(CHECKLIST, st.randoms(use_true_random=False))
def test_property_swapping_the_sides_mirrors_a_checklist_verdict_and_order_does_not_matter(readings: list[Reading], rng: object) -> None:
    before = resolve("p", "j", "checklist", readings)
    mirrored = [replace(r, branch=OTHER_BRANCH[r.branch]) for r in readings if r.branch]
    getattr(rng, "shuffle")(mirrored)  # noqa: B009  (hypothesis' random is untyped)
    after = resolve("p", "j", "checklist", mirrored)
    assert after.value == MIRROR.get(before.value, before.value)
    assert after.score == (None if before.score is None else -before.score)


def test_every_verdict_is_one_that_the_store_knows() -> None:
    seen = {resolve("p", "j", "pairwise", [reading("chosen_first", a), reading("rejected_first", b)]).value for a in LS for b in LS}
    assert seen == set(get_args(VerdictValue))


LS: tuple[ReadingLabel, ...] = ("first", "second", "tie", "unparsed")
