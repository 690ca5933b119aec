"""Each format, row by row: what becomes of it, and why not."""

from typing import Any

import pytest

from music_core.sources.hh import read_hh
from music_core.sources.oasst import read_oasst
from music_core.sources.rows import RowFormat, UnusableRowError
from music_core.sources.sharegpt import read_sharegpt
from music_core.sources.trl import read_trl, split_prompt
from music_core.types import ContrastPair
from tests.unit.sources.files import HH_ROW, OASST_ROW, SHAREGPT_ROW, TRL_ROW, node, talk, tree


def only(read: RowFormat, row: Any) -> ContrastPair:
    (item,) = read(row, "1").pairs
    return item.pair


def reason(read: RowFormat, row: Any) -> str:
    with pytest.raises(UnusableRowError) as caught:
        read(row, "1")
    return caught.value.reason


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def reply(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


PARIS = ContrastPair(talk("Capital of France?", "Paris."), talk("Capital of France?", "Rome."))


def test_hh_text_becomes_turns() -> None:
    pair = only(read_hh, HH_ROW)
    assert pair.chosen == talk("How do I boil an egg?", "Seven minutes.", "And soft?", "Five minutes.")
    assert pair.divergence == 2


def test_hh_markers_inside_a_line_are_text_and_windows_line_ends_are_not() -> None:
    pair = only(
        read_hh,
        {"chosen": "\r\n\r\nHuman: Say 'Human: hi'\r\n\r\nAssistant: Human: hi", "rejected": "Human: Say 'Human: hi'\n\nAssistant: no"},
    )
    assert pair.chosen == talk("Say 'Human: hi'", "Human: hi")


def test_hh_with_the_common_part_in_a_prompt_column() -> None:
    row = {"prompt": "\n\nHuman: Capital of France?\n\nAssistant:", "chosen": " Paris.", "rejected": " Rome."}
    assert only(read_hh, row) == PARIS


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ("\n\nHuman: q\n\nAssistant:", "empty message"),
        ("\n\nHuman: q\n\nAssistant: a\n\nHuman: more", "ends with a user message"),
        ("\n\nHuman: q\n\nHuman: again\n\nAssistant: a", "role order broken"),
        ("\n\nAssistant: a", "role order broken"),
        ("\n\nHuman: other\n\nAssistant: a", "openings differ"),
        ("\n\nHuman: q\n\nAssistant: b \n", "identical conversations"),
        ("\n\nHuman: q\n\nAssistant: \ud800", "text is not valid Unicode"),
        ("\n\nHuman: q\n\nAssistant: a\0", "text holds a NUL character"),
        ("just text", "not a row of this format"),
        (None, "not a row of this format"),
    ],
)
def test_hh_rows_that_cannot_be_used_say_why(chosen: Any, why: str) -> None:
    assert reason(read_hh, {"chosen": chosen, "rejected": "\n\nHuman: q\n\nAssistant: b"}) == why


@pytest.mark.parametrize(
    "row",
    [
        TRL_ROW,
        {"chosen": [user("Capital of France?"), reply("Paris.")], "rejected": [user("Capital of France?"), reply("Rome.")]},
        {"prompt": "Capital of France?", "chosen": "Paris.", "rejected": "Rome."},
        {"chosen": "Capital of France? Paris.", "rejected": "Capital of France? Rome."},
        {"prompt": "Capital of France?", "chosen": [user("Capital of France?"), reply("Paris.")], "rejected": [reply("Rome.")]},
        {"prompt": "Capital of France?", "chosen": reply("Paris."), "rejected": reply("Rome.")},
        {"prompt": "", "chosen": [user("Capital of France?"), reply("Paris.")], "rejected": [user("Capital of France?"), reply("Rome.")]},
        {**TRL_ROW, "chosen": [{"role": "assistant", "content": [{"type": "text", "text": "Paris."}], "tool_calls": None}]},
        {**TRL_ROW, "prompt": [{"role": "system", "content": " "}, user("Capital of France?")]},
    ],
)
def test_every_trl_form_of_the_same_pair_is_the_same_pair(row: dict[str, Any]) -> None:
    assert only(read_trl, row) == PARIS


def test_an_implicit_prompt_is_not_cut_inside_a_word() -> None:
    assert split_prompt("The sky is blue.", "The sky is black.") == ("The sky is", "blue.", "black.")
    assert split_prompt("Sky? Blue now", "Sky? Blue") == ("Sky? Blue", "now", "")
    assert reason(read_trl, {"chosen": "blue", "rejected": "black"}) == "no shared prompt"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"chosen": []}, "ends with a user message"),
        ({"chosen": [], "rejected": [], "prompt": None}, "no messages"),
        ({"chosen": [user("again")]}, "role order broken"),
        ({"chosen": [reply("")]}, "empty message"),
        ({"chosen": [reply("Rome. ")]}, "identical conversations"),
        ({"chosen": [{"role": "tool", "content": "x"}]}, "tool messages are not supported"),
        ({"chosen": [{**reply("x"), "tool_calls": [{}]}]}, "tool messages are not supported"),
        ({"chosen": [{"role": "judge", "content": "x"}]}, "unknown role"),
        ({"chosen": [{"role": "assistant", "content": None}]}, "message is not text"),
        ({"chosen": [{"role": "assistant", "content": [{"type": "image"}]}]}, "message is not text"),
        ({"chosen": ["text"]}, "message is not text"),
        ({"chosen": 7}, "not a row of this format"),
        ({"prompt": "Something else", "chosen": [user("Capital?"), reply("Paris.")]}, "prompt differs from the conversation"),
        ({"music": {"origins": []}}, "malformed music object"),
    ],
)
def test_trl_rows_that_cannot_be_used_say_why(change: dict[str, Any], why: str) -> None:
    assert reason(read_trl, TRL_ROW | change) == why


