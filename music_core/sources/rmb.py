"""Pairwise rows of RMB (Zhou et al., arXiv 2410.09893): a conversation that ends with the user, then two models' answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from music_core.sources.messages import checked_pair, checked_text, read_messages
from music_core.sources.origins import plain_origin
from music_core.sources.rows import NO_ANSWER, NOT_THIS_FORMAT, RowPairs, UnusableRowError
from music_core.sources.scored import number
from music_core.types import Message, SourcedPair

FORMAT = "rmb"
COLUMNS = ("conversation_input", "chosen", "reject")


def is_rmb(row: Any) -> bool:
    """Whether the row has RMB's columns."""
    return isinstance(row, Mapping) and set(COLUMNS) <= row.keys() and isinstance(row["conversation_input"], list)


def read_rmb(row: Any, locator: str) -> RowPairs:
    """One pair with all turns of the conversation; category, id, models and scores are kept in its origin."""
    if not is_rmb(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    answers = [row[key] for key in ("chosen", "reject")]
    if not all(isinstance(a, Mapping) and a.get("answer") is not None for a in answers):
        raise UnusableRowError(NO_ANSWER)
    before = read_messages(row["conversation_input"])
    sides = [[*before, Message("assistant", checked_text(a["answer"]))] for a in answers]
    origin = plain_origin(row, locator, COLUMNS)
    meta = dict(origin.meta)
    if all(isinstance(a.get("llm_name"), str) for a in answers):
        meta["models"] = [checked_text(a["llm_name"]) for a in answers]
    if all(number(a.get("score")) is not None for a in answers):
        meta["scores"] = [number(a["score"]) for a in answers]
    return RowPairs((SourcedPair(checked_pair(sides[0], sides[1]), replace(origin, meta=meta)),))
