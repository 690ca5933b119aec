"""What a judge is: how it asks about a pair, and how it reads one reply."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from music_core.chat.protocol import ChatModel, ChatReply, ChatRequest, Sampling
from music_core.errors import ConfigError
from music_core.evaluate.parse import Answer
from music_core.prompts import prompt_hash
from music_core.types import ContrastPair, Message, Reading, ReadingKind, Verdict

_PIECES = re.compile(r"[A-Za-z]+|[^\sA-Za-z]|\n")
NOT_ASKED = "context"
"""`finish_reason` of a reading that was never asked, because the prompt does not fit."""
REPEAT_TEMPERATURE = 0.7
"""Of every repeat but the first, where no temperature is given: at 0 a repeat would only say the same again."""


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
    """A chat model with a way of asking and a way of reading; made by `pairwise_judge`, `checklist_judge` and `score_judge`.

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


def seed_of(*parts: object, repeat: int) -> int:
    """A seed in [0, 2**31) from what is asked, so that asking again sends the same request and a repeat another draw."""
    parts = (*parts, repeat) if repeat else parts
    return int.from_bytes(hashlib.sha256(json.dumps(parts, default=str).encode()).digest()[:4]) >> 1


@dataclass(frozen=True, slots=True)
class Asker:
    """What all questions of one judge share: who is asked, under which name, how often and how warm.

    `context_tokens` is what prompt and reply may take together. `repeats` is how often each question is asked; repeat 0 at
    temperature 0 and the others at `REPEAT_TEMPERATURE`, or all at `temperature` where it is given.
    Raises `ConfigError` for fewer than 1 repeat, or a temperature below 0.
    """

    chat: ChatModel
    name: str
    context_tokens: int = 4096
    repeats: int = 1
    temperature: float | None = None

    def __post_init__(self) -> None:
        """Check bounds."""
        check_draws(self.repeats, self.temperature)

    def question(
        self, blank: Reading, prompt: str, *, session: str, max_tokens: int, seed: int, top_logprobs: int = 0, schema: Any = None
    ) -> Question:
        """A question as one user message: some chat templates take no system message.

        Its reading carries the hash of all that is sent. One that does not fit says so instead and is never sent; its hash
        also covers the limit: with a longer context it is another question.
        """
        temperature = self.temperature if self.temperature is not None else REPEAT_TEMPERATURE if blank.repeat else 0.0
        request = ChatRequest(
            messages=(Message("user", prompt),),
            sampling=Sampling(temperature=temperature, top_p=1.0, max_tokens=max_tokens),
            seed=seed,
            session=session,
            top_logprobs=top_logprobs,
            json_schema=schema,
        )
        sent = json.dumps([[[m.role, m.content] for m in request.messages], temperature, max_tokens, top_logprobs, schema])
        filled = replace(blank, judge=self.name, endpoint=self.chat.endpoint, model=self.chat.model, prompt_hash=prompt_hash(sent))
        needed = rough_tokens(prompt) + max_tokens
        if needed <= self.context_tokens:
            return Question(filled, request)
        note = f"Not asked: about {needed} tokens are needed, the endpoint '{self.chat.endpoint}' takes {self.context_tokens}."
        return Question(replace(filled, raw=note, finish_reason=NOT_ASKED, prompt_hash=prompt_hash(sent + note)), request)


def check_draws(repeats: int, temperature: float | None) -> None:
    """Raise `ConfigError` for fewer than 1 repeat, a temperature below 0, or repeats that could only say the same."""
    if repeats < 1:
        raise ConfigError(f"A question is asked at least once, not {repeats} times.")
    if temperature is not None and not 0 <= temperature <= 2:
        raise ConfigError(f"A temperature lies between 0 and 2, not at {temperature:g}.")
    if repeats > 1 and temperature == 0:
        raise ConfigError("At temperature 0 every repeat says the same.", "Give a higher temperature, or no repeats.")


def answered(judge: Judge, asked: Question, reply: ChatReply) -> Reading:
    """The reading of `reply`, raw text and all."""
    answer = judge.read(reply)
    return replace(
        asked.blank,
        label=answer.label,
        p_yes=answer.p_yes,
        grade=answer.grade,
        raw=reply.text,
        finish_reason=reply.finish_reason,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        latency_s=reply.latency_s,
        cost=reply.cost,
    )
