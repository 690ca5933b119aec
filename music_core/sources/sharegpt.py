"""ShareGPT ranking rows as LLaMA-Factory reads them: `conversations`, then one `chosen` and one `rejected` reply."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from music_core.sources.messages import checked_pair, checked_text, read_message, read_messages
from music_core.sources.origins import checked_json, plain_origin
from music_core.sources.rows import NOT_THIS_FORMAT, RowPairs, UnusableRowError
from music_core.types import Message, SourcedPair

COLUMNS = ("conversations", "chosen", "rejected", "system", "tools")


def is_sharegpt(row: Any) -> bool:
    """Whether the row has a list of `conversations` and both replies."""
    return isinstance(row, Mapping) and isinstance(row.get("conversations"), list) and {"chosen", "rejected"} <= row.keys()


def read_sharegpt(row: Any, locator: str) -> RowPairs:
    """One pair: the context with either reply (each one message, or the rest of a conversation).

    A `system` column becomes the system message unless the conversation has its own, which wins as in
    LLaMA-Factory. A `tools` column is kept in the origin; the conversation itself must not call tools.
    """
    if not is_sharegpt(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    context = [read_message(m) for m in row["conversations"]]
    if row.get("system") is not None and not (context and context[0].role == "system"):
        context.insert(0, Message("system", checked_text(row["system"])))
    pair = checked_pair(context + read_messages(row["chosen"]), context + read_messages(row["rejected"]))
    origin = plain_origin(row, locator, COLUMNS)
    if row.get("tools"):
        origin = replace(origin, meta={**origin.meta, "tools": checked_json(row["tools"])})
    return RowPairs((SourcedPair(pair, origin),))
