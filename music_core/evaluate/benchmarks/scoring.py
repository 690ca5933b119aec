"""From items to rewards: every different conversation is scored once; what cannot be scored is counted by group."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from music_core.evaluate.benchmarks.items import Item
from music_core.types import Conversation

NOT_A_NUMBER = "not_a_number"


@dataclass(frozen=True, slots=True)
class Unscored:
    """Stands for a reward that a model could not give; `problem` says why (too_long, template_refused, …)."""

    problem: str


Scorer = Callable[[Sequence[Conversation]], Sequence[float | Unscored]]
"""Rewards of whole conversations, in order. A function that returns plain numbers is one."""


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """An item and the reward of each of its conversations."""

    item: Item
    rewards: tuple[float, ...]

    @property
    def good(self) -> tuple[float, ...]:
        """Rewards of the right answers."""
        return self.rewards[: self.item.n_good]

    @property
    def bad(self) -> tuple[float, ...]:
        """Rewards of the wrong answers."""
        return self.rewards[self.item.n_good :]

    @property
    def tied(self) -> bool:
        """Whether the best right and the best wrong answer have the same reward, so that the model does not tell them apart."""
        return max(self.good) == max(self.bad)


@dataclass(frozen=True, slots=True)
class ScoredItems:
    """Items whose conversations all have a reward, and how many of each group have not, by reason."""

    items: tuple[ScoredItem, ...]
    unscored: Mapping[str, Mapping[str, int]]


def score_items(items: Sequence[Item], scorer: Scorer) -> ScoredItems:
    """Score all conversations of `items` in one call of `scorer`.

    An item is left out and counted when one of its conversations has no reward or none that is finite: an item with half of
    its answers would be an easier one. Raises `ValueError` when the scorer gives another number of rewards than was asked for.
    """
    different = {i: c for item in items for i, c in zip(item.conversation_ids, item.conversations, strict=True)}
    values = scorer(list(different.values()))
    if len(values) != len(different):
        raise ValueError(f"{len(different)} conversations were to be scored, and {len(values)} rewards came back")
    rewards = {i: _checked(v) for i, v in zip(different, values, strict=True)}
    scored: list[ScoredItem] = []
    unscored: dict[str, Counter[str]] = {}
    for item in items:
        found = [rewards[i] for i in item.conversation_ids]
        numbers = tuple(v for v in found if not isinstance(v, Unscored))
        if len(numbers) == len(found):
            scored.append(ScoredItem(item, numbers))
            continue
        problem = next(v.problem for v in found if isinstance(v, Unscored))
        unscored.setdefault(item.group, Counter())[problem] += 1
    return ScoredItems(tuple(scored), {group: dict(n) for group, n in unscored.items()})


def _checked(value: float | Unscored) -> float | Unscored:
    return value if isinstance(value, Unscored) or math.isfinite(value) else Unscored(NOT_A_NUMBER)
