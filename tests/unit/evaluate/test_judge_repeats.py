"""Repeats, five levels and rubrics: what is asked, what counts as the same question, how readings resolve."""

from collections import Counter
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.chat.protocol import ChatRequest
from music_core.chat.scripted import ScriptedChat
from music_core.errors import ConfigError
from music_core.evaluate.judge import Judge, checklist_judge, estimate, pairwise_judge, score_judge
from music_core.evaluate.pairwise import ORDERS
from music_core.evaluate.question import REPEAT_TEMPERATURE
from music_core.evaluate.rubric import Rubric, own_rubric, rubric_of
from music_core.evaluate.scale import FIVE, THREE
from music_core.evaluate.verdict import graded, resolve
from music_core.types import BRANCHES, BranchName, Order, Reading
from tests.unit.evaluate import judges as fakes
from tests.unit.evaluate.judges import judged, pair_of

PAIR = pair_of()
JUDGES: dict[str, Callable[..., Judge]] = {"pairwise": pairwise_judge, "checklist": checklist_judge, "score": score_judge}
LEVELS = tuple(FIVE.offered.values())


def reading(order: Order, level: str, repeat: int = 0) -> Reading:
    """A pairwise reading: `++`, `+`, `0`, `-`, `--` for the position shown first, `?` unparsed."""
    label, grade = {"++": ("first", 1.0), "+": ("first", 0.5), "0": ("tie", 0.0), "-": ("second", 0.5), "--": ("second", 1.0)}.get(
        level, ("unparsed", None)
    )
    return Reading("p", "j", "pairwise", label, "", "", "e", "m", order=order, repeat=repeat, grade=grade)  # type: ignore[arg-type]


def pairwise(chosen_first: str, rejected_first: str) -> list[Reading]:
    """Readings of repeats 0, 1, … in each order, as words between spaces."""
    said = {"chosen_first": chosen_first, "rejected_first": rejected_first}
    return [reading(order, level, n) for order in ORDERS for n, level in enumerate(said[order].split())]


@pytest.mark.parametrize("kind", JUDGES)
def test_every_repeat_is_a_question_of_its_own_and_the_first_stays_the_one_without_repeats(kind: str) -> None:
    once = JUDGES[kind](ScriptedChat(), "j").ask("p", PAIR)
    thrice = JUDGES[kind](ScriptedChat(), "j", repeats=3).ask("p", PAIR)
    assert thrice[: len(once)] == once
    assert len({q.id for q in thrice}) == len({q.request.seed for q in thrice}) == len(thrice) == 3 * len(once)
    assert Counter(q.request.sampling.temperature for q in thrice) == {0.0: len(once), REPEAT_TEMPERATURE: 2 * len(once)}


@pytest.mark.parametrize("kind", JUDGES)
def test_a_temperature_holds_for_every_repeat_and_makes_another_question(kind: str) -> None:
    make = JUDGES[kind]
    warm = make(ScriptedChat(), "j", repeats=2, temperature=1.0).ask("p", PAIR)
    assert {q.request.sampling.temperature for q in warm} == {1.0}
    assert not {q.id for q in warm} & {q.id for q in make(ScriptedChat(), "j", repeats=2).ask("p", PAIR)}


@pytest.mark.parametrize("kind", JUDGES)
def test_more_repeats_ask_only_what_is_new(kind: str) -> None:
    script = fakes.sure(lambda _: 0.7) if kind == "checklist" else None
    first, _ = judged(JUDGES[kind](ScriptedChat(script), "j"), [("p", PAIR)])
    known = {r.id: r for r in first}
    more = JUDGES[kind](ScriptedChat(script), "j", repeats=3)
    assert estimate(more, [("p", PAIR)], known).calls == 2 * len(first)
    readings, verdicts = judged(more, [("p", PAIR)], known)
    assert len(readings) == 2 * len(first)
    assert verdicts["p"].n_readings == 3 * len(first)


def test_another_rubric_scale_or_form_is_another_question() -> None:
    own = own_rubric("mine", "$boundary $first $second $form")
    ways = list(product([None, rubric_of("per_turn"), own], [THREE, FIVE], [True, False]))
    asked = [
        q.id
        for rubric, scale, as_object in ways
        for q in pairwise_judge(ScriptedChat(supports_json_schema=as_object), "j", rubric=rubric, scale=scale).ask("p", PAIR)
    ]
    assert len(set(asked)) == len(asked) == 24


@pytest.mark.parametrize(("repeats", "temperature"), [(0, None), (-1, None), (1, -0.1), (1, 2.1), (2, 0.0)])
def test_draws_that_cannot_be_are_refused(repeats: int, temperature: float | None) -> None:
    for make in JUDGES.values():
        with pytest.raises(ConfigError):
            make(ScriptedChat(), "j", repeats=repeats, temperature=temperature)


