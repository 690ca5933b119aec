r"""Anthropic HH text pairs: two strings of `\n\nHuman:` and `\n\nAssistant:` passages (github.com/anthropics/hh-rlhf).

The variant with the common part in `prompt` (as in Dahoas/full-hh-rlhf) is read too.
"""

import re
from collections.abc import Mapping
from typing import Any

from music_core.sources.messages import checked_pair, checked_text
from music_core.sources.origins import plain_origin
from music_core.sources.rows import NOT_THIS_FORMAT, ROLE_ORDER, RowPairs, UnusableRowError
from music_core.types import Message, Role, SourcedPair

_START = re.compile(r"\s*(Human|Assistant):")
_MARKER = re.compile(r"\n\r?\n(Human|Assistant):")
_ROLE: Mapping[str, Role] = {"Human": "user", "Assistant": "assistant"}
COLUMNS = ("prompt", "chosen", "rejected")


def is_hh(row: Any) -> bool:
    """Whether the row holds two strings of which the first passage is marked as Human's or Assistant's."""
    if not isinstance(row, Mapping) or not all(isinstance(row.get(k), str) for k in ("chosen", "rejected")):
        return False
    prompt = row.get("prompt")
    if prompt is not None and not isinstance(prompt, str):
        return False
    return bool(_START.match(prompt or row["chosen"]))


def split_passages(text: str) -> list[Message]:
    """Messages of one HH string; white space around a passage belongs to the form, not to the text."""
    before, *parts = _MARKER.split("\n\n" + checked_text(text).lstrip())
    if before.strip() or not parts:
        raise UnusableRowError(ROLE_ORDER)
    return [Message(_ROLE[name], passage.strip()) for name, passage in zip(parts[::2], parts[1::2], strict=True)]


def read_hh(row: Any, locator: str) -> RowPairs:
    """One pair of two HH strings."""
    if not is_hh(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    prompt = row.get("prompt") or ""
    pair = checked_pair(split_passages(prompt + row["chosen"]), split_passages(prompt + row["rejected"]))
    return RowPairs((SourcedPair(pair, plain_origin(row, locator, COLUMNS)),))
