"""The public preference sets, row by row: what becomes of each layout, and why not."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.errors import SourceError
from music_core.sources.chats import read_chat
from music_core.sources.detect import FORMATS, row_format
from music_core.sources.helpsteer import read_helpsteer
from music_core.sources.read import read_source
from music_core.sources.rewardbench import read_rewardbench
from music_core.sources.rmb import read_rmb
from music_core.sources.skywork import read_skywork
from music_core.sources.ultrafeedback import read_ultrafeedback
from music_core.sources.ultrainteract import read_ultrainteract
from music_core.types import ContrastPair, Message
from tests.unit.sources.files import TRL_ROW, talk, write_rows
from tests.unit.sources.set_rows import (
    BINARIZED_ROW,
    CHAT_ROW,
    HELPSTEER2_ROW,
    HELPSTEER3_ROW,
    LAYOUTS,
    REWARDBENCH_ROW,
    RMB_ROW,
    SKYWORK_ROW,
    ULTRAFEEDBACK_ROW,
    ULTRAINTERACT_ROW,
    ULTRAINTERACT_SFT_ROW,
    rating,
    said,
)
from tests.unit.sources.test_formats import only, reason

BIRD = ContrastPair(
    talk("Hello", "Hi! What can I do?", "Name a bird.", "A wren."), talk("Hello", "Hi! What can I do?", "Name a bird.", "A trout.")
)
# Rows of these are rows of TRL's form as well, with columns of their own; all others are rows of one form only.
TRL_WITH_COLUMNS = {"hh", "ultrainteract", "ultrafeedback", "skywork", "rewardbench"}


@pytest.mark.parametrize(("fmt", "row"), LAYOUTS)
def test_every_layout_is_recognised_as_itself_and_by_no_other_format(fmt: str, row: dict[str, Any]) -> None:
    assert row_format(row) == fmt
    fitting = {name for name, (fits, _) in FORMATS.items() if fits(row)}
    assert fitting - {fmt} <= ({"trl"} if fmt in TRL_WITH_COLUMNS else set())
    assert list(FORMATS)[-1] == "trl"


@pytest.mark.parametrize(("fmt", "row"), [pair for pair in LAYOUTS if pair[0] not in ("mt-bench", "labels")])
@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_every_layout_is_read_from_files_with_all_rows_counted(fmt: str, row: dict[str, Any], ending: str, tmp_path: Path) -> None:
    rows = [row, {**row, "helpfulness": 0, "response": "A trout."}] if "helpfulness" in row else [row, row]
    with read_source(write_rows(tmp_path / f"set{ending}", rows)) as reading:
        report = reading.report
        assert (reading.fmt, report.rows, report.rows_used, report.dropped) == (fmt, 2, 2, {})
        assert (report.chats, len(reading.chats)) == ((2, 2) if report.pairs == 0 else (0, 0))
        assert {s.origin.source for s in reading.pairs} | {s.origin.source for s in reading.chats} == {"set"}


def test_the_steps_of_ultrainteract_follow_all_turns_of_the_trajectory() -> None:
    (item,) = read_ultrainteract(ULTRAINTERACT_ROW, "3").pairs
    asked, tried, observed = (m["value"] for m in ULTRAINTERACT_ROW["trajectory"])
    assert item.pair == ContrastPair(talk(asked, tried, observed, "12 * 4 = 48."), talk(asked, tried, observed, "12 - 4 = 8."))
    assert (item.pair.n_turns, item.pair.divergence, item.origin.locator) == (2, 2, "3")
    assert item.origin.meta == {"task": "Math_PoT", "dataset": "gsm8k", "id": "7_1", "parent_id": "7"}


def test_rows_of_ultrainteract_without_a_preference_are_chats() -> None:
    made = read_ultrainteract(ULTRAINTERACT_SFT_ROW, "1")
    assert made.pairs == ()
    assert [c.chat for c in made.chats] == [talk("Which colour follows red?", "Amber.")]
    assert made.chats[0].origin.meta["task"] == "Logic"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"trajectory": []}, "role order broken"),
        ({"trajectory": ULTRAINTERACT_ROW["trajectory"][:2]}, "role order broken"),
        ({"trajectory": [{"from": "judge", "value": "x"}]}, "unknown role"),
        ({"chosen": ULTRAINTERACT_ROW["rejected"]}, "identical conversations"),
        ({"chosen": ""}, "empty message"),
        ({"rejected": None}, "message is not text"),
        ({"trajectory": "text"}, "not a row of this format"),
    ],
)
def test_rows_of_ultrainteract_that_cannot_be_used_say_why(change: dict[str, Any], why: str) -> None:
    assert reason(read_ultrainteract, ULTRAINTERACT_ROW | change) == why


def test_every_two_completions_of_different_score_are_a_pair_with_their_scores_and_models() -> None:
    made = read_ultrafeedback(ULTRAFEEDBACK_ROW, "5")
    found = [(s.pair.chosen.messages[-1].content, s.pair.rejected.messages[-1].content, s.origin.locator) for s in made.pairs]
    assert found == [
        ("A redwood.", "A bush.", "5/1>2"),
        ("A redwood.", "A fern.", "5/1>3"),
        ("A redwood.", "An oak.", "5/1>4"),
        ("An oak.", "A bush.", "5/4>2"),
        ("An oak.", "A fern.", "5/4>3"),
    ]
    assert made.left_out == {"responses of equal score": 1}
    assert made.pairs[3].origin.meta == {"source": "sharegpt", "scores": [7.5, 3.0], "models": ["delta", "beta"]}


@pytest.mark.parametrize(
    ("completions", "why"),
    [
        ([], "only one response to the prompt"),
        ([{"response": "a", "overall_score": 1}], "only one response to the prompt"),
        ([{"response": "a", "overall_score": 2}, {"response": "b", "overall_score": 2.0}], "responses of equal score"),
        ([{"response": "a", "overall_score": "N/A"}, {"response": "b"}, 7], "response without a score"),
        ([{"response": "a", "overall_score": True}, {"response": "b", "overall_score": 10**400}], "response without a score"),
        ([{"response": "a", "overall_score": 1}, {"response": "a ", "overall_score": 2}], "identical conversations"),
        ([{"response": "", "overall_score": 1}, {"response": "b", "overall_score": 2}], "empty message"),
    ],
)
def test_instructions_without_two_scores_say_why(completions: list[Any], why: str) -> None:
    assert reason(read_ultrafeedback, ULTRAFEEDBACK_ROW | {"completions": completions}) == why


def test_binarized_rows_keep_their_scores_and_a_tie_is_no_pair() -> None:
    (item,) = read_ultrafeedback(BINARIZED_ROW, "1").pairs
    assert item.pair == ContrastPair(talk("Name a river.", "The Rhine."), talk("Name a river.", "Bonn."))
    assert item.origin.meta == {"prompt_id": "ab12", "score_chosen": 8.0, "score_rejected": 2.5}
    assert reason(read_ultrafeedback, BINARIZED_ROW | {"score_rejected": 8}) == "no side is preferred"
    assert reason(read_ultrafeedback, BINARIZED_ROW | {"score_chosen": 1.0}) == "scores contradict the sides"


@pytest.mark.parametrize("row", [HELPSTEER2_ROW, HELPSTEER3_ROW])
def test_both_preference_sets_of_helpsteer_keep_their_turns_and_give_the_preferred_side(row: dict[str, Any]) -> None:
    assert only(read_helpsteer, row) == BIRD
    key = "preference_strength" if "preference_strength" in row else "overall_preference"
    assert only(read_helpsteer, row | {key: -row[key]}) == ContrastPair(BIRD.rejected, BIRD.chosen)
    assert read_helpsteer(row, "1").pairs[0].origin.meta[key] == row[key]
    assert reason(read_helpsteer, row | {key: 0}) == "no side is preferred"
    for nothing in (None, "2", True, 4, float("nan"), [1]):
        assert reason(read_helpsteer, row | {key: nothing}) == "no preference given"


def test_ratings_of_one_prompt_are_pairs_by_helpfulness_and_every_row_is_counted(tmp_path: Path) -> None:
    rows = [
        rating("A wren.", 4),
        rating("A trout.", 1),
        rating("x", 2, "tie"),
        rating("y", 2, "tie"),
        rating("x", 2, "alone"),
        rating("x", None, "half"),
        rating("y", 2, "half"),
        rating("a", 1, "three"),
        rating("b", 3, "three"),
        rating("c", 1, "three"),
        rating("x", 1, 7),
    ]
    with read_source(write_rows(tmp_path / "set.jsonl", rows)) as reading:
        assert [(s.pair.rejected.messages[-1].content, s.origin.locator) for s in reading.pairs] == [
            ("A trout.", "1>2"),
            ("a", "9>8"),
            ("c", "9>10"),
        ]
        first = next(iter(reading.pairs))
        report = reading.report
    assert first.pair == BIRD
    scores = dict(first.origin.meta["scores"])
    assert scores.pop("helpfulness") == [4.0, 1.0]
    assert scores == {name: [2.0, 2.0] for name in ("correctness", "coherence", "complexity", "verbosity")}
    assert (report.rows, report.rows_used, report.pairs) == (11, 5, 3)
    assert report.dropped == {"responses of equal score": 2, "only one response to the prompt": 3, "response without a score": 1}
    assert report.left_out == {"responses of equal score": 1}


@given(st.lists(st.tuples(st.sampled_from("pq"), st.sampled_from(["a", "b", "c", ""]), st.integers(0, 2)), min_size=1, max_size=9))
def test_property_ratings_pair_what_a_plain_search_pairs(drawn: list[tuple[str, str, int]]) -> None:
    rows = [rating(response, score, prompt) for prompt, response, score in drawn]
    with TemporaryDirectory() as folder, read_source(write_rows(Path(folder) / "set.jsonl", rows), fmt="helpsteer") as reading:
        found = sorted(s.origin.locator for s in reading.pairs)
        report = reading.report
    assert report.rows == report.rows_used + sum(report.dropped.values()) == len(rows)
    assert report.rows_used == len({row for locator in found for row in locator.split(">")})
    runs = [0]
    for (before, _, _), (prompt, _, _) in pairwise(drawn):
        runs.append(runs[-1] + (prompt != before))
    expected = sorted(
        f"{i + 1}>{j + 1}"
        for i, (_, a, high) in enumerate(drawn)
        for j, (_, b, low) in enumerate(drawn)
        if runs[i] == runs[j] and high > low and a and b and a != b
    )
    assert found == expected


def test_skywork_keeps_the_source_of_each_pair_and_trl_rows_with_a_prompt_are_not_taken_for_it() -> None:
    (item,) = read_skywork(SKYWORK_ROW, "1").pairs
    assert item.pair == ContrastPair(talk("Spell cat.", "c, a, t"), talk("Spell cat.", "k, a, t"))
    assert item.origin.meta == {"source": "magpie_ultra"}
    assert row_format(TRL_ROW | {"source": "mine"}) == "trl"
    assert row_format(SKYWORK_ROW | {"music": {"origins": []}}) == "trl"
    assert reason(read_skywork, SKYWORK_ROW | {"source": None}) == "not a row of this format"


def test_rewardbench_keeps_subset_and_models() -> None:
    (item,) = read_rewardbench(REWARDBENCH_ROW, "1").pairs
    assert item.pair == ContrastPair(talk("Add 2 and 3.", "5"), talk("Add 2 and 3.", "6"))
    assert item.origin.meta == {"chosen_model": "human", "rejected_model": "unknown", "subset": "math-prm", "id": 31}
    assert item.origin.method is None
    assert reason(read_rewardbench, REWARDBENCH_ROW | {"chosen": ""}) == "empty message"
    assert reason(read_rewardbench, REWARDBENCH_ROW | {"subset": 3}) == "not a row of this format"


def test_rmb_keeps_all_turns_with_the_models_and_scores_of_both_sides() -> None:
    (item,) = read_rmb(RMB_ROW, "1").pairs
    assert item.pair.chosen == talk("Hello", "Hi.", "Why is the sky blue?", "Light scatters.")
    assert (item.pair.n_turns, item.pair.divergence) == (2, 2)
    assert item.origin.meta == {
        "pair_uid": "14",
        "category_path": "Pairwise_set/Helpfulness/Open QA/Factual",
        "models": ["alpha", "beta"],
        "scores": [4.5, 2.0],
    }
    assert reason(read_rmb, RMB_ROW | {"reject": None}) == "answer of a system is missing"
    assert reason(read_rmb, RMB_ROW | {"reject": {"text": "No."}}) == "answer of a system is missing"
    assert reason(read_rmb, RMB_ROW | {"conversation_input": RMB_ROW["conversation_input"][:2]}) == "role order broken"
    assert reason(read_rmb, RMB_ROW | {"conversation_input": "Hello"}) == "not a row of this format"


def test_chats_keep_all_their_turns_and_may_end_with_the_user() -> None:
    (chat,) = read_chat(CHAT_ROW, "4").chats
    assert chat.chat == talk("Hello", "Hi.", "And now?")
    assert (chat.origin.locator, chat.origin.meta) == ("4", {"id": "c1"})
    (named,) = read_chat({"prompt": [said("user", "Hi")], "system": "Be kind."}, "1").chats
    assert named.chat.messages == (Message("system", "Be kind."), Message("user", "Hi"))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"messages": []}, "no messages"),
        ({"messages": [said("assistant", "Hi.")]}, "role order broken"),
        ({"messages": [said("user", " ")]}, "empty message"),
        ({"messages": [said("tool", "x")]}, "tool messages are not supported"),
        ({"messages": [said("user", "x")], "chosen": "y"}, "not a row of this format"),
        ({"prompt": 7}, "not a row of this format"),
        ({"text": "x"}, "not a row of this format"),
    ],
)
def test_chats_that_cannot_be_used_say_why(row: dict[str, Any], why: str) -> None:
    assert reason(read_chat, row) == why


def test_a_prompt_beside_unknown_columns_is_a_chat_only_when_asked_for(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "set.jsonl", [{"prompt": "Name a bird.", "good": "A wren.", "bad": "A trout."}])
    with pytest.raises(SourceError, match="no known format"):
        read_source(path)
    assert read_source(path, fmt="chats").report.chats == 1
