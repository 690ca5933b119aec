"""What a row becomes, why a row is dropped, and how a whole import is counted."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from music_core.types import GivenLabel, Reading, SourcedChat, SourcedPair, Verdict

# Reasons are part of the reports that people compare over time: never reword one that exists.
NOT_AN_OBJECT = "row is not an object"
NOT_THIS_FORMAT = "not a row of this format"
DUPLICATE_KEYS = "duplicate keys"
NOT_TEXT = "message is not text"
UNKNOWN_ROLE = "unknown role"
TOOL_MESSAGE = "tool messages are not supported"
EMPTY_MESSAGE = "empty message"
NO_MESSAGES = "no messages"
ROLE_ORDER = "role order broken"
ENDS_WITH_USER = "ends with a user message"
OPENINGS_DIFFER = "openings differ"
IDENTICAL = "identical conversations"
NO_SHARED_PROMPT = "no shared prompt"
PROMPT_DIFFERS = "prompt differs from the conversation"
NOT_UNICODE = "text is not valid Unicode"
HOLDS_NUL = "text holds a NUL character"
BAD_MUSIC = "malformed music object"
NOT_JSON = "value is not plain JSON"
NO_RANKED_SIBLINGS = "no ranked siblings"
TREE_ABORTED = "tree was aborted"
DELETED = "deleted message"
UNREVIEWED = "message without a passed review"
WITHOUT_RANK = "message without a rank"
EQUAL_RANKS = "siblings of equal rank"
TOO_MANY_SIBLINGS = "too many ranked siblings"
NO_ANSWER = "answer of a system is missing"
NO_QUESTION = "question is missing"
NO_SYSTEM = "system without a name"
UNKNOWN_TURN = "unknown turn"
UNKNOWN_WINNER = "unknown winner"
NO_VOTER = "vote without a voter"
NO_VOTE = "no vote on the pair"
NOT_PAIRWISE = "judge did not compare two answers"
BAD_LABEL = "malformed label"
NO_PREFERENCE = "no preference given"
NO_SIDE = "no side is preferred"
WRONG_SCORES = "scores contradict the sides"
EQUAL_SCORES = "responses of equal score"
WITHOUT_SCORE = "response without a score"
ONE_RESPONSE = "only one response to the prompt"


class UnusableRowError(Exception):
    """This row gives no pair; `reason` is one of the short sentences above. Never leaves `sources`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ForeignVotes:
    """What people and judges said elsewhere. Readings are not resolved here; `verdicts` are those that came without readings."""

    labels: tuple[GivenLabel, ...] = ()
    readings: tuple[Reading, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    def __bool__(self) -> bool:
        """Whether anybody said anything."""
        return bool(self.labels or self.readings or self.verdicts)


@dataclass(frozen=True, slots=True)
class RowPairs:
    """The pairs of one usable row, and the votes on them; `left_out` counts parts of it that gave none, by reason.

    `chats` are conversations without a counterpart.
    """

    pairs: tuple[SourcedPair, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    votes: ForeignVotes = field(default_factory=ForeignVotes)
    chats: tuple[SourcedChat, ...] = ()

    @property
    def n_pairs(self) -> int:
        """Different pairs: one pair with two origins is one."""
        return len(self.pairs) if len(self.pairs) < 2 else len({s.pair.id for s in self.pairs})


# One row, as its file holds it, and its locator in; raises `UnusableRowError` when it gives no pair.
RowFormat = Callable[[Any, str], RowPairs]
RowResult = RowPairs | UnusableRowError


@dataclass(frozen=True, slots=True)
class GroupFormat:
    """For formats whose pairs lie across rows: rows in succession that have the same `key` are read together.

    A row of key None stands alone. `read` takes rows with their locators and says what became of each, in their order.
    """

    key: Callable[[Any], Hashable | None]
    read: Callable[[Sequence[tuple[Any, str]]], Sequence[RowResult]]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Counts of one import; rows = rows_used + sum(dropped), always.

    `pairs` counts what the used rows gave, `left_out` parts of used rows that gave nothing (a deleted reply in a tree),
    `chats` conversations without a counterpart.
    """

    rows: int = 0
    rows_used: int = 0
    pairs: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    chats: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON types, reasons most frequent first."""
        return {
            "rows": self.rows,
            "rows_used": self.rows_used,
            "pairs": self.pairs,
            "chats": self.chats,
            "dropped": dict(Counter(self.dropped).most_common()),
            "left_out": dict(Counter(self.left_out).most_common()),
        }
