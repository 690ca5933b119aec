"""Contrast pairs of a synthetic store: sources, runs, schedules, lengths and divergences spread as in a store that was used."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from benchmarks.synthetic.text import Passages
from music_core.types import Contrast, ContrastPair, Conversation, Message, Origin, SourcedPair

SCHEDULES = ("all_turns", "last_turn", "random_turn", "first_turn")
RUNS = tuple(f"run-generate-{k}" for k in range(8))
# Source, its share, and whether a run of our own generated it.
SOURCES: tuple[tuple[str, int, bool], ...] = (
    ("generated", 60, True),
    ("harmless_base", 18, False),
    ("ultrafeedback", 10, False),
    ("support_chats", 7, False),
    ("arena", 5, False),
)
# Turns a side with their shares: three on average, which makes six messages.
TURNS: tuple[tuple[int, int], ...] = ((1, 10), (2, 20), (3, 40), (4, 20), (5, 10))
NEW_SEED_SHARE = 0.75


@dataclass
class PairMaker:
    """Yields pairs for ever; some share their opening with the pair before."""

    random: Random
    passages: Passages

    def pairs(self) -> Iterator[SourcedPair]:
        """The next pairs."""
        opening, k = "", 0
        while True:
            if not opening or self.random.random() < NEW_SEED_SHARE:
                opening = self.passages.one(self.random)
            pair, divergence = self._pair(opening)
            yield SourcedPair(pair, self._origin(k, divergence))
            k += 1

    def _pair(self, opening: str) -> tuple[ContrastPair, int]:
        n_turns = self.random.choices([n for n, _ in TURNS], [w for _, w in TURNS])[0]
        divergence = self.random.randint(1, n_turns)
        shared = [Message("user", opening)]
        for _ in range(divergence - 1):
            shared += [Message("assistant", self._text()), Message("user", self._text())]
        sides = [Conversation((*shared, *self._rest(n_turns - divergence))) for _ in range(2)]
        return ContrastPair(sides[0], sides[1]), divergence

    def _rest(self, n_more: int) -> Iterator[Message]:
        yield Message("assistant", self._text())
        for _ in range(n_more):
            yield Message("user", self._text())
            yield Message("assistant", self._text())

    def _text(self) -> str:
        return self.passages.one(self.random)

    def _origin(self, k: int, divergence: int) -> Origin:
        source, _, generated = self.random.choices(SOURCES, [w for _, w, _ in SOURCES])[0]
        if source == "arena":
            return Origin(source, str(k), method="votes", meta={"sides": {"chosen": "system A", "rejected": "system B"}})
        if not generated:
            return Origin(source, str(k))
        method, contrast = self.random.choice(("one_call", "two_call")), Contrast(divergence, "Answer the question beside the one asked.")
        return Origin(source, str(k), self.random.choice(RUNS), method, self.random.choice(SCHEDULES), (contrast,))
