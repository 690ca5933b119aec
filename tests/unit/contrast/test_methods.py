import asyncio
import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from music_core.chat.protocol import ChatReply
from music_core.contrast.methods import (
    ONE_CALL_SCHEMA,
    ContrastDraft,
    ContrastTask,
    Method,
    UnparsedContrastError,
    change_of,
    one_call,
    parse_object,
    parse_tags,
    swap,
    two_call,
)
from music_core.types import Message

HISTORY = (
    Message("user", "How do I bake bread?"),
    Message("assistant", "Mix flour and water, let it rise, and bake it."),
    Message("user", "How long does it rise?"),
)
TASK = ContrastTask(HISTORY, 60, "ask about a later step.", other_request="How do I store bread?")


class Asked:
    """Answers with the given replies in order and keeps what was asked."""

    def __init__(self, *replies: ChatReply) -> None:
        self._replies = list(replies)
        self.calls: list[tuple[tuple[Message, ...], str, bool]] = []
        self.schemas: list[Mapping[str, Any] | None] = []

    async def __call__(
        self, messages: Sequence[Message], *, purpose: str, one_line: bool = False, json_schema: Mapping[str, Any] | None = None
    ) -> ChatReply:
        self.calls.append((tuple(messages), purpose, one_line))
        self.schemas.append(json_schema)
        return self._replies.pop(0)


def make(method: Method, ask: Asked, task: ContrastTask = TASK) -> ContrastDraft:
    async def go() -> ContrastDraft:
        return await method(ask, task)

    return asyncio.run(go())


def test_one_call_reads_instruction_and_answer_from_one_reply() -> None:
    ask = Asked(ChatReply("<instruction>How do I freeze dough?</instruction>\n<answer>Wrap it well.</answer>\n", "stop"))
    assert make(one_call, ask) == ContrastDraft("How do I freeze dough?", "Wrap it well.", "stop")
    ((messages, purpose, one_line),) = ask.calls
    assert (purpose, one_line) == ("reply", False)
    assert ask.schemas == [None]
    assert [m.role for m in messages] == ["system", *["user", "assistant"] * 4, "user"]
    assert all(parse_tags(m.content) for m in messages if m.role == "assistant")
    assert "User: How do I bake bread?\nAssistant: Mix flour" in messages[-1].content
    assert "Request: How long does it rise?\nChange: ask about a later step." in messages[-1].content


def test_one_call_asks_for_an_object_where_the_endpoint_holds_replies_to_a_schema() -> None:
    ask = Asked(ChatReply('{"instruction": "How do I freeze dough?", "answer": "Wrap it well."}', "stop"))
    assert make(one_call, ask, dataclasses.replace(TASK, json_schema=True)) == ContrastDraft(
        "How do I freeze dough?", "Wrap it well.", "stop"
    )
    assert ask.schemas == [ONE_CALL_SCHEMA]
    messages = ask.calls[0][0]
    assert all(parse_object(m.content) for m in messages if m.role == "assistant")
    assert "<instruction>" not in " ".join(m.content for m in messages)


@pytest.mark.parametrize(
    "value",
    ["no object", ["a"], {"instruction": "How?"}, {"instruction": "How?", "answer": 1}, {"instruction": "H", "answer": "S", "more": ""}],
)
def test_an_object_of_any_other_form_is_never_guessed_at(value: object) -> None:
    with pytest.raises(UnparsedContrastError):
        parse_object(value if isinstance(value, str) else json.dumps(value))


def test_the_system_message_of_a_seed_is_kept_for_the_contrast_too() -> None:
    task = dataclasses.replace(TASK, history=(Message("system", "You run a bakery."), *HISTORY))
    ask = Asked(ChatReply("<instruction>How?</instruction><answer>So.</answer>", "stop"))
    make(one_call, ask, task)
    assert ask.calls[0][0][0].content.endswith("You run a bakery.")


def test_how_to_modify_is_drawn_by_seed_and_turn_and_differs_in_every_attempt() -> None:
    drawn = [change_of(2, attempt, "s_1", 0) for attempt in range(3)]
    assert len(set(drawn)) == 3
    assert drawn == [change_of(2, attempt, "s_1", 0) for attempt in range(3)]
    assert len({change_of(1, 0, f"s_{i}", 0) for i in range(60)}) >= 5


def test_two_call_answers_the_written_instruction_in_the_place_of_the_users_message() -> None:
    ask = Asked(ChatReply(' "How do I freeze dough?"\n', "stop"), ChatReply("Wrap it well.", "stop"))
    assert make(two_call, ask) == ContrastDraft("How do I freeze dough?", "Wrap it well.", "stop")
    assert [(purpose, one_line) for _, purpose, one_line in ask.calls] == [("instruction", True), ("reply", False)]
    answered = ask.calls[1][0]
    assert answered[1:] == (*HISTORY[:-1], Message("user", "How do I freeze dough?"))


@pytest.mark.parametrize("reply", [ChatReply("  \n", "stop"), ChatReply("How do I", "length")])
def test_two_call_without_a_whole_instruction_is_unparsed(reply: ChatReply) -> None:
    with pytest.raises(UnparsedContrastError):
        make(two_call, Asked(reply))


def test_swap_answers_the_other_request_and_records_it() -> None:
    ask = Asked(ChatReply("In a cloth bag.", "stop"))
    assert make(swap, ask) == ContrastDraft("How do I store bread?", "In a cloth bag.", "stop")
    assert ask.calls[0][0][-1] == Message("user", "How do I store bread?")


@pytest.mark.parametrize(
    "text",
    [
        "Wrap it well.",
        "<instruction>How do I freeze dough?</instruction>",
        "<instruction></instruction><answer>Wrap it.</answer>",
        "<instruction>How?</instruction><answer>  </answer> and more",
        "Sure! <instruction>How?</instruction><answer>So.</answer>",
        "<instruction>How?</instruction><answer>So.</answer><answer>Or so.</answer>",
        "<answer>So.</answer><instruction>How?</instruction>",
        "<instruction>How?</instruction><answer>It is cut o",
    ],
)
def test_a_reply_of_any_other_form_is_never_guessed_at(text: str) -> None:
    with pytest.raises(UnparsedContrastError):
        parse_tags(text)


def test_a_reply_cut_off_by_the_limit_goes_to_the_unfinished_gate() -> None:
    made = make(one_call, Asked(ChatReply("<instruction>How?</instruction><answer>It is cut o", "length")))
    assert made.finish_reason == "length"
