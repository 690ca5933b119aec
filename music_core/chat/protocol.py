"""What a chat model is: one async call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from music_core.errors import ChatError
from music_core.types import Message


class RequestRefusedError(ChatError):
    """The endpoint works but refused this one request (too long, forbidden content): others may go through."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters of one call; `max_tokens` bounds the reply."""

    temperature: float = 0.8
    top_p: float = 0.95
    max_tokens: int = 256
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call. `session` is a stable key: calls with the same key go to the same server, whose prefix cache they share.

    `top_logprobs` > 0 asks for that many alternatives of the first token; `json_schema` for a reply of that form.
    """

    messages: tuple[Message, ...]
    sampling: Sampling
    seed: int
    session: str = ""
    top_logprobs: int = 0
    json_schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ChatReply:
    """The answer. `finish_reason` is stop | length | content_filter; `first_token` maps token text to log-probability."""

    text: str
    finish_reason: str
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    latency_s: float = 0.0
    cost: float | None = None
    first_token: tuple[tuple[str, float], ...] = ()


class ChatModel(Protocol):
    """Answers chat requests. Raises `ChatError` when it cannot, after its own retries."""

    @property
    def endpoint(self) -> str:
        """Name of the endpoint in `music.toml`."""
        ...

    @property
    def model(self) -> str:
        """Name of the model as the endpoint knows it."""
        ...

    @property
    def max_concurrency(self) -> int:
        """Calls that may be in flight at once."""
        ...

    @property
    def supports_json_schema(self) -> bool:
        """Whether `json_schema` is honoured."""
        ...

    @property
    def accepts_system(self) -> bool:
        """Whether the chat template takes a system message (Gemma's does not)."""
        ...

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Answer one request."""
        ...
