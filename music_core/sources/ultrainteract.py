"""UltraInteract (Yuan et al., arXiv 2404.02078): reasoning in several turns, whose next step was right or wrong.

`openbmb/UltraInteract_pair` gives pairs: a `trajectory` that ends with the user, then a chosen and a rejected step. Rows of
`openbmb/UltraInteract_sft` hold one instruction and one response, no preference; they are chats, of use for their instructions.
"""

from collections.abc import Mapping
from typing import Any

from music_core.sources.messages import checked_conversation, checked_pair, checked_text, read_messages
from music_core.sources.origins import plain_origin
from music_core.sources.rows import NOT_THIS_FORMAT, RowPairs, UnusableRowError
from music_core.types import Message, SourcedChat, SourcedPair

FORMAT = "ultrainteract"
COLUMNS = ("trajectory", "chosen", "rejected", "instruction", "response")


def is_ultrainteract(row: Any) -> bool:
    """Whether the row has a trajectory with both steps, or an instruction with its task, data set and response."""
    return _is_pair(row) or _is_single(row)


def read_ultrainteract(row: Any, locator: str) -> RowPairs:
    """The pair of one trajectory, all its turns before either step; or the chat of a row without preference."""
    if not is_ultrainteract(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    origin = plain_origin(row, locator, COLUMNS)
    if not _is_pair(row):
        asked, said = (checked_text(row[key]) for key in ("instruction", "response"))
        return RowPairs((), chats=(SourcedChat(checked_conversation([Message("user", asked), Message("assistant", said)]), origin),))
    before = read_messages(row["trajectory"])
    sides = [[*before, Message("assistant", checked_text(row[key]))] for key in ("chosen", "rejected")]
    return RowPairs((SourcedPair(checked_pair(sides[0], sides[1]), origin),))


def _is_pair(row: Any) -> bool:
    return isinstance(row, Mapping) and isinstance(row.get("trajectory"), list) and {"chosen", "rejected"} <= row.keys()


def _is_single(row: Any) -> bool:
    return isinstance(row, Mapping) and {"task", "dataset", "instruction", "response"} <= row.keys() and "completions" not in row
