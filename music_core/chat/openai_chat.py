"""The only chat HTTP client: the `openai` library against any OpenAI-compatible endpoint.

The library itself retries 408, 409, 429, 5xx, timeouts and broken connections with jittered back-off and honours
`Retry-After`; what still fails becomes a `ChatError` that names the endpoint and what to do.
"""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion import Choice

from music_core.chat.protocol import ChatReply, ChatRequest, RequestRefusedError
from music_core.chat.roles import for_template
from music_core.config import Endpoint
from music_core.errors import ChatError, ConfigError

# Servers that want no key get this one, so that a key meant for OpenAI is never sent to them from the environment.
NO_KEY = "not-needed"
# llama.cpp keeps seeds in 32 bits.
SEED_MASK = 0x7FFF_FFFF


def pick_url(session: str, urls: Sequence[str]) -> str:
    """The base URL that serves `session`: the highest hash of (session, URL), compared over the whole key.

    The same session always gets the same URL; adding a URL moves only the sessions that the new one takes.
    """
    return max(urls, key=lambda url: hashlib.sha256(f"{len(session)}:{session}|{url}".encode()).digest())


class OpenAIChat:
    """A `ChatModel` behind one endpoint. Use as an async context manager, within one event loop."""

    def __init__(self, endpoint: Endpoint, environ: Mapping[str, str] | None = None) -> None:
        """`environ` is where the key is looked up (default: the process's environment).

        Raises `ConfigError` when the endpoint has no address, `ChatError` when the key's variable is not set.
        """
        if not endpoint.base_urls:
            raise ConfigError(f"Endpoint '{endpoint.name}' has no base_urls.", "Set base_urls = ['http://host:port/v1'] in music.toml.")
        self._endpoint = endpoint
        key = _api_key(endpoint, os.environ if environ is None else environ)
        self._clients = {
            url: openai.AsyncOpenAI(base_url=url, api_key=key, timeout=endpoint.timeout_s, max_retries=endpoint.max_retries)
            for url in endpoint.base_urls
        }

    @property
    def endpoint(self) -> str:
        """Name of the endpoint."""
        return self._endpoint.name

    @property
    def model(self) -> str:
        """Name of the model as the endpoint knows it."""
        return self._endpoint.model

    @property
    def max_concurrency(self) -> int:
        """Calls that may be in flight at once."""
        return self._endpoint.max_concurrency

    @property
    def supports_json_schema(self) -> bool:
        """Whether `json_schema` is honoured."""
        return self._endpoint.json_schema

    @property
    def accepts_system(self) -> bool:
        """Whether the chat template takes a system message; where not, system text goes into the user's turn."""
        return self._endpoint.system_role

    async def __aenter__(self) -> "OpenAIChat":
        """Nothing to open: connections are made by the first call."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close all connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.close()

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Answer one request.

        Raises `RequestRefusedError` when this request alone was refused (too long, say), else `ChatError`.
        """
        session = request.session or "".join(m.content for m in request.messages)
        url = pick_url(session, self._endpoint.base_urls)
        started = time.perf_counter()
        try:
            completion = await self._clients[url].chat.completions.create(**_parameters(self._endpoint, request, url))
        except openai.APIError as e:
            raise _chat_error(self._endpoint, url, e) from e
        return _reply(self._endpoint, url, completion, time.perf_counter() - started)


def _api_key(endpoint: Endpoint, environ: Mapping[str, str]) -> str:
    if endpoint.api_key_env is None:
        return NO_KEY
    key = environ.get(endpoint.api_key_env, "").strip()
    if not key:
        raise ChatError(
            f"Endpoint '{endpoint.name}' needs a key and the environment variable {endpoint.api_key_env} is not set.",
            f"Set {endpoint.api_key_env}, or correct api_key_env in music.toml.",
        )
    return key


