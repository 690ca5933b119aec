"""UltraFeedback (Cui et al., arXiv 2310.01377): four replies to an instruction with scores by GPT-4, and its binarized form.

Every two replies of different `overall_score` are a pair, as in the authors' reward model; scores and models are kept, so that
the best can be picked out. The binarized form (HuggingFaceH4/ultrafeedback_binarized) has the two sides already.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from music_core.sources.messages import checked_text
from music_core.sources.origins import plain_origin
from music_core.sources.rows import (
    NO_SIDE,
    NOT_THIS_FORMAT,
    ONE_RESPONSE,
    WITHOUT_SCORE,
    WRONG_SCORES,
    RowPairs,
    UnusableRowError,
)
from music_core.sources.scored import Comparison, compare, number
from music_core.sources.trl import is_trl, read_trl
from music_core.types import Message, Origin, SourcedPair

FORMAT = "ultrafeedback"
COLUMNS = ("instruction", "completions")
SCORES = ("score_chosen", "score_rejected")
# Pairs grow with the square of the replies; the data set has four.
MAX_REPLIES = 60


def is_ultrafeedback(row: Any) -> bool:
    """Whether the row has an instruction with completions, or both sides with their scores."""
    return _is_scored(row) or (isinstance(row, Mapping) and set(SCORES) <= row.keys() and row.get("music") is None and is_trl(row))


def read_ultrafeedback(row: Any, locator: str) -> RowPairs:
    """All pairs of one instruction, or the one of a binarized row; a tie gives none."""
    if not is_ultrafeedback(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    return _scored(row, locator) if _is_scored(row) else _binarized(row, locator)


def _is_scored(row: Any) -> bool:
    return isinstance(row, Mapping) and isinstance(row.get("completions"), list) and "instruction" in row


def _binarized(row: Mapping[str, Any], locator: str) -> RowPairs:
    chosen, rejected = (number(row[k]) for k in SCORES)
    if chosen is not None and rejected is not None:
        if chosen == rejected:
            raise UnusableRowError(NO_SIDE)
        if chosen < rejected:
            raise UnusableRowError(WRONG_SCORES)
    return read_trl(row, locator)


def _scored(row: Mapping[str, Any], locator: str) -> RowPairs:
    context = [Message("user", checked_text(row["instruction"]))]
    left_out: Counter[str] = Counter()
    replies: list[tuple[Mapping[str, Any], float]] = []
    for completion in row["completions"][:MAX_REPLIES]:
        score = number(completion.get("overall_score")) if isinstance(completion, Mapping) else None
        if score is None:
            left_out[WITHOUT_SCORE] += 1
        else:
            replies.append((completion, score))
    pairs: list[SourcedPair] = []
    origin = plain_origin(row, locator, COLUMNS)
    for two in compare(context, [(completion.get("response"), score) for completion, score in replies]):
        if two.pair is None:
            left_out[two.reason] += 1
        else:
            pairs.append(SourcedPair(two.pair, _origin(origin, replies, two)))
    if not pairs:
        raise UnusableRowError(left_out.most_common(1)[0][0] if left_out else ONE_RESPONSE)
    return RowPairs(tuple(pairs), left_out)


def _origin(row: Origin, replies: list[tuple[Mapping[str, Any], float]], two: Comparison) -> Origin:
    """The row's origin with the places, scores and models of the better and the worse reply."""
    sides = [replies[two.better], replies[two.worse]]
    meta: dict[str, Any] = {**row.meta, "scores": [score for _, score in sides]}
    models = [completion.get("model") for completion, _ in sides]
    if all(isinstance(m, str) for m in models):
        meta["models"] = [checked_text(m) for m in models]
    return replace(row, locator=f"{row.locator}/{two.better + 1}>{two.worse + 1}", meta=meta)
