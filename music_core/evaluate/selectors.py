"""Selectors: what picks one of N conversations. A selector is a score; the highest wins, the earlier one where scores are equal.

Scores see the conversation alone, so a selector picks the same one whatever it is compared with, and the pick among the first N
is a function of the first N.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from music_core.simulate.draws import share
from music_core.types import Conversation

Scorer = Callable[[Sequence[Conversation]], Sequence[float | None]]
"""One score for each conversation, in order; None where a conversation cannot be scored, which then is not picked."""

RANDOM, LONGEST, FIRST = "random", "longest", "first"
BASELINES: Mapping[str, str] = {
    RANDOM: "one at random: what a selector is worth at all",
    LONGEST: "the one with the most characters by the assistant: length alone",
    FIRST: "the first drawn: no selection",
}


def baseline(name: str, seed: int) -> Scorer:
    """The scorer of one of `BASELINES`; `seed` decides what `random` picks. Raises `KeyError` for another name."""
    scorers: Mapping[str, Scorer] = {
        # A draw by content: each of N different conversations is equally likely to have the highest.
        RANDOM: lambda conversations: [share(seed, RANDOM, c.id) for c in conversations],
        LONGEST: lambda conversations: [float(n_assistant_chars(c)) for c in conversations],
        FIRST: lambda conversations: [0.0] * len(conversations),
    }
    return scorers[name]


def n_assistant_chars(conversation: Conversation) -> int:
    """Characters of all replies."""
    return sum(len(m.content) for m in conversation.messages if m.role == "assistant")


class Best(NamedTuple):
    """Position of the highest score; `tied` says that another had the same."""

    at: int
    tied: bool


def best(scores: Sequence[float | None]) -> Best | None:
    """Where the highest score stands, the first of equal ones; None where nothing has a score. NaN counts as no score."""
    known = [(s, i) for i, s in enumerate(scores) if s is not None and not math.isnan(s)]
    if not known:
        return None
    top = max(s for s, _ in known)
    at = [i for s, i in known if s == top]
    return Best(at[0], len(at) > 1)
