import asyncio
import json
import math
from pathlib import Path

import pytest

from music_core.chat.protocol import ChatModel, ChatReply, ChatRequest, Sampling
from music_core.chat.scripted import ScriptedChat
from music_core.errors import ChatError
from music_core.types import Message


def request(text: str = "Hello", seed: int = 0, **sampling: object) -> ChatRequest:
    return ChatRequest((Message("user", text),), Sampling(**sampling), seed)  # type: ignore[arg-type]


def ask(model: ChatModel, ask_: ChatRequest) -> ChatReply:
    return asyncio.run(model.complete(ask_))


def test_the_same_question_gets_the_same_answer_and_others_get_others() -> None:
    first, again = ScriptedChat(), ScriptedChat()
    assert ask(first, request()).text == ask(again, request()).text
    answers = {ask(first, request(seed=i)).text for i in range(50)} | {ask(first, request(f"Hello {i}")).text for i in range(50)}
    assert len(answers) == 100
    assert ask(ScriptedChat(seed=1), request()).text != ask(first, request()).text


def test_a_stop_at_the_line_end_makes_it_speak_as_a_user() -> None:
    reply = ask(ScriptedChat(), request(stop=("\n",)))
    assert reply.text.endswith("?")
    assert "\n" not in reply.text


def test_a_short_limit_ends_in_length() -> None:
    reply = ask(ScriptedChat(), request(max_tokens=3))
    assert (len(reply.text.split()), reply.finish_reason, reply.tokens_out) == (3, "length", 3)


def test_schemas_tags_and_probabilities_are_honoured() -> None:
    schema = {
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "verdict": {"enum": ["A", "B"]},
            "sure": {"type": "boolean"},
            "points": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 5}},
        },
    }
    base = request()
    value = json.loads(ask(ScriptedChat(), ChatRequest(base.messages, base.sampling, 0, json_schema=schema)).text)
    assert set(value) == {"reason", "verdict", "sure", "points"}
    assert value["verdict"] in ("A", "B")
    assert all(1 <= p <= 5 for p in value["points"])
    assert ask(ScriptedChat(), request("Write <a>x</a> then <b>y</b>")).text.startswith("<a>")
    first = dict(ask(ScriptedChat(), ChatRequest(base.messages, base.sampling, 0, top_logprobs=5)).first_token)
    assert math.exp(first["Yes"]) + math.exp(first["No"]) == pytest.approx(1)


def test_replies_can_be_a_list_or_a_callable_and_calls_are_counted(tmp_path: Path) -> None:
    model = ScriptedChat(["one", "two"], log=tmp_path / "calls.jsonl")
    assert [ask(model, request()).text for _ in range(2)] == ["one", "two"]
    assert model.n_calls == len(model.requests) == len((tmp_path / "calls.jsonl").read_text().splitlines()) == 2
    assert ask(ScriptedChat(lambda r: r.messages[0].content.upper()), request()).text == "HELLO"


def test_a_failure_can_be_planted() -> None:
    model = ScriptedChat(fail=lambda n: ChatError("down") if n == 1 else None)
    with pytest.raises(ChatError, match="down"):
        ask(model, request())
    assert ask(model, request()).finish_reason == "stop"
