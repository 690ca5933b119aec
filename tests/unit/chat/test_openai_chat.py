import asyncio
import dataclasses
import socket
import time
from typing import Any

import pytest

from music_core.chat.openai_chat import NO_KEY, OpenAIChat, cost_of, pick_url
from music_core.chat.protocol import ChatReply, ChatRequest, RequestRefusedError, Sampling
from music_core.config import Endpoint
from music_core.errors import ChatError, ConfigError
from music_core.types import Message
from tests.unit.chat.conftest import ChatServer, completion

ASK = ChatRequest((Message("system", "Be brief."), Message("user", "Hi")), Sampling(0.3, 0.9, 50, ("\n",)), seed=2**40 + 7)


def endpoint(url: str, **changes: Any) -> Endpoint:
    return dataclasses.replace(Endpoint("lab", "m", (url,), max_retries=2, timeout_s=5), **changes)


def ask(end: Endpoint, request: ChatRequest = ASK, environ: dict[str, str] | None = None) -> ChatReply:
    async def go() -> ChatReply:
        async with OpenAIChat(end, environ or {}) as model:
            return await model.complete(request)

    return asyncio.run(go())


def test_a_reply_carries_text_tokens_cached_tokens_and_cost(chat_server: ChatServer) -> None:
    reply = ask(endpoint(chat_server.url, price_in=2.0, price_out=10.0))
    assert (reply.text, reply.finish_reason) == ("Hello there.", "stop")
    assert (reply.tokens_in, reply.tokens_out, reply.tokens_cached) == (100, 20, 60)
    assert reply.cost == pytest.approx((100 * 2 + 20 * 10) / 1e6)
    assert reply.latency_s > 0


def test_sampling_seed_and_stop_are_sent_as_asked(chat_server: ChatServer) -> None:
    ask(endpoint(chat_server.url))
    body = chat_server.bodies[0]
    assert (body["model"], body["temperature"], body["top_p"], body["max_tokens"], body["stop"]) == ("m", 0.3, 0.9, 50, ["\n"])
    assert body["seed"] == 7
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert "response_format" not in body
    assert "logprobs" not in body


def test_a_template_without_system_role_gets_it_in_the_users_turn(chat_server: ChatServer) -> None:
    def gemma(body: dict[str, Any]) -> tuple[int, Any]:
        roles = [m["role"] for m in body["messages"]]
        if "system" in roles:
            return 400, {"error": {"message": "System role not supported"}}
        if roles != ["user" if i % 2 == 0 else "assistant" for i in range(len(roles))]:
            return 400, {"error": {"message": "Conversation roles must alternate user/assistant/user/assistant/..."}}
        return 200, completion()

    chat_server.script = gemma
    history = (Message("system", "Rules."), Message("assistant", "My own first line?"), Message("user", "A."), Message("user", "B."))
    request = dataclasses.replace(ASK, messages=history)
    with pytest.raises(RequestRefusedError, match="System role not supported"):
        ask(endpoint(chat_server.url), request)
    assert ask(endpoint(chat_server.url, system_role=False), request).text == "Hello there."
    assert [m["content"] for m in chat_server.bodies[-1]["messages"]] == ["Rules.", "My own first line?", "A.\n\nB."]


def test_the_first_tokens_alternatives_come_back(chat_server: ChatServer) -> None:
    tops = [{"token": t, "logprob": p, "bytes": None} for t, p in (("Yes", -0.2), ("No", -1.9))]
    content = [{"token": "Yes", "logprob": -0.2, "bytes": None, "top_logprobs": tops}]
    chat_server.script = lambda _: (200, completion("Yes", "length", logprobs={"content": content, "refusal": None}))
    reply = ask(endpoint(chat_server.url), dataclasses.replace(ASK, top_logprobs=2))
    assert reply.first_token == (("Yes", -0.2), ("No", -1.9))
    assert (chat_server.bodies[0]["logprobs"], chat_server.bodies[0]["top_logprobs"]) == (True, 2)


