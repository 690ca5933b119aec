"""Votes and verdicts given elsewhere, laid on pairs that lie the same way round whoever was named first.

Neither side of such a pair was built to be better. Which answer is stored as `chosen` follows from the names of the two
systems and, where these are equal or unknown, from the content, so that a vote on (a, b) and one on (b, a) meet on one pair.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from music_core.sources.messages import checked_pair, checked_text
from music_core.sources.rows import NO_SYSTEM, NO_VOTER, ForeignVotes, UnusableRowError
from music_core.types import (
    SIGNED_IN,
    BranchName,
    ContrastPair,
    Conversation,
    GivenLabel,
    LabelChoice,
    LabelEvent,
    Message,
    Order,
    Origin,
    Reading,
    ReadingLabel,
    SourcedPair,
    Verdict,
    VerdictValue,
    content_id,
)

METHOD = "votes"
ELSEWHERE = "elsewhere"
MAX_NAME_CHARS = 200
Outcome = Literal["first", "second", "tie", "both_bad"]
_CHOICES: Mapping[Outcome, LabelChoice] = {"first": "left", "second": "right", "tie": "tie", "both_bad": "both_bad"}


@dataclass(frozen=True, slots=True)
class Judge:
    """An automatic judge as its verdicts name it; `prompt` is the name of the prompt that it was given."""

    name: str
    model: str
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Contest:
    """A pair in its fixed orientation, and which branch the answer is that was named first."""

    item: SourcedPair
    pair_id: str
    first: BranchName

    @property
    def second(self) -> BranchName:
        """The branch of the answer that was named second."""
        return "rejected" if self.first == "chosen" else "chosen"


def contest(
    first: Sequence[Message], second: Sequence[Message], systems: tuple[str, str] | None, locator: str, about: Mapping[str, Any]
) -> Contest:
    """The pair of two whole conversations, by `systems` (None: unknown) in the order in which they were named.

    `locator` may hold {chosen} and {rejected} for the systems' names; `about` is kept in the origin beside `sides`.
    Raises `UnusableRowError` where the conversations give no pair.
    """
    pair = checked_pair(first, second)
    names = systems or ("", "")
    sides = sorted(zip(names, (pair.chosen, pair.rejected), (0, 1), strict=True), key=lambda side: (side[0], side[1].id))
    (name_a, chosen, turned), (name_b, rejected, _) = sides
    meta: dict[str, Any] = {"sides": {"chosen": name_a, "rejected": name_b}, **about} if systems else dict(about)
    made = ContrastPair(Conversation(chosen.messages), Conversation(rejected.messages))
    where = locator.replace("{chosen}", name_a).replace("{rejected}", name_b)
    return Contest(SourcedPair(made, Origin("", where, method=METHOD, meta=meta)), made.id, "rejected" if turned else "chosen")


def name_of(value: Any, missing: str = NO_SYSTEM) -> str:
    """The name of a system or a person: one line of text, or a whole number. Raises `UnusableRowError` with `missing`."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    name = " ".join(checked_text(value).split()) if isinstance(value, str) else ""
    if not 0 < len(name) <= MAX_NAME_CHARS or name.casefold().startswith(SIGNED_IN):
        raise UnusableRowError(missing)
    return name


def label(
    found: Contest, person: Any, outcome: Outcome, fmt: str, shown: Mapping[str, Any], given_at: datetime | None = None
) -> GivenLabel:
    """One person's vote. The person saw two answers without names, the one named first on the left.

    Queue and guideline say that the vote was given under the rules of the data set `fmt`, not under ours. `Ledger` gives the token.
    """
    event = LabelEvent(
        token="",
        pair_id=found.pair_id,
        person=name_of(person, NO_VOTER),
        choice=_CHOICES[outcome],
        left_branch=found.first,
        blind=True,
        queue=f"import:{fmt}",
        guideline=fmt,
        shown=dict(shown),
    )
    return GivenLabel(event, given_at)


def reading(found: Contest, judge: Judge, winner: Outcome | None, shown_first: Literal["first", "second"], raw: str) -> Reading:
    """A judge's answer in one order; `winner` is by the order of naming, None where the answer could not be read."""
    shown: BranchName = found.first if shown_first == "first" else found.second
    order: Order = "chosen_first" if shown == "chosen" else "rejected_first"
    said: ReadingLabel = "unparsed" if winner is None else "tie"
    if winner in ("first", "second"):
        said = "first" if winner == shown_first else "second"
    return Reading(found.pair_id, judge.name, "pairwise", said, checked_text(raw), judge.prompt, ELSEWHERE, judge.model, order)


def verdict(found: Contest, judge: Judge, outcome: Outcome | Literal["inconsistent"] | None, score: float | None = None) -> Verdict:
    """A verdict that was resolved elsewhere and came without its readings; None: it could not be read, so it is unresolved.

    `score` is in favour of the answer named first, in [-1, 1]; by default 1, 0 or -1.
    """
    values: Mapping[str, tuple[VerdictValue, float]] = {
        "first": (found.first, 1.0),
        "second": (found.second, -1.0),
        "inconsistent": ("flip", 0.0),
    }
    if outcome is None:
        return Verdict(found.pair_id, judge.name, "pairwise", "unresolved", None, 0, 0)
    value, plain = values.get(outcome, ("tie", 0.0))
    towards_first = plain if score is None else score
    # Adding zero makes a plain zero of a negative one.
    return Verdict(found.pair_id, judge.name, "pairwise", value, (towards_first if found.first == "chosen" else -towards_first) + 0.0, 0, 0)


class Ledger:
    """Collects the votes of one import and tells pairs that came before.

    A label without a token gets one made of who said what on which pair for the how-manieth time, so that importing again,
    or with the two answers the other way round, gives the same tokens.
    """

    def __init__(self) -> None:
        self._labels: list[GivenLabel] = []
        self._readings: list[Reading] = []
        self._verdicts: list[Verdict] = []
        self._times: Counter[tuple[str, str]] = Counter()
        self._origins: set[str] = set()
        self._pairs: set[str] = set()

    def add(self, votes: ForeignVotes) -> None:
        """Take the votes of one row."""
        self._labels += [self._with_token(given) for given in votes.labels]
        self._readings += votes.readings
        self._verdicts += votes.verdicts

    def new_pairs(self, items: Sequence[SourcedPair]) -> tuple[list[SourcedPair], int]:
        """Those of `items` that bring another pair or another two systems, and how many pairs are new among them."""
        fresh, n_before = [], len(self._pairs)
        for item in items:
            pair_id = item.pair.id
            key = content_id("k", [pair_id, item.origin.meta.get("sides")])
            if key not in self._origins:
                fresh.append(item)
            self._origins.add(key)
            self._pairs.add(pair_id)
        return fresh, len(self._pairs) - n_before

    def votes(self) -> ForeignVotes:
        """Everything so far, in the order in which it came."""
        return ForeignVotes(tuple(self._labels), tuple(self._readings), tuple(self._verdicts))

    def _with_token(self, given: GivenLabel) -> GivenLabel:
        event = given.event
        if event.token:
            return given
        before = self._times[event.pair_id, event.person]
        self._times[event.pair_id, event.person] += 1
        said = event.value if event.choice in ("left", "right") else event.choice
        return replace(given, event=replace(event, token=content_id("v", [event.pair_id, event.person, said, before])))
