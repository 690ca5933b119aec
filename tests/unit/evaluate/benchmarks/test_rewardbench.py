"""RewardBench against sums done by hand."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.errors import SourceError
from music_core.evaluate.benchmarks.catalogue import read_benchmark
from music_core.evaluate.benchmarks.rewardbench import SECTIONS, SUBSETS
from tests.unit.evaluate.benchmarks.rows import NO_INTERVALS, report_of, reward_in_text, rewardbench2_row, rewardbench_row, values

# Two prompts a subset, of which the model gets the first right; math-prm both, hep-go none, xstest-should-respond none.
BOTH, NEITHER = ("math-prm",), ("hep-go", "xstest-should-respond")


def rows() -> list[dict[str, Any]]:
    out = []
    for subset in sorted(SUBSETS):
        out.append(rewardbench_row(subset, 0 if subset in NEITHER else 2, 1, n=1))
        out.append(rewardbench_row(subset, 2 if subset in BOTH else 0, 1, n=2))
    return out


REPORT = report_of("rewardbench", rows())


def test_sections_weigh_subsets_by_the_authors_numbers_of_prompts() -> None:
    report = report_of("rewardbench", rows())
    # Chat and Chat Hard: every subset 1/2.
    # Safety: xstest-should-respond (154 of 740) counts 0, the rest 1/2: (740 - 154) / 2 / 740 = 293 / 740.
    # Reasoning: math-prm weighs 984 = 6 x 164 and counts 1; five code subsets count 1/2, hep-go 0: (984 + 410) / 1968.
    by_hand = {"Chat": 0.5, "Chat Hard": 0.5, "Safety": 293 / 740, "Reasoning": 1394 / 1968}
    assert values(report) == pytest.approx(by_hand)
    assert report["overall"]["value"] == pytest.approx(sum(by_hand.values()) / 4)
    assert (report["n"], report["overall"]["n"], len(report["parts"]), report["complete"]) == (46, 46, 23, False)
    assert {p["model"]: p["figures"]["overall"] for p in report["published"]}["Gemma-2-9B on Skywork and MUSIC pairs"] == 0.866


def test_the_weights_are_those_of_the_filtered_set() -> None:
    assert [sum(SECTIONS[name].values()) for name in ("Chat", "Chat Hard", "Safety")] == [358, 456, 740]
    # 2,985 prompts in all, of which math-prm holds 447 and not the 984 that it weighs.
    assert sum(sum(s.values()) for s in SECTIONS.values()) - 984 + 447 == 2985


def test_an_equal_reward_counts_as_wrong_and_is_counted() -> None:
    report = report_of("rewardbench", [rewardbench_row("donotanswer", 1, 1), rewardbench_row("donotanswer", 2, 1, n=1)])
    part = next(f for f in report["parts"] if f["name"] == "donotanswer")
    assert (part["value"], part["n"], part["n_ties"]) == (0.5, 2, 1)


def test_without_a_section_there_is_no_final_score_and_a_partial_one_says_so() -> None:
    report = report_of("rewardbench", [rewardbench_row("donotanswer", 2, 1)])
    assert report["overall"]["value"] is None
    assert "Chat, Chat Hard, Reasoning" in report["overall"]["note"]
    safety = next(f for f in report["sections"] if f["name"] == "Safety")
    assert safety["value"] == 1.0
    assert "refusals-dangerous" in safety["note"]


def test_rows_that_cannot_be_used_and_conversations_that_are_too_long_are_counted() -> None:
    good = rewardbench_row("donotanswer", 2, 1)
    bad = [
        {**good, "subset": "new"},
        {**good, "chosen": None},
        {**good, "prompt": [{"role": "assistant", "content": "x"}]},
        {**good, "chosen": "\ud800"},
        good,
    ]
    report = report_of("rewardbench", [good, *bad, rewardbench_row("mt-bench-easy", "long", 1, n=2)])
    assert report["rows"] == 7
    assert report["dropped"] == {
        "unknown subset": 1,
        "not a row of this benchmark": 1,
        "prompt does not end with a user message": 1,
        "text is not valid Unicode": 1,
        "repeated row": 1,
    }
    assert report["unscored"] == {"mt-bench-easy": {"too_long": 1}}
    assert report["n"] == 1


def test_a_prompt_may_be_a_list_of_messages_and_an_answer_may_be_empty() -> None:
    prompt = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    found = read_benchmark("rewardbench", [{**rewardbench_row("donotanswer", 1, 0), "prompt": prompt, "rejected": ""}], "rows")
    assert [m.role for m in found.items[0].conversations[0].messages] == ["system", "user", "assistant"]
    assert found.items[0].conversations[1].messages[-1].content == ""


def test_a_file_of_another_kind_is_one_clear_sentence() -> None:
    with pytest.raises(
        SourceError, match=r"^mine\.jsonl holds no usable row of RewardBench \(1 × not a row of this benchmark\)\."
    ) as caught:
        read_benchmark("rewardbench", [{"text": "x", "score": 1}], "mine.jsonl")
    assert caught.value.hint == "Its columns are: text, score."
    with pytest.raises(SourceError) as caught:
        read_benchmark("rewardbench", [rewardbench2_row("Math", [1], [0, 0, 0], "7")], "mine.jsonl")
    assert caught.value.hint == "It looks like RewardBench 2: music evaluate rewardbench2"
    with pytest.raises(SourceError, match=r"^empty\.jsonl holds no rows"):
        read_benchmark("rewardbench", [], "empty.jsonl")


@given(st.integers(0, 10**6))
def test_property_the_order_of_rows_changes_nothing(seed: int) -> None:
    shuffled = rows()
    random.Random(seed).shuffle(shuffled)
    assert report_of("rewardbench", shuffled) == REPORT


@given(st.floats(0.01, 100), st.floats(-50, 50))
def test_property_only_the_order_of_rewards_matters(scale: float, shift: float) -> None:
    moved = report_of("rewardbench", rows(), lambda cs: [scale * float(str(r)) + shift for r in reward_in_text(cs)], NO_INTERVALS)
    assert values(moved, "parts") == values(REPORT, "parts")


def test_exchanged_sides_give_one_minus_the_score_where_nothing_is_tied() -> None:
    exchanged = [{**r, "chosen": r["rejected"], "rejected": r["chosen"]} for r in rows()]
    ours, theirs = report_of("rewardbench", rows()), report_of("rewardbench", exchanged)
    assert theirs["overall"]["value"] == pytest.approx(1 - ours["overall"]["value"])


def test_an_interval_holds_its_figure_and_one_prompt_has_none() -> None:
    report = report_of("rewardbench", rows())
    low, high = report["overall"]["interval"]
    assert low < report["overall"]["value"] < high
    single = report_of("rewardbench", [rewardbench_row("donotanswer", 2, 1)])
    part = next(f for f in single["parts"] if f["name"] == "donotanswer")
    assert part["interval"] is None
    assert part["note"].startswith("No interval")
