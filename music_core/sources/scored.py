"""Replies to one prompt that came with scores: every two of different score are a pair."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from typing import Any

from music_core.sources.messages import checked_pair, checked_text
from music_core.sources.origins import MAX_INT
from music_core.sources.rows import EQUAL_SCORES, UnusableRowError
from music_core.types import ContrastPair, Message


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two replies by their positions, the better one first: their pair, or the reason why they give none."""

    better: int
    worse: int
    pair: ContrastPair | None
    reason: str = ""


def number(value: Any) -> float | None:
    """`value`, if it is a number that can be compared."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < MAX_INT and isfinite(value) else None


def compare(context: Sequence[Message], replies: Sequence[tuple[Any, float]]) -> Iterator[Comparison]:
    """Every two of `replies` (text and score) to `context`, in their order."""
    for i, j in combinations(range(len(replies)), 2):
        better, worse = (i, j) if replies[i][1] >= replies[j][1] else (j, i)
        try:
            yield Comparison(better, worse, _pair(context, replies[better], replies[worse]))
        except UnusableRowError as e:
            yield Comparison(better, worse, None, e.reason)


def _pair(context: Sequence[Message], better: tuple[Any, float], worse: tuple[Any, float]) -> ContrastPair:
    if better[1] == worse[1]:
        raise UnusableRowError(EQUAL_SCORES)
    sides = [[*context, Message("assistant", checked_text(text))] for text, _ in (better, worse)]
    return checked_pair(sides[0], sides[1])
