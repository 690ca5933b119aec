"""What a judge is: how it asks about a pair, and how it reads one reply."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from music_core.chat.protocol import ChatModel, ChatReply, ChatRequest
from music_core.prompts import prompt_hash
from music_core.types import ContrastPair, Reading, ReadingKind, ReadingLabel, Verdict

_PIECES = re.compile(r"[A-Za-z]+|[^\sA-Za-z]|\n")
NOT_ASKED = "context"
"""`finish_reason` of a reading that was never asked, because the prompt does not fit."""


class Answer(NamedTuple):
    """What one reply says."""

    label: ReadingLabel
    p_yes: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One request and the reading it will become: `blank` holds all but the answer."""

    blank: Reading
    request: ChatRequest

    @property
    def id(self) -> str:
        """Id of the reading, known before it is asked."""
        return self.blank.id

    @property
    def tokens_in(self) -> int:
        """Rough number of prompt tokens."""
        return sum(rough_tokens(m.content) for m in self.request.messages)


@dataclass(frozen=True, slots=True)
class Judge:
    """A chat model with a way of asking and a way of reading; made by `pairwise_judge` and `checklist_judge`.

    `ask` gives every question about a pair, `read` turns a finished reply into a label, `resolve` all readings
    into a verdict.
    """

    name: str
    kind: ReadingKind
    chat: ChatModel
    ask: Callable[[str, ContrastPair], tuple[Question, ...]]
    read: Callable[[ChatReply], Answer]
    resolve: Callable[[str, list[Reading]], Verdict]

    @property
    def model(self) -> str:
        """Name of the judging model: a judge that is also the simulator is marked by it."""
        return self.chat.model

    @property
    def endpoint(self) -> str:
        """Name of the endpoint that answers."""
        return self.chat.endpoint


def rough_tokens(text: str) -> int:
    """About how many tokens `text` has, without any tokeniser: 0 to 20 % more than SmolLM2 counts in English, code and JSON.

    A word is a token for every seven letters begun, every digit, sign, line end and other script's character is one.
    """
    return int(1.04 * sum(1 + (len(piece) - 1) // 7 for piece in _PIECES.findall(text))) + 16


def seed_of(*parts: object) -> int:
    """A seed in [0, 2**31) from what is asked, so that asking again sends the same request."""
    return int.from_bytes(hashlib.sha256(json.dumps(parts, default=str).encode()).digest()[:4]) >> 1


def question(judge: str, chat: ChatModel, blank: Reading, request: ChatRequest, context_tokens: int) -> Question:
    """A question with the hash of all that is sent; one that does not fit says so instead and is never sent.

    `context_tokens` is what prompt and reply may take together. The hash of a question that does not fit also covers
    the limit: with a longer context it is another question.
    """
    sent = json.dumps(
        [
            [[m.role, m.content] for m in request.messages],
            request.sampling.temperature,
            request.sampling.max_tokens,
            request.top_logprobs,
            request.json_schema,
        ]
    )
    filled = replace(blank, judge=judge, endpoint=chat.endpoint, model=chat.model, prompt_hash=prompt_hash(sent))
    needed = sum(rough_tokens(m.content) for m in request.messages) + request.sampling.max_tokens
    if needed <= context_tokens:
        return Question(filled, request)
    note = f"Not asked: about {needed} tokens are needed, the endpoint '{chat.endpoint}' takes {context_tokens}."
    return Question(replace(filled, raw=note, finish_reason=NOT_ASKED, prompt_hash=prompt_hash(sent + note)), request)


def answered(judge: Judge, asked: Question, reply: ChatReply) -> Reading:
    """The reading of `reply`, raw text and all."""
    answer = judge.read(reply)
    return replace(
        asked.blank,
        label=answer.label,
        p_yes=answer.p_yes,
        raw=reply.text,
        finish_reason=reply.finish_reason,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        latency_s=reply.latency_s,
        cost=reply.cost,
    )