def test_left_over_plain_columns_are_kept_as_meta() -> None:
    row = TRL_ROW | {"score": 4.5, "lang": "en", "long": "x" * 201, "nan": float("nan"), "list": [1], "odd": "\ud800"}
    assert read_trl(row, "7").pairs[0].origin.meta == {"score": 4.5, "lang": "en"}
    assert read_trl(row, "7").pairs[0].origin.locator == "7"


def test_sharegpt_takes_the_system_message_of_the_conversation_before_the_column() -> None:
    pair = only(read_sharegpt, {**SHAREGPT_ROW, "system": "ignored"})
    assert [m.role for m in pair.chosen.messages] == ["system", "user", "assistant"]
    assert pair.chosen.messages[0].content == "Be brief."
    without = {**SHAREGPT_ROW, "conversations": SHAREGPT_ROW["conversations"][1:]}  # type: ignore[index]
    assert only(read_sharegpt, {**without, "system": "Column."}).chosen.messages[0].content == "Column."
    assert only(read_sharegpt, {**without, "system": ""}).chosen == talk("2+2?", "4")


def test_sharegpt_keeps_tools_in_the_origin_and_refuses_calls() -> None:
    (item,) = read_sharegpt({**SHAREGPT_ROW, "tools": "[1]" * 100}, "1").pairs
    assert item.origin.meta == {"tools": "[1]" * 100}
    called = [*SHAREGPT_ROW["conversations"], {"from": "function_call", "value": "{}"}]
    assert reason(read_sharegpt, {**SHAREGPT_ROW, "conversations": called}) == "tool messages are not supported"


def test_sharegpt_branches_may_go_on_for_several_turns() -> None:
    rest = [{"from": "gpt", "value": "4"}, {"from": "human", "value": "sure?"}, {"from": "gpt", "value": "yes"}]
    assert only(read_sharegpt, {**SHAREGPT_ROW, "chosen": rest}).chosen.n_turns == 2
    assert reason(read_sharegpt, {**SHAREGPT_ROW, "chosen": rest[:2]}) == "ends with a user message"


def test_a_tree_gives_every_pair_of_differently_ranked_siblings_with_its_path() -> None:
    pairs = [s.pair for s in read_oasst(OASST_ROW, "1").pairs]
    replies = [(p.chosen.messages[-1].content, p.rejected.messages[-1].content) for p in pairs]
    assert replies == [("best", "middling"), ("best", "worst"), ("middling", "worst"), ("good", "poor")]
    assert pairs[-1].chosen == talk("question", "best", "thanks, more?", "good")
    assert len({p.seed.id for p in pairs}) == 1


def test_a_tree_keeps_ranks_and_message_ids() -> None:
    origin = read_oasst(OASST_ROW, "9").pairs[1].origin
    assert origin.locator == "9/id-best>id-worst"
    assert origin.meta == {"ranks": [0, 2], "message_ids": ["id-best", "id-worst"], "tree": "t"}


def test_parts_of_a_tree_are_left_out_with_their_reason() -> None:
    below = node("follow-up", "prompter", replies=[node("x", rank=0), node("y", rank=1)])
    row = tree(
        node("a", rank=0),
        node("b", rank=1),
        node("b2", rank=1),
        node("gone", rank=2, deleted=True, replies=[below]),
        node("unread", rank=3, review_result=None),
        node("failed", rank=4, review_result=False),
        node("unranked"),
        node("a ", rank=5),
        node("", rank=6),
    )
    made = read_oasst(row, "1")
    assert [s.pair.chosen.messages[-1].content for s in made.pairs] == ["a", "a", "b", "b2"]
    assert made.left_out == {
        "deleted message": 1,
        "message without a passed review": 2,
        "message without a rank": 1,
        "siblings of equal rank": 1,
        "identical conversations": 1,
        "empty message": 4,
    }


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (tree(node("only", rank=0)), "no ranked siblings"),
        (tree(node("a", rank=0), node("b", rank=0)), "siblings of equal rank"),
        (tree(*OASST_ROW["prompt"]["replies"], tree_state="aborted_low_grade"), "tree was aborted"),
        (tree(prompt=node("q", "prompter", deleted=True)), "deleted message"),
        (tree(*[node(str(i), rank=i) for i in range(61)]), "no ranked siblings"),
        ({"prompt": "text"}, "not a row of this format"),
    ],
)
def test_trees_that_cannot_be_used_say_why(row: Any, why: str) -> None:
    assert reason(read_oasst, row) == why


def test_a_very_deep_tree_is_walked_without_recursion() -> None:
    top = node("end", rank=0)
    for i in range(3000):
        top = node(str(i), "prompter" if i % 2 == 0 else "assistant", rank=0, replies=[top])
    with pytest.raises(UnusableRowError, match="no ranked siblings"):
        read_oasst({"prompt": top}, "1")