@pytest.mark.parametrize("rubric", [None, rubric_of("per_turn")])
@pytest.mark.parametrize("as_object", [True, False])
def test_five_levels_are_read_in_both_forms_and_by_every_rubric(rubric: Rubric | None, as_object: bool) -> None:
    def slightly(request: ChatRequest) -> str:
        first, second = fakes.shown(request)
        good_first = first.count(fakes.GOOD) > second.count(fakes.GOOD)
        return fakes.verdict_text(request, "A much better" if good_first else "B slightly better")

    judge = pairwise_judge(ScriptedChat(slightly, supports_json_schema=as_object), "j", rubric=rubric, scale=FIVE)
    readings, verdicts = judged(judge, [("p", PAIR)])
    assert sorted((r.label, r.grade) for r in readings) == [("first", 1.0), ("second", 0.5)]
    assert (verdicts["p"].value, verdicts["p"].score, verdicts["p"].first_rate) == ("chosen", 0.75, 0.5)


@pytest.mark.parametrize(
    ("chosen_first", "rejected_first", "value", "score"),
    [
        ("+", "-", "chosen", 0.5),
        ("++", "-", "chosen", 0.75),
        ("--", "+", "rejected", -0.75),
        ("0", "0", "tie", 0.0),
        ("++", "+", "flip", 0.25),
        ("++", "0", "split", 0.5),
        ("++", "?", "unresolved", None),
        # Over repeats each order says what most of them say, and nothing where none is most frequent.
        ("+ + --", "- - -", "chosen", 0.25),
        ("+ - 0", "- - -", "split", 0.25),
        ("+ + 0 0", "- - - -", "split", 0.375),
        ("+ + +", "+ + -", "flip", 1 / 6),
        # An order has an answer when more than half of its repeats were read.
        ("+ + ?", "- - -", "chosen", 0.5),
        ("+ ? ?", "- - -", "unresolved", None),
        ("+ ?", "- -", "unresolved", None),
        ("+ + +", "", "unresolved", None),
    ],
)
def test_readings_of_five_levels_and_repeats_resolve_by_order(
    chosen_first: str, rejected_first: str, value: str, score: float | None
) -> None:
    verdict = resolve("p", "j", "pairwise", pairwise(chosen_first, rejected_first))
    assert (verdict.value, verdict.score) == (value, None if score is None else pytest.approx(score))
    assert verdict.n_unparsed == chosen_first.count("?") + rejected_first.count("?")


def scored(branch: BranchName, grade: float | None, repeat: int) -> Reading:
    label = "unparsed" if grade is None else "scored"
    return Reading("p", "j", "score", label, "", "", "e", "m", branch=branch, repeat=repeat, grade=grade)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chosen", "rejected", "value", "score"),
    [
        ((8,), (5,), "chosen", 3 / 9),
        ((1,), (10,), "rejected", -1.0),
        ((7, 8, 7), (7, 7, 7), "tie", 1 / 27),
        ((7, 8), (7, 7), "chosen", 0.5 / 9),
        ((8, None, 8), (5, 5, 5), "chosen", 3 / 9),
        ((8, None), (5, 5), "unresolved", None),
        ((8,), (), "unresolved", None),
    ],
)
def test_points_are_compared_by_their_means(
    chosen: tuple[float | None, ...], rejected: tuple[float | None, ...], value: str, score: float | None
) -> None:
    readings = [scored(branch, g, n) for branch, gs in zip(BRANCHES, (chosen, rejected), strict=True) for n, g in enumerate(gs)]
    verdict = resolve("p", "j", "score", readings)
    assert (verdict.value, verdict.score) == (value, None if score is None else pytest.approx(score))


ORDERED = st.builds(reading, st.sampled_from(ORDERS), st.sampled_from(["++", "+", "0", "-", "--", "?"]), st.integers(0, 4))
POINTED = st.builds(scored, st.sampled_from(BRANCHES), st.none() | st.integers(1, 10).map(float), st.integers(0, 4))


@given(st.lists(ORDERED, max_size=10), st.lists(POINTED, max_size=10), st.randoms(use_true_random=False))
def test_property_the_same_readings_in_any_order_give_the_same_verdict(by_order: list[Reading], alone: list[Reading], rng: object) -> None:
    for kind, readings in (("pairwise", by_order), ("score", alone)):
        mixed = list(readings)
        getattr(rng, "shuffle")(mixed)  # noqa: B009  (hypothesis' random is untyped)
        verdict = resolve("p", "j", kind, readings)  # type: ignore[arg-type]
        assert resolve("p", "j", kind, mixed) == verdict  # type: ignore[arg-type]
        assert verdict.score is None or -1 <= verdict.score <= 1
        assert (verdict.score is None) == (verdict.value == "unresolved")


@given(st.lists(ORDERED, max_size=10))
def test_property_a_grade_never_changes_whose_side_a_reading_takes(readings: list[Reading]) -> None:
    coarse = [Reading("p", "j", "pairwise", r.label, "", "", "e", "m", order=r.order, repeat=r.repeat) for r in readings]
    fine, rough = resolve("p", "j", "pairwise", readings), resolve("p", "j", "pairwise", coarse)
    assert (fine.value, fine.first_rate, fine.n_unparsed) == (rough.value, rough.first_rate, rough.n_unparsed)
    assert all(abs(graded(r) or 0) <= abs(graded(c) or 0) for r, c in zip(readings, coarse, strict=True))
