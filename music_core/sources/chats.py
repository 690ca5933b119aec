"""Conversations and prompts without any preference: they give no pairs, only first messages to start runs from."""

from collections.abc import Mapping
from typing import Any

from music_core.sources.messages import checked_conversation, checked_text, read_message
from music_core.sources.origins import plain_origin
from music_core.sources.rows import NOT_THIS_FORMAT, RowPairs, UnusableRowError
from music_core.types import Message, SourcedChat

FORMAT = "chats"
LISTS = ("messages", "conversations", "conversation")
COLUMNS = (*LISTS, "prompt", "system", "tools")
# Columns of comparisons: a row that has one is a preference in some other form, and must not pass for a chat.
_COMPARES = frozenset({"chosen", "rejected", "reject", "completions", "trajectory", "response_1", "response_2", "response1", "response2"})
# What may stand beside a lone prompt; anything else may be an answer or a preference in a form that is not known here.
_BESIDE_PROMPT = frozenset({"prompt", "prompt_id", "id", "system", "source", "dataset", "task", "category", "lang", "language", "split"})


def is_chat(row: Any) -> bool:
    """Whether the row has a list of messages or nothing but a prompt, and no sides to compare."""
    if not isinstance(row, Mapping) or _COMPARES & row.keys():
        return False
    return _list(row) is not None or (isinstance(row.get("prompt"), str | list) and row.keys() <= _BESIDE_PROMPT)


def read_chat(row: Any, locator: str) -> RowPairs:
    """The whole conversation, which may end with the user; asked for by name, any row with a prompt is one, too."""
    if not isinstance(row, Mapping) or _COMPARES & row.keys():
        raise UnusableRowError(NOT_THIS_FORMAT)
    found = _list(row)
    if found is None and not isinstance(row.get("prompt"), str | list):
        raise UnusableRowError(NOT_THIS_FORMAT)
    value = row["prompt"] if found is None else found
    messages = [Message("user", checked_text(value))] if isinstance(value, str) else [read_message(m) for m in value]
    if row.get("system") is not None and not (messages and messages[0].role == "system"):
        messages.insert(0, Message("system", checked_text(row["system"])))
    chat = checked_conversation(messages, open_end=True)
    return RowPairs((), chats=(SourcedChat(chat, plain_origin(row, locator, COLUMNS)),))


def _list(row: Mapping[str, Any]) -> list[Any] | None:
    return next((row[key] for key in LISTS if isinstance(row.get(key), list)), None)
