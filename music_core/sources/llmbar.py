"""LLMBar (Zeng et al., arXiv 2310.07641): two outputs for one instruction and which of them follows it.

The gold label is the authors' judgement, not a construction of ours, so it is the vote of one more person, `llmbar-gold`.
"""

from collections.abc import Mapping
from typing import Any

from music_core.sources.messages import checked_text
from music_core.sources.origins import plain_origin
from music_core.sources.rows import NO_VOTE, NOT_THIS_FORMAT, ForeignVotes, RowPairs, UnusableRowError
from music_core.sources.votes import contest, label
from music_core.types import Message

FORMAT = "llmbar"
GOLD = f"{FORMAT}-gold"
COLUMNS = ("input", "output_1", "output_2", "label")


def is_llmbar(row: Any) -> bool:
    """Whether the row has an input, two outputs and a label."""
    return isinstance(row, Mapping) and set(COLUMNS) <= row.keys() and "preference" not in row


def read_llmbar(row: Any, locator: str) -> RowPairs:
    """One pair of one turn with its gold label."""
    if not is_llmbar(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    gold = row["label"]
    if isinstance(gold, bool) or gold not in (1, 2, "1", "2"):
        raise UnusableRowError(NO_VOTE)
    asked = Message("user", checked_text(row["input"]))
    sides = [[asked, Message("assistant", checked_text(row[key]))] for key in ("output_1", "output_2")]
    found = contest(sides[0], sides[1], None, locator, plain_origin(row, locator, COLUMNS).meta)
    given = label(found, GOLD, "first" if int(gold) == 1 else "second", FORMAT, {"data": FORMAT})
    return RowPairs((found.item,), votes=ForeignVotes(labels=(given,)))
