"""A conversation that a person has with two assistants, as it stands: a fold over the events of its journal. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from music_core.contrast.schedules import parse_schedule
from music_core.types import BranchName, Conversation, LabelChoice, Message, TurnRecord

Kind = Literal["contrast", "models"]
Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
KINDS: Mapping[Kind, str] = {
    "contrast": "one assistant, of which one side is led astray",
    "models": "two models",
}
# Ways to lead a side astray that need no other seed.
METHODS = ("two_call", "one_call")
SCHEDULES = ("all", "only:1", "from:2", "random:0.5")
MOST_TURNS = 40
MOST_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Setup:
    """What was chosen at the start. `endpoints` is by branch; `left_branch` was drawn then and is shown only after the vote.

    `reward_model` is the name of the model whose rewards the person sees after every turn, None for none.
    """

    draft: str
    person: str
    kind: Kind
    endpoints: Mapping[BranchName, str]
    left_branch: BranchName
    seed: int
    method: str = "two_call"
    schedule: str = "all"
    reward_model: str | None = None
    started_at: str = ""

    def branch_of(self, side: Side) -> BranchName:
        """Which branch is on a side of the screen."""
        other: BranchName = "rejected" if self.left_branch == "chosen" else "chosen"
        return self.left_branch if side == "left" else other

    def side_of(self, branch: BranchName) -> Side:
        """On which side of the screen a branch is."""
        return "left" if branch == self.left_branch else "right"

    def contrasted(self, turn: int) -> bool:
        """Whether the rejected side answers a modified instruction in this turn (from 1)."""
        if self.kind != "contrast":
            return False
        n_turns = max(MOST_TURNS, turn)
        return turn in parse_schedule(self.schedule, n_turns).turns(n_turns, self.seed, self.draft)


@dataclass(frozen=True, slots=True)
class Reply:
    """An assistant's reply and where it came from; `instruction` is what it answered instead of the person's message."""

    text: str
    records: tuple[TurnRecord, ...] = ()
    instruction: str | None = None
    retries: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a reply is not there: a sentence and what to do."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Rewards:
    """The reward of one side if it ended after each of its turns; `problem` says why there is none."""

    values: tuple[float, ...] = ()
    one_pass: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PlayVote:
    """The person's decision at the end; `seconds` since the start."""

    choice: LabelChoice
    reasons: tuple[str, ...] = ()
    comment: str = ""
    seconds: float | None = None
    verified: bool = False


Key = tuple[int, Side]


@dataclass(frozen=True, slots=True)
class Draft:
    """`said` holds the person's messages of every turn by side; replies, problems and tries are by (turn from 1, side)."""

    setup: Setup
    said: tuple[Mapping[Side, str], ...] = ()
    replies: Mapping[Key, Reply] = field(default_factory=dict)
    problems: Mapping[Key, Problem] = field(default_factory=dict)
    tries: Mapping[Key, int] = field(default_factory=dict)
    rewards: Mapping[Side, Rewards] = field(default_factory=dict)
    vote: PlayVote | None = None
    pair_id: str = ""

    @property
    def turn(self) -> int:
        """The turn that was begun last; 0 before the first message."""
        return len(self.said)

    @property
    def waiting(self) -> tuple[Side, ...]:
        """Sides whose reply of the last turn is not there."""
        return tuple(side for side in SIDES if self.turn and (self.turn, side) not in self.replies)

    @property
    def n_whole(self) -> int:
        """Turns that both sides have answered."""
        return self.turn - bool(self.waiting)

    @property
    def open(self) -> bool:
        """Whether it has not been voted on."""
        return self.vote is None

    def conversation(self, side: Side, n_turns: int | None = None) -> Conversation:
        """One side's conversation, of the first `n_turns` turns or all; never with a modified instruction in it."""
        messages: list[Message] = []
        for turn, texts in enumerate(self.said[:n_turns], start=1):
            messages.append(Message("user", texts[side]))
            if (turn, side) in self.replies:
                messages.append(Message("assistant", self.replies[turn, side].text))
        return Conversation(tuple(messages))


Event = Mapping[str, Any]


def started(setup: Setup) -> Event:
    """The event that begins a journal."""
    return {"type": "started", **asdict(setup)}


def draft_of(events: Iterable[Event]) -> Draft | None:
    """The conversation that the events tell of; None without a beginning. Unknown events are passed over."""
    draft: Draft | None = None
    for event in events:
        if draft is None:
            if event.get("type") == "started":
                draft = Draft(Setup(**{name: value for name, value in event.items() if name != "type"}))
        else:
            draft = _after(draft, event)
    return draft


def _after(draft: Draft, event: Event) -> Draft:
    """The draft after one event. Of two replies to the same message the first counts, as does the first vote."""
    match event.get("type"):
        case "said" if event["turn"] == draft.turn + 1:
            return replace(draft, said=(*draft.said, {side: event[side] for side in SIDES}))
        case "asked":
            key: Key = (event["turn"], event["side"])
            problems = {k: p for k, p in draft.problems.items() if k != key}
            return replace(draft, tries={**draft.tries, key: draft.tries.get(key, 0) + 1}, problems=problems)
        case "replied" if (event["turn"], event["side"]) not in draft.replies:
            return replace(draft, replies={**draft.replies, (event["turn"], event["side"]): _reply(event)})
        case "failed":
            problem = Problem(event["message"], event.get("hint", ""))
            return replace(draft, problems={**draft.problems, (event["turn"], event["side"]): problem})
        case "scored":
            found = Rewards(tuple(event["rewards"]), event["one_pass"], event["problem"])
            return replace(draft, rewards={**draft.rewards, event["side"]: found})
        case "voted" if draft.vote is None:
            vote = PlayVote(event["choice"], tuple(event["reasons"]), event["comment"], event["seconds"], event["verified"])
            return replace(draft, vote=vote)
        case "stored":
            return replace(draft, pair_id=event["pair_id"])
        case _:
            return draft


def _reply(event: Event) -> Reply:
    records = tuple(TurnRecord(**record) for record in event["records"])
    return Reply(event["text"], records, event["instruction"], dict(event["retries"]))


def replied(turn: int, side: Side, reply: Reply) -> Event:
    """The event of a reply."""
    return {"type": "replied", "turn": turn, "side": side, **asdict(reply)}