def _parameters(endpoint: Endpoint, request: ChatRequest, url: str) -> dict[str, Any]:
    sampling = request.sampling
    # OpenAI's newer models refuse the old name, many compatible servers know no other.
    limit = "max_completion_tokens" if urlsplit(url).hostname == "api.openai.com" else "max_tokens"
    values: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [{"role": m.role, "content": m.content} for m in for_template(request.messages, accepts_system=endpoint.system_role)],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        limit: sampling.max_tokens,
        "seed": request.seed & SEED_MASK,
    }
    if sampling.stop:
        values["stop"] = list(sampling.stop)
    if request.top_logprobs:
        values |= {"logprobs": True, "top_logprobs": request.top_logprobs}
    if request.json_schema is not None and endpoint.json_schema:
        schema = {"name": "reply", "schema": dict(request.json_schema), "strict": True}
        values["response_format"] = {"type": "json_schema", "json_schema": schema}
    return values


def _reply(endpoint: Endpoint, url: str, completion: object, latency_s: float) -> ChatReply:
    # A proxy or a wrong path answers 200 with a page of HTML, which the library hands on as it is.
    if not isinstance(completion, ChatCompletion) or not completion.choices:
        raise ChatError(
            f"Endpoint '{endpoint.name}' at {url} did not answer with a chat completion.",
            "Check base_urls: it should end in /v1.",
        )
    choice = completion.choices[0]
    usage = completion.usage
    tokens_in = usage.prompt_tokens if usage else 0
    tokens_out = usage.completion_tokens if usage else 0
    details = usage.prompt_tokens_details if usage else None
    return ChatReply(
        text=choice.message.content or "",
        finish_reason=choice.finish_reason,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_cached=(details.cached_tokens or 0) if details else 0,
        latency_s=latency_s,
        cost=cost_of(endpoint, tokens_in, tokens_out),
        first_token=_first_token(choice),
    )


def _first_token(choice: Choice) -> tuple[tuple[str, float], ...]:
    if choice.logprobs is None or not choice.logprobs.content:
        return ()
    return tuple((top.token, top.logprob) for top in choice.logprobs.content[0].top_logprobs)


def cost_of(endpoint: Endpoint, tokens_in: int, tokens_out: int) -> float | None:
    """US dollars of that many tokens; None where the endpoint names no price."""
    if endpoint.price_in is None or endpoint.price_out is None:
        return None
    return (tokens_in * endpoint.price_in + tokens_out * endpoint.price_out) / 1e6


def _chat_error(endpoint: Endpoint, url: str, error: openai.APIError) -> ChatError:
    who = f"Endpoint '{endpoint.name}' at {url}"
    tries = endpoint.max_retries + 1
    if isinstance(error, openai.APITimeoutError):
        return ChatError(
            f"{who} did not answer within {endpoint.timeout_s:g} s, {tries} times.", "Raise timeout_s or lower max_concurrency."
        )
    if isinstance(error, openai.APIConnectionError):
        return ChatError(f"{who} cannot be reached.", "Start the server there, or correct base_urls in music.toml.")
    if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError)):
        if endpoint.api_key_env is None:
            return ChatError(f"{who} wants a key.", "Name its environment variable: api_key_env in music.toml.")
        return ChatError(f"{who} refused the key in {endpoint.api_key_env}.", f"Check the value of {endpoint.api_key_env}.")
    if isinstance(error, openai.NotFoundError):
        return ChatError(f"{who} knows no model '{endpoint.model}', or no chat completions.", "Check model and base_urls in music.toml.")
    if isinstance(error, openai.RateLimitError):
        return ChatError(f"{who} still refuses further calls after {tries} tries (429).", "Lower max_concurrency or raise max_retries.")
    if isinstance(error, (openai.BadRequestError, openai.UnprocessableEntityError)):
        return RequestRefusedError(f"{who} refused a request: {_detail(error)}")
    return ChatError(f"{who} failed after {tries} tries: {_detail(error)}")


def _detail(error: openai.APIError) -> str:
    body = error.body
    text = body.get("message") if isinstance(body, dict) else None
    return str(text or error.message)[:300]
