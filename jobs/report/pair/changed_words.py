"""Which words of two messages differ. Pure, and bounded: what would take too long is compared by lines, or not at all."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import Match, SequenceMatcher
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from jobs.report.markup import visible

Stretch = tuple[int, int]
Unit = Literal["word", "line", "none"]
# One step is one candidate match that `difflib` looks at; texts made to be slow take the square of their length of them.
MOST_UNITS = 6_000
MOST_STEPS = 1_500_000
# Longer messages are not even cut into words.
MOST_CHARS = 400_000
# Scripts written without spaces are compared sign by sign.
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"(?:[{_UNSPACED}]|[^\W{_UNSPACED}]+(?:['’][^\W{_UNSPACED}]+)*|[^\w\s])\s*|\s+")


@dataclass(frozen=True, slots=True)
class Changes:
    """What each of two texts has alone: stretches (start, end) in characters, in order, and how many of its units that is.

    `unit` says what was compared; with `none` the texts were too long, and nothing is known.
    """

    left: tuple[Stretch, ...] = ()
    right: tuple[Stretch, ...] = ()
    unit: Unit = "none"
    n_left: tuple[int, int] = (0, 0)
    n_right: tuple[int, int] = (0, 0)
    effort: int = 0


NOT_COMPARED = Changes()


def words_of(text: str) -> list[str]:
    """The text cut into words and signs, each with the white space behind it; joined they are the text."""
    return _WORD.findall(text)


def lines_of(text: str) -> list[str]:
    """The text cut into lines, each with its end; joined they are the text."""
    return text.splitlines(keepends=True)


def _shared_ends(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """How many units are the same at the beginning, and of the others at the end."""
    most = min(len(a), len(b))
    head = next((i for i in range(most) if a[i] != b[i]), most)
    tail = next((i for i in range(most - head) if a[-1 - i] != b[-1 - i]), most - head)
    return head, tail


class _TooLongError(Exception):
    """The steps are used up."""


class _Bounded(SequenceMatcher[str]):
    """A `SequenceMatcher` that gives up after MOST_STEPS, with `_TooLongError`; `used` counts its steps."""

    a: Sequence[str]
    b: Sequence[str]

    def __init__(self, a: Sequence[str], b: Sequence[str]) -> None:
        super().__init__(None, a, b, autojunk=False)
        in_b = Counter(b)
        self.used = 0
        self._steps_before = [0, *accumulate(1 + in_b[unit] for unit in a)]

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """As the library's, counted."""
        self.used += self._steps_before[len(self.a) if ahi is None else ahi] - self._steps_before[alo]
        if self.used > MOST_STEPS:
            raise _TooLongError
        return super().find_longest_match(alo, ahi, blo, bhi)


def _differing(codes: Sequence[tuple[str, int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """(start and end in a, start and end in b) of what differs; a single unit between two exchanged parts counts as exchanged."""
    out = []
    for k, (tag, i1, i2, j1, j2) in enumerate(codes):
        island = 0 < k < len(codes) - 1 and i2 - i1 == 1 and codes[k - 1][0] == codes[k + 1][0] == "replace"
        if tag != "equal" or island:
            out.append((i1, i2, j1, j2))
    return out


def _stretches(units: Sequence[str], parts: Sequence[tuple[int, int]]) -> tuple[Stretch, ...]:
    """Parts (in units) as stretches of characters: those that touch are joined, white space at an end is left out."""
    at = [0, *accumulate(len(unit) for unit in units)]
    joined: list[list[int]] = []
    for first, last in parts:
        if joined and joined[-1][1] == first:
            joined[-1][1] = last
        elif last > first:
            joined.append([first, last])
    out = []
    for first, last in joined:
        length = len("".join(units[first:last]).rstrip())
        if length:
            out.append((at[first], at[first] + length))
    return tuple(out)


def _compare(left: Sequence[str], right: Sequence[str], unit: Unit) -> Changes | None:
    """The changes in these units; None where it would take too long."""
    a, b = [u.strip() for u in left], [u.strip() for u in right]
    head, tail = _shared_ends(a, b)
    matcher = _Bounded(a[head : len(a) - tail], b[head : len(b) - tail])
    if max(len(matcher.a), len(matcher.b)) > MOST_UNITS:
        return None
    try:
        parts = _differing(matcher.get_opcodes())
    except _TooLongError:
        return None
    mine, theirs = [(head + i1, head + i2) for i1, i2, _, _ in parts], [(head + j1, head + j2) for _, _, j1, j2 in parts]
    n_left, n_right = (sum(end - start for start, end in side) for side in (mine, theirs))
    return Changes(_stretches(left, mine), _stretches(right, theirs), unit, (n_left, len(a)), (n_right, len(b)), matcher.used)


@lru_cache(maxsize=128)
def changed_words(left: str, right: str) -> Changes:
    """What `left` and `right` have alone, by words; long texts by lines; very long ones not at all."""
    if max(len(left), len(right)) > MOST_CHARS:
        return NOT_COMPARED
    by_word = _compare(words_of(left), words_of(right), "word")
    if by_word:
        return by_word
    return replace(_compare(lines_of(left), lines_of(right), "line") or NOT_COMPARED, effort=MOST_STEPS)


def _pieces(start: int, end: int, stretches: Sequence[Stretch]) -> Iterator[tuple[bool, int, int]]:
    at = start
    for first, last in stretches:
        if last <= at or first >= end:
            continue
        if first > at:
            yield False, at, first
        at = min(last, end)
        yield True, max(first, start), at
    if at < end:
        yield False, at, end


def marked(text: str, stretches: Sequence[Stretch], start: int = 0, end: int | None = None) -> str:
    """HTML of `text[start:end]` as it was written, its stretches marked for the eye and for screen readers."""
    out = ""
    for only_here, first, last in _pieces(start, len(text) if end is None else min(end, len(text)), stretches):
        shown = visible(text[first:last])
        if only_here:
            shown = f'<mark class="mw-word"><span class="mw-sr"> (only here: </span>{shown}<span class="mw-sr">) </span></mark>'
        out += shown
    return out


def summary(changes: Changes, side: Literal["left", "right"]) -> str:
    """What is marked on a side, in words."""
    if changes.unit == "none":
        return "Too long to compare word by word: nothing is marked."
    n, total = changes.n_left if side == "left" else changes.n_right
    if changes.unit == "line":
        return f"Too long to compare word by word: {n:,} of {total:,} lines are only here."
    return f"{n:,} of {total:,} words and signs are only here."
