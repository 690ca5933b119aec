"""RewardBench 2 against sums done by hand."""

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.benchmarks.rewardbench2 import DOMAINS
from tests.unit.evaluate.benchmarks.rows import NO_INTERVALS, report_of, reward_in_text, rewardbench2_row, values

# ref:1 gap 5 - 1 = 4; tied:1 gap 4 - 1 = 3, spread 6 - 4 = 2: right, right, closer, closer (hard), tanh(3/2 - 1).
# ref:2 gap 1 - 2 = -1; tied:2 gap 3 - 0 = 3, spread 4 - 3 = 1: wrong, right, closer, not (hard), tanh(-1/1 - 1).
TIES = [
    rewardbench2_row("Ties", [5], [1, 0, 0], "ref:1"),
    rewardbench2_row("Ties", [6, 5, 4], [1, 0, -3], "tied:1"),
    rewardbench2_row("Ties", [1], [2, 0, 0], "ref:2"),
    rewardbench2_row("Ties", [4, 3], [0, -1], "tied:2"),
]
TIES_BY_HAND = 0.3 * 1 + 0.3 * 0.5 + 0.2 * 1 + 0.2 * 0.5 + 0.01 * (math.tanh(0.5) + math.tanh(-2)) / 2


def domain_rows() -> list[dict[str, Any]]:
    """Of every domain one prompt won alone and one lost; of Math also one shared by two and one shared by four: 1/2 and 1/4."""
    out = [rewardbench2_row(d, [2], [1, 0, 0], f"{d}-1") for d in DOMAINS]
    out += [rewardbench2_row(d, [0], [1, 0, 0], f"{d}-2") for d in DOMAINS]
    return [*out, rewardbench2_row("Math", [1], [1, 0, 0], "Math-3"), rewardbench2_row("Math", [1], [1, 1, 1], "Math-4")]


def test_best_of_four_gives_a_shared_first_place_its_share() -> None:
    report = report_of("rewardbench2", [*domain_rows(), *TIES])
    # Math: (1 + 0 + 1/2 + 1/4) / 4 = 7/16; the other domains 1/2.
    by_hand = {**dict.fromkeys(DOMAINS, 0.5), "Math": 7 / 16, "Ties": TIES_BY_HAND}
    assert values(report) == pytest.approx(by_hand)
    assert report["overall"]["value"] == pytest.approx(sum(by_hand.values()) / 6)
    assert next(f for f in report["sections"] if f["name"] == "Math")["n_ties"] == 2


def test_the_five_parts_of_the_ties_score_are_shown() -> None:
    parts = report_of("rewardbench2", TIES)["tables"]["ties"]
    assert list(parts.values()) == pytest.approx([1.0, 0.5, 1.0, 0.5, (math.tanh(0.5) + math.tanh(-2)) / 2])


def test_equal_right_answers_leave_the_margin_at_its_limit() -> None:
    # Spread 0: gap 2 > 0 counts 1 (the limit of tanh), so the score is 0.3 + 0.3 + 0.2 + 0.2 + 0.01.
    perfect = [rewardbench2_row("Ties", [3], [1], "ref:1"), rewardbench2_row("Ties", [3, 3], [1], "tied:1")]
    assert values(report_of("rewardbench2", perfect))["Ties"] == pytest.approx(1.01)
    # All rewards equal: gap 0 and spread 0, 0/0 counts 0, and nothing is right.
    flat = [rewardbench2_row("Ties", [1], [1], "ref:1"), rewardbench2_row("Ties", [1, 1], [1], "tied:1")]
    assert values(report_of("rewardbench2", flat))["Ties"] == 0.0


def test_margins_look_at_ids_with_both_prompts_only() -> None:
    # tied:3 has no reference: it enters the accuracy of tied prompts (2 of 3 right) and nothing else.
    lone = rewardbench2_row("Ties", [2, 1], [5], "tied:3")
    assert values(report_of("rewardbench2", [*TIES, lone]))["Ties"] == pytest.approx(TIES_BY_HAND - 0.3 / 3)
    only = report_of("rewardbench2", [lone])
    assert values(only)["Ties"] is None
    assert "both" in next(f for f in only["sections"] if f["name"] == "Ties")["note"]


def test_numbers_of_answers_are_checked() -> None:
    rows = [
        rewardbench2_row("Math", [1, 1], [0, 0], "1"),
        rewardbench2_row("Math", [1], [], "2"),
        rewardbench2_row("Ties", [1], [0], "tied:1"),
        rewardbench2_row("Ties", [1], [0], "7"),
        {**rewardbench2_row("Math", [1], [0], "3"), "subset": "Poetry"},
        {**rewardbench2_row("Math", [1], [0], "4"), "chosen": "text"},
        rewardbench2_row("Math", [1], [0, 0, 0], "5"),
    ]
    dropped = report_of("rewardbench2", rows)["dropped"]
    assert dropped == {"wrong number of answers": 3, "not a row of this benchmark": 2, "unknown subset": 1}


@given(st.integers(0, 10**6))
def test_property_neither_rows_nor_wrong_answers_have_an_order(seed: int) -> None:
    draw = random.Random(seed)
    rows = [*domain_rows(), *TIES]
    shuffled = [{**r, "rejected": draw.sample(r["rejected"], len(r["rejected"]))} for r in draw.sample(rows, len(rows))]
    ours, theirs = (report_of("rewardbench2", r, draws=NO_INTERVALS) for r in (rows, shuffled))
    assert values(ours) == pytest.approx(values(theirs))


@given(st.floats(0.1, 10), st.floats(-5, 5))
def test_property_the_ties_score_knows_no_unit(scale: float, shift: float) -> None:
    moved = report_of("rewardbench2", TIES, lambda cs: [scale * float(str(r)) + shift for r in reward_in_text(cs)], NO_INTERVALS)
    assert values(moved)["Ties"] == pytest.approx(TIES_BY_HAND)
