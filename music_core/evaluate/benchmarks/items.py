"""One prompt of a benchmark with its answers, read from a row; a row that cannot be used keeps its reason."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from music_core.types import Conversation, Message, Seed, content_id, conversation

# Reasons are part of the reports that people compare over time: never reword one that exists.
NOT_THIS_BENCHMARK = "not a row of this benchmark"
NOT_TEXT = "message is not text"
NOT_UNICODE = "text is not valid Unicode"
BAD_PROMPT = "prompt does not end with a user message"
UNKNOWN_GROUP = "unknown subset"
WRONG_ANSWERS = "wrong number of answers"
REPEATED = "repeated row"


class UnusableRowError(Exception):
    """This row gives no item; `reason` is one of the short sentences above."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Item:
    """A prompt with its answers as whole conversations: the first `n_good` are right, the others wrong.

    `locator` is the benchmark's own id of the row, `group` its subset, domain or source. `facts` are other values of the row.
    """

    locator: str
    group: str
    conversations: tuple[Conversation, ...]
    n_good: int
    facts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def conversation_ids(self) -> tuple[str, ...]:
        """Content ids of the conversations, in order."""
        return tuple(c.id for c in self.conversations)

    @cached_property
    def key(self) -> str:
        """Content id (`b_…`), so that the same row in two files, or twice in one, is one item."""
        return content_id("b", [self.locator, self.group, self.n_good, self.conversation_ids])

    @cached_property
    def seed_id(self) -> str:
        """Id of the opening that all answers share: what intervals are clustered on."""
        return Seed(self.conversations[0]).id


RowReader = Callable[[Mapping[str, Any]], Item]
"""Makes an item of one row; raises `UnusableRowError`."""


@dataclass(frozen=True, slots=True)
class ReadItems:
    """What a file gave: rows = len(items) + Σ dropped, always."""

    items: tuple[Item, ...]
    rows: int
    dropped: Mapping[str, int]


def read_items(rows: Iterable[Mapping[str, Any]], read: RowReader) -> ReadItems:
    """The items of all rows, in order; a row that says what an earlier one said is dropped."""
    items: dict[str, Item] = {}
    dropped: Counter[str] = Counter()
    for row in rows:
        try:
            item = read(row)
        except UnusableRowError as e:
            dropped[e.reason] += 1
            continue
        if item.key in items:
            dropped[REPEATED] += 1
            continue
        items[item.key] = item
    return ReadItems(tuple(items.values()), len(items) + dropped.total(), dict(dropped))


def checked_text(value: Any) -> str:
    """`value`, if it is text that a tokenizer can take. An empty answer is an answer: the authors score it too."""
    if not isinstance(value, str):
        raise UnusableRowError(NOT_TEXT)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnusableRowError(NOT_UNICODE) from None
    return value


def read_prompt(value: Any) -> tuple[Message, ...]:
    """The messages before the answer: one user message from text, or a list of {role, content} that ends with the user's."""
    if isinstance(value, str):
        return (Message("user", checked_text(value)),)
    if not isinstance(value, Sequence) or not value or not all(isinstance(m, Mapping) for m in value):
        raise UnusableRowError(NOT_THIS_BENCHMARK)
    try:
        messages = conversation([(m.get("role"), checked_text(m.get("content"))) for m in value]).messages
    except ValueError:
        raise UnusableRowError(BAD_PROMPT) from None
    turns = messages[1:] if messages[0].role == "system" else messages
    if len(turns) % 2 == 0 or any(m.role != ("user" if i % 2 == 0 else "assistant") for i, m in enumerate(turns)):
        raise UnusableRowError(BAD_PROMPT)
    return messages


def with_answers(prompt: Any, answers: Sequence[Any]) -> tuple[Conversation, ...]:
    """The whole conversation of every answer to `prompt`."""
    before = read_prompt(prompt)
    return tuple(Conversation((*before, Message("assistant", checked_text(a)))) for a in answers)


def needs(row: Mapping[str, Any], *columns: str) -> None:
    """Refuse a row without one of `columns`."""
    if any(row.get(c) is None for c in columns):
        raise UnusableRowError(NOT_THIS_BENCHMARK)


def text_list(value: Any) -> list[Any]:
    """`value`, if it is a list; its elements are checked where they become messages."""
    if not isinstance(value, list | tuple):
        raise UnusableRowError(NOT_THIS_BENCHMARK)
    return list(value)