def test_a_json_schema_is_sent_only_where_the_endpoint_honours_it(chat_server: ChatServer) -> None:
    request = dataclasses.replace(ASK, json_schema={"type": "object"})
    ask(endpoint(chat_server.url), request)
    ask(endpoint(chat_server.url, json_schema=False), request)
    assert chat_server.bodies[0]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert "response_format" not in chat_server.bodies[1]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_endpoint_is_asked_again(chat_server: ChatServer, status: int) -> None:
    answers = iter([(status, {"error": {"message": "busy"}}), (status, "<h1>busy</h1>"), (200, completion("At last."))])
    chat_server.script = lambda _: next(answers)
    assert ask(endpoint(chat_server.url)).text == "At last."


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "wants a key.*api_key_env"),
        (404, "knows no model 'm'"),
        (429, r"refuses further calls after 3 tries.*max_concurrency"),
        (500, "failed after 3 tries: out of order"),
    ],
)
def test_an_endpoint_that_fails_for_good_is_named_with_what_to_do(chat_server: ChatServer, status: int, words: str) -> None:
    chat_server.script = lambda _: (status, {"error": {"message": "out of order"}})
    with pytest.raises(ChatError, match=f"'lab' at {chat_server.url}.*{words}") as caught:
        ask(endpoint(chat_server.url))
    assert not isinstance(caught.value, RequestRefusedError)


def test_a_request_that_alone_is_refused_is_told_apart(chat_server: ChatServer) -> None:
    chat_server.script = lambda _: (400, {"error": {"message": "request (9000 tokens) exceeds the context"}})
    with pytest.raises(RequestRefusedError, match="9000 tokens"):
        ask(endpoint(chat_server.url))
    assert len(chat_server.bodies) == 1


def test_a_slow_endpoint_is_named_with_its_time_limit(chat_server: ChatServer) -> None:
    def slow(body: dict[str, Any]) -> tuple[int, Any]:
        time.sleep(0.3)
        return 200, completion()

    chat_server.script = slow
    with pytest.raises(ChatError, match=r"did not answer within 0.1 s, 1 times"):
        ask(endpoint(chat_server.url, timeout_s=0.1, max_retries=0))


def test_an_address_where_nobody_listens_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ChatError, match=f"'lab' at {url} cannot be reached"):
        ask(endpoint(url, max_retries=0))


def test_a_page_of_html_is_not_taken_for_an_answer(chat_server: ChatServer) -> None:
    chat_server.script = lambda _: (200, "<html>hello</html>")
    with pytest.raises(ChatError, match="did not answer with a chat completion"):
        ask(endpoint(chat_server.url))


def test_a_missing_key_names_its_variable() -> None:
    end = endpoint("http://127.0.0.1:1/v1", api_key_env="LAB_KEY")
    with pytest.raises(ChatError, match="LAB_KEY is not set"):
        OpenAIChat(end, {})


def test_only_the_named_key_is_sent(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "somebody-elses")
    ask(endpoint(chat_server.url))
    ask(endpoint(chat_server.url, api_key_env="LAB_KEY"), environ={"LAB_KEY": "abc"})
    assert [h["authorization"] for h in chat_server.headers] == [f"Bearer {NO_KEY}", "Bearer abc"]


def test_an_endpoint_without_address_is_refused() -> None:
    with pytest.raises(ConfigError, match="no base_urls"):
        OpenAIChat(Endpoint("lab", "m"))


def test_a_session_sticks_to_one_address_and_names_do_not_collide_by_prefix() -> None:
    urls = [f"http://h{i}/v1" for i in range(4)]
    assert all(pick_url(f"s{i}", urls) == pick_url(f"s{i}", list(reversed(urls))) for i in range(50))
    # "session-1" and "session-12" are different keys: over many such pairs they must part as strangers do.
    parted = sum(pick_url(f"session-{i}", urls) != pick_url(f"session-{i}2", urls) for i in range(200))
    assert 120 < parted < 180
    counts = [sum(pick_url(f"s{i}", urls) == url for i in range(400)) for url in urls]
    assert min(counts) > 60


def test_a_new_address_takes_sessions_over_and_moves_no_others() -> None:
    urls = [f"http://h{i}/v1" for i in range(3)]
    before = {i: pick_url(f"s{i}", urls) for i in range(100)}
    after = {i: pick_url(f"s{i}", [*urls, "http://new/v1"]) for i in range(100)}
    assert all(after[i] in (before[i], "http://new/v1") for i in before)
    assert before != after


def test_no_price_no_cost() -> None:
    assert cost_of(Endpoint("lab", "m"), 10, 10) is None
