"""A deterministic fake model: for tests, for timing the engine, and for trying a job without weights or network.

Its answer depends on (seed of the fake, seed of the request, messages) only. It honours what a real endpoint honours: stop strings,
`max_tokens` (a word counts as a token), JSON schemas (objects, strings, enums, numbers, booleans, arrays), tags asked for in
the last message (`<a>…</a>`), and first-token probabilities (of Yes and No).
"""

import asyncio
import hashlib
import json
import math
import os
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from music_core.chat.protocol import ChatReply, ChatRequest
from music_core.chat.scripted_text import answer, question
from music_core.config import SCRIPTED

Script = Callable[[ChatRequest], str | ChatReply]
_TAGS = re.compile(r"<(\w+)>.*?</\1>", re.DOTALL)


def request_digest(request: ChatRequest, seed: int = 0) -> str:
    """Hex digest of what the answer may depend on: the fake's seed, the request's seed and the messages."""
    parts = [seed, request.seed, [[m.role, m.content] for m in request.messages]]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


class ScriptedChat:
    """The fake `ChatModel`. Counts its calls in `n_calls`; `requests` keeps them in order of arrival."""

    def __init__(
        self,
        replies: Sequence[str] | Script | None = None,
        *,
        seed: int = 0,
        latency_s: float = 0.0,
        fail: Callable[[int], Exception | None] | None = None,
        log: Path | None = None,
        endpoint: str = SCRIPTED,
        model: str = "scripted",
        max_concurrency: int = 64,
        supports_json_schema: bool = True,
        accepts_system: bool = True,
    ) -> None:
        """A fake that answers from `replies`: a list used up in order, a callable, or (None) sentences drawn by hash.

        `latency_s` is waited before each answer. `fail(n)` may return an exception for call n (from 1), raised instead of an
        answer. `log` gets one line of JSON per answered call, written at once, so that a test can count over processes.
        """
        self._replies = replies
        self._seed = seed
        self._latency_s = latency_s
        self._fail = fail
        self._log = log
        self.endpoint = endpoint
        self.model = model
        self.max_concurrency = max_concurrency
        self.supports_json_schema = supports_json_schema
        self.accepts_system = accepts_system
        self.n_calls = 0
        self.n_in_flight = 0
        self.max_in_flight = 0
        self.requests: list[ChatRequest] = []

    async def __aenter__(self) -> "ScriptedChat":
        """Nothing to open."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing to close."""

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Answer one request; raises what `fail` says, `IndexError` when a list of replies is used up."""
        self.n_calls += 1
        n = self.n_calls
        self.requests.append(request)
        self.n_in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.n_in_flight)
        started = time.perf_counter()
        try:
            if self._latency_s:
                await asyncio.sleep(self._latency_s)
            error = self._fail(n) if self._fail else None
            if error is not None:
                raise error
            reply = self._answer(request, n)
        finally:
            self.n_in_flight -= 1
        self._write_log(request)
        if isinstance(reply, ChatReply):
            return reply
        return _finished(reply, request, time.perf_counter() - started)

    def _answer(self, request: ChatRequest, n: int) -> str | ChatReply:
        if callable(self._replies):
            return self._replies(request)
        if self._replies is not None:
            return self._replies[n - 1]
        return drawn_reply(request, self._seed, json_schema=self.supports_json_schema)

    def _write_log(self, request: ChatRequest) -> None:
        if self._log is None:
            return
        line = json.dumps({"digest": request_digest(request, self._seed), "session": request.session}) + "\n"
        # One write with O_APPEND, so that lines of several processes never mix.
        handle = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


def drawn_reply(request: ChatRequest, seed: int = 0, *, json_schema: bool = True) -> str | ChatReply:
    """What the fake says when nobody tells it what to say, before stop strings and limit are applied."""
    rng = random.Random(request_digest(request, seed))
    if request.json_schema is not None and json_schema:
        return json.dumps(_of_schema(request.json_schema, rng))
    if request.top_logprobs:
        return _yes_or_no(request, rng)
    tags = dict.fromkeys(m.group(1) for m in _TAGS.finditer(request.messages[-1].content)) if request.messages else {}
    if tags:
        return "\n".join(f"<{tag}>{question(rng) if i == 0 else answer(rng)}</{tag}>" for i, tag in enumerate(tags))
    # Who is stopped at the end of a line is playing a user.
    return question(rng) if "\n" in request.sampling.stop else answer(rng)


def _yes_or_no(request: ChatRequest, rng: random.Random) -> ChatReply:
    p = rng.uniform(0.02, 0.98)
    first = (("Yes", math.log(p)), ("No", math.log(1 - p)))
    return ChatReply("Yes" if p >= 0.5 else "No", "stop", tokens_in=_n_words_in(request), tokens_out=1, first_token=first)


def _of_schema(schema: Mapping[str, Any], rng: random.Random) -> Any:
    if "enum" in schema:
        return rng.choice(list(schema["enum"]))
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    if kind == "object":
        parts = schema.get("properties", {})
        # An instruction is a user's line; anything else is told.
        return {name: question(rng) if name == "instruction" else _of_schema(part, rng) for name, part in parts.items()}
    if kind == "array":
        return [_of_schema(schema.get("items", {}), rng) for _ in range(rng.randint(1, 3))]
    if kind == "boolean":
        return rng.random() < 0.5
    if kind in ("number", "integer"):
        low, high = schema.get("minimum", 0), schema.get("maximum", 10)
        return rng.randint(low, high) if kind == "integer" else rng.uniform(low, high)
    return answer(rng)


def _n_words_in(request: ChatRequest) -> int:
    return sum(len(m.content.split()) for m in request.messages)


def _finished(text: str, request: ChatRequest, latency_s: float) -> ChatReply:
    cut = min((text.find(s) for s in request.sampling.stop if s in text), default=len(text))
    text = text[:cut]
    words = text.split(" ")
    finish = "stop"
    if len(words) > request.sampling.max_tokens:
        text, finish = " ".join(words[: request.sampling.max_tokens]), "length"
    return ChatReply(text, finish, tokens_in=_n_words_in(request), tokens_out=len(text.split()), latency_s=latency_s)
