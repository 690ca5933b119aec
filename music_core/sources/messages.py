"""From the message shapes of the field to `Message`, and from two lists of messages to a checked pair."""

from collections.abc import Mapping, Sequence
from typing import Any

from music_core.sources.rows import (
    EMPTY_MESSAGE,
    ENDS_WITH_USER,
    HOLDS_NUL,
    IDENTICAL,
    NO_MESSAGES,
    NOT_TEXT,
    NOT_UNICODE,
    OPENINGS_DIFFER,
    ROLE_ORDER,
    TOOL_MESSAGE,
    UNKNOWN_ROLE,
    UnusableRowError,
)
from music_core.types import ContrastPair, Conversation, Message, Role

ROLE_NAMES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}
TOOL_ROLES = frozenset({"tool", "tool_call", "function", "function_call", "observation", "ipython"})


def checked_text(text: Any) -> str:
    """`text`, if it is a string that every part of the workbench can keep.

    Lone surrogates cannot be written as UTF-8 and NUL not to a Postgres catalog, so such a row is dropped.
    """
    if not isinstance(text, str):
        raise UnusableRowError(NOT_TEXT)
    if "\0" in text:
        raise UnusableRowError(HOLDS_NUL)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnusableRowError(NOT_UNICODE) from None
    return text


def read_message(value: Any) -> Message:
    """A message from {role, content} or {from, value}; the content may be a list of text parts."""
    if not isinstance(value, Mapping):
        raise UnusableRowError(NOT_TEXT)
    sharegpt = "from" in value and "role" not in value
    role, content = (value["from"], value.get("value")) if sharegpt else (value.get("role"), value.get("content"))
    if not isinstance(role, str):
        raise UnusableRowError(UNKNOWN_ROLE)
    if value.get("tool_calls") or role in TOOL_ROLES:
        raise UnusableRowError(TOOL_MESSAGE)
    if role.lower() not in ROLE_NAMES:
        raise UnusableRowError(UNKNOWN_ROLE)
    if isinstance(content, list):
        content = "\n".join(_text_part(part) for part in content)
    return Message(ROLE_NAMES[role.lower()], checked_text(content))


def _text_part(part: Any) -> str:
    text = part.get("text") if isinstance(part, Mapping) and part.get("type", "text") == "text" else None
    return checked_text(text)


def read_messages(value: Any) -> list[Message]:
    """Messages from a list of them, a single one, or a plain string (an assistant's reply)."""
    if isinstance(value, str):
        return [Message("assistant", checked_text(value))]
    if isinstance(value, Mapping):
        return [read_message(value)]
    if not isinstance(value, list):
        raise UnusableRowError(NOT_TEXT)
    return [read_message(m) for m in value]


def checked_conversation(messages: Sequence[Message], *, open_end: bool = False) -> Conversation:
    """A conversation of an optional system message, then user and assistant by turns, ending with the assistant.

    With `open_end` it may end with the user, too. A blank system message says nothing and is left away; any other blank
    message makes the row unusable.
    """
    if messages and messages[0].role == "system" and not messages[0].content.strip():
        messages = messages[1:]
    turns = messages[1:] if messages and messages[0].role == "system" else messages
    if not turns:
        raise UnusableRowError(NO_MESSAGES)
    if any(m.role != ("user" if i % 2 == 0 else "assistant") for i, m in enumerate(turns)):
        raise UnusableRowError(ROLE_ORDER)
    if len(turns) % 2 and not open_end:
        raise UnusableRowError(ENDS_WITH_USER)
    if not all(m.content.strip() for m in turns):
        raise UnusableRowError(EMPTY_MESSAGE)
    return Conversation(tuple(messages))


def checked_pair(chosen: Sequence[Message], rejected: Sequence[Message]) -> ContrastPair:
    """A pair of two whole conversations that open alike (same system and first user message) and differ later."""
    a, b = checked_conversation(chosen), checked_conversation(rejected)
    # Equal leading messages become one object: half the memory, and half the work below.
    shared = _n_equal(a.messages, b.messages)
    b = Conversation(a.messages[:shared] + b.messages[shared:])
    pair = ContrastPair(a, b)
    opening = next(i for i, m in enumerate(a.messages) if m.role == "user") + 1
    if shared < opening and pair.n_shared < opening:
        raise UnusableRowError(OPENINGS_DIFFER)
    if pair.divergence == 0:
        raise UnusableRowError(IDENTICAL)
    return pair


def _n_equal(a: Sequence[Message], b: Sequence[Message]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
