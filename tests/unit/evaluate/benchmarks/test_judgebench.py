"""JudgeBench against sums done by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluate.benchmarks.rows import judgebench_row, report_of, values


def rows() -> list[dict[str, Any]]:
    """Knowledge 3 of 4 right, reasoning 1 of 2, math 0 of 1, coding 1 of 1: 5 of 8."""
    return [
        judgebench_row("mmlu-pro-law", 2, 1, "A>B", 0),
        judgebench_row("mmlu-pro-law", 1, 2, "B>A", 1),
        judgebench_row("mmlu-pro-math", 2, 1, "A>B", 2),
        judgebench_row("mmlu-pro-math", 2, 1, "B>A", 3),
        judgebench_row("livebench-reasoning", 2, 1, "A>B", 4),
        judgebench_row("livebench-reasoning", 2, 1, "B>A", 5),
        judgebench_row("livebench-math", 1, 2, "A>B", 6),
        judgebench_row("livecodebench", 1, 2, "B>A", 7),
    ]


def test_the_official_average_is_over_pairs_and_the_mean_of_categories_stands_apart() -> None:
    report = report_of("judgebench", rows())
    categories = {"Knowledge": 3 / 4, "Reasoning": 1 / 2, "Math": 0.0, "Coding": 1.0}
    assert values(report) == pytest.approx({**categories, "macro": (0.75 + 0.5 + 0 + 1) / 4})
    assert report["overall"]["value"] == 5 / 8


@pytest.mark.parametrize(("label", "right"), [("A>B", 0.0), ("B>A", 1.0)])
def test_equal_rewards_decide_for_b_as_in_the_authors_code(label: str, right: float) -> None:
    report = report_of("judgebench", [judgebench_row("livecodebench", 1, 1, label)])
    assert (report["overall"]["value"], report["overall"]["n_ties"]) == (right, 1)


def test_rows_with_another_label_or_source_are_dropped() -> None:
    bad = [judgebench_row("livecodebench", 1, 2, "A=B", 9), judgebench_row("trivia", 1, 2, "A>B", 9)]
    report = report_of("judgebench", [*rows(), *bad])
    assert report["dropped"] == {"not a row of this benchmark": 1, "unknown subset": 1}


def test_answers_of_two_models_in_one_file_are_told() -> None:
    report = report_of("judgebench", [*rows(), judgebench_row("livecodebench", 1, 2, "B>A", 9, "claude-3-5-sonnet-20240620")])
    assert "claude-3-5-sonnet-20240620, gpt-4o-2024-05-13" in report["notes"][0]
    assert report_of("judgebench", rows())["notes"] == []


@given(st.lists(st.booleans(), min_size=8, max_size=8), st.permutations(range(8)))
def test_property_which_answer_is_called_a_changes_nothing_without_ties(swap: list[bool], order: list[int]) -> None:
    def turned(row: dict[str, Any]) -> dict[str, Any]:
        label = {"A>B": "B>A", "B>A": "A>B"}[row["label"]]
        return {**row, "response_A": row["response_B"], "response_B": row["response_A"], "label": label}

    mine = rows()
    report = report_of("judgebench", [turned(mine[i]) if swap[i] else mine[i] for i in order])
    assert report == report_of("judgebench", mine)
