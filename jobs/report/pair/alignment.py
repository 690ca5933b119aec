"""Two conversations laid beside each other, turn by turn. Pure functions of values."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from music_core.types import Conversation, Message, normalise


@dataclass(frozen=True, slots=True)
class Row:
    """Two messages at the same place; one of them is missing where a side has fewer."""

    left: Message | None
    right: Message | None

    @property
    def same(self) -> bool:
        """Both sides hold the same message."""
        if self.left is None or self.right is None or self.left.role != self.right.role:
            return False
        a, b = self.left.content, self.right.content
        return a == b or normalise(a) == normalise(b)


@dataclass(frozen=True, slots=True)
class AlignedTurn:
    """The rows of one turn (from 1; 0 is a system message before it)."""

    turn: int
    rows: tuple[Row, ...]

    @property
    def same(self) -> bool:
        """All messages of this turn are the same on both sides."""
        return all(row.same for row in self.rows)


def turns_of(conversation: Conversation) -> dict[int, list[Message]]:
    """Messages by turn: 0 the system messages at the start, then up to and including each reply.

    Messages after the last reply form one more turn without a reply.
    """
    turns: dict[int, list[Message]] = {}
    turn = 1
    for message in conversation.messages:
        at_start = message.role == "system" and not turns.get(1)
        turns.setdefault(0 if at_start else turn, []).append(message)
        if message.role == "assistant":
            turn += 1
    return turns


def _rows(left: Sequence[Message], right: Sequence[Message]) -> tuple[Row, ...]:
    """Replies face replies, whatever number of messages precede them."""
    rows: list[Row] = []
    for wanted in (False, True):
        sides = ([m for m in side if (m.role == "assistant") is wanted] for side in (left, right))
        rows += [Row(a, b) for a, b in zip_longest(*sides)]
    return tuple(rows)


def align(left: Conversation, right: Conversation) -> tuple[AlignedTurn, ...]:
    """All turns of both conversations in order, each with its messages beside each other."""
    a, b = turns_of(left), turns_of(right)
    return tuple(AlignedTurn(turn, _rows(a.get(turn, []), b.get(turn, []))) for turn in sorted(set(a) | set(b)))


def shared_prefix(turns: Sequence[AlignedTurn]) -> int:
    """How many leading entries of `turns` are the same on both sides."""
    return next((i for i, turn in enumerate(turns) if not turn.same), len(turns))
