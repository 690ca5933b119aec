"""NVIDIA's HelpSteer sets: ratings (HelpSteer, HelpSteer2, arXiv 2406.08673) and preferences (arXiv 2410.01257, 2505.11475).

A row of ratings holds one response; those to one prompt stand one after the other, and every two of different helpfulness are a
pair. A row of preferences holds both responses and a strength from -3 (the first is much better) to 3; 0 is a tie.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from music_core.sources.messages import checked_pair, checked_text, read_messages
from music_core.sources.origins import plain_origin
from music_core.sources.rows import (
    NO_PREFERENCE,
    NO_SIDE,
    NOT_THIS_FORMAT,
    ONE_RESPONSE,
    WITHOUT_SCORE,
    GroupFormat,
    RowPairs,
    RowResult,
    UnusableRowError,
)
from music_core.sources.scored import Comparison, compare, number
from music_core.types import ContrastPair, Message, Role, SourcedPair

FORMAT = "helpsteer"
ATTRIBUTES = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
# HelpSteer2's names, then HelpSteer3's: context, the two responses, the strength.
PREFERENCES = (("prompt", "response_1", "response_2", "preference_strength"), ("context", "response1", "response2", "overall_preference"))
STRENGTHS = (-3, -2, -1, 0, 1, 2, 3)
# A prompt of several turns is one text with these marks before all turns but the first.
_TURN = re.compile(r"\n?<extra_id_1>(User|Assistant)\n")
_ROLE: Mapping[str, Role] = {"User": "user", "Assistant": "assistant"}


def is_helpsteer(row: Any) -> bool:
    """Whether the row holds a rated response, or two and a preference."""
    return isinstance(row, Mapping) and (_is_rating(row) or any(set(names) <= row.keys() for names in PREFERENCES))


def read_helpsteer(row: Any, locator: str) -> RowPairs:
    """The pair of one row of preferences; a rating that stands alone gives none."""
    if not is_helpsteer(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    if _is_rating(row):
        raise UnusableRowError(ONE_RESPONSE)
    context, first, second, strength = next(names for names in PREFERENCES if set(names) <= row.keys())
    said = row[strength]
    if isinstance(said, bool) or said not in STRENGTHS:
        raise UnusableRowError(NO_PREFERENCE)
    if said == 0:
        raise UnusableRowError(NO_SIDE)
    before = _context(row[context])
    better, worse = (second, first) if said > 0 else (first, second)
    sides = [[*before, Message("assistant", checked_text(row[key]))] for key in (better, worse)]
    origin = plain_origin(row, locator, (context, first, second))
    return RowPairs((SourcedPair(checked_pair(sides[0], sides[1]), origin),))


def _is_rating(row: Mapping[str, Any]) -> bool:
    return {"prompt", "response", "helpfulness"} <= row.keys()


def _context(value: Any) -> list[Message]:
    if not isinstance(value, str):
        return read_messages(value)
    first, *rest = _TURN.split(checked_text(value))
    return [Message("user", first), *(Message(_ROLE[name], text) for name, text in zip(rest[::2], rest[1::2], strict=True))]


def _prompt(row: Any) -> str | None:
    return row["prompt"] if is_helpsteer(row) and _is_rating(row) and isinstance(row["prompt"], str) else None


def _read_ratings(rows: Sequence[tuple[Any, str]]) -> list[RowResult]:
    """What became of each of the rows to one prompt: a row in no pair is dropped, a pair is counted with the later row."""
    scores = [number(row["helpfulness"]) for row, _ in rows]
    rated = [k for k, score in enumerate(scores) if score is not None]
    try:
        context = _context(rows[0][0]["prompt"])
    except UnusableRowError as e:
        return [e for _ in rows]
    found = list(compare(context, [(rows[k][0]["response"], scores[k] or 0.0) for k in rated]))
    used = {rated[k] for two in found if two.pair for k in (two.better, two.worse)}
    return [_rating(rows, k, rated, found, used) for k in range(len(rows))]


def _rating(rows: Sequence[tuple[Any, str]], k: int, rated: Sequence[int], found: Sequence[Comparison], used: set[int]) -> RowResult:
    if k not in rated:
        return UnusableRowError(WITHOUT_SCORE)
    mine = [two for two in found if k in (rated[two.better], rated[two.worse])]
    if k not in used:
        reasons = Counter(two.reason for two in mine)
        return UnusableRowError(reasons.most_common(1)[0][0] if reasons else ONE_RESPONSE)
    ended = [two for two in mine if max(rated[two.better], rated[two.worse]) == k]
    pairs = tuple(_sourced(two.pair, rows[rated[two.better]], rows[rated[two.worse]]) for two in ended if two.pair)
    left_out = Counter(two.reason for two in ended if not two.pair and {rated[two.better], rated[two.worse]} <= used)
    return RowPairs(pairs, left_out)


def _sourced(pair: ContrastPair, better: tuple[Any, str], worse: tuple[Any, str]) -> SourcedPair:
    """The pair with all five ratings of the better and the worse response."""
    (one, locator), (other, below) = better, worse
    scores = {name: [number(one.get(name)), number(other.get(name))] for name in ATTRIBUTES}
    origin = plain_origin(one, f"{locator}>{below}", ("prompt", "response", *ATTRIBUTES))
    return SourcedPair(pair, replace(origin, meta={**origin.meta, "scores": scores}))


GROUP = GroupFormat(_prompt, _read_ratings)
