"""The words of the workbench as frozen values. Nothing here does IO."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast, get_args

Role = Literal["system", "user", "assistant"]
BranchName = Literal["chosen", "rejected"]
Split = Literal["train", "validation", "test"]
Order = Literal["chosen_first", "rejected_first"]
# Positions on the screen; which branch stood where is stored beside them.
Side = Literal["left", "right"]
ReadingKind = Literal["pairwise", "checklist", "score"]
ReadingLabel = Literal["first", "second", "tie", "yes", "no", "scored", "unparsed"]
VerdictValue = Literal["chosen", "rejected", "tie", "flip", "split", "unresolved"]
LabelChoice = Literal["left", "right", "tie", "both_bad", "skip"]
# `repeat`: the person had decided the pair before and got it again; `adjudication`: given where others disagree, and it counts for them.
LabelKind = Literal["label", "repeat", "adjudication"]
# Of one reply: it serves its user, it does not, or it deserves a look for another reason.
TurnMark = Literal["good", "bad", "flag"]
RunStatus = Literal["queued", "running", "finished", "failed", "cancelled", "dead"]

# Ways of making a pair that build no better and no worse side: its sides are the answers of two systems, and `chosen` and
# `rejected` are two names only. `Origin.meta["sides"]` says whose answer each side is. Construction has no vote on them.
NEUTRAL_METHODS = ("best_of_n", "votes", "play_models")

_ROLES: Mapping[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}
BRANCHES: tuple[BranchName, BranchName] = ("chosen", "rejected")
# Shares of seeds per split. Fixed for ever: a seed's split is a function of its id alone.
SPLIT_BOUNDS: tuple[tuple[Split, float], ...] = (("train", 0.8), ("validation", 0.9), ("test", 1.0))


def content_id(prefix: str, value: Any) -> str:
    """`prefix` + '_' + 32 hex digits of SHA-256 over the canonical JSON of `value`.

    `value` must hold only JSON types. The same content gives the same id on every machine.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{prefix}_{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def normalise(text: str) -> str:
    """NFC, unix line ends, no white space at the ends: what counts as the same content."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `content` is kept as it came, ids are taken of its normalised form."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages in order. A leading system message is allowed; turns are counted from 1."""

    messages: tuple[Message, ...]

    @property
    def id(self) -> str:
        """Content id (`c_…`), the same wherever the conversation came from."""
        return content_id("c", [[m.role, normalise(m.content)] for m in self.messages])

    @property
    def n_turns(self) -> int:
        """Number of assistant replies."""
        return sum(m.role == "assistant" for m in self.messages)

    @property
    def n_chars(self) -> int:
        """Characters over all messages."""
        return sum(len(m.content) for m in self.messages)

    def assistant_positions(self) -> tuple[int, ...]:
        """Index in `messages` of every assistant reply; entry k belongs to turn k + 1."""
        return tuple(i for i, m in enumerate(self.messages) if m.role == "assistant")

    def as_dicts(self) -> list[dict[str, str]]:
        """The Hugging Face chat form: a list of {role, content}."""
        return [{"role": m.role, "content": m.content} for m in self.messages]


def conversation(messages: Sequence[Mapping[str, str]] | Sequence[tuple[Role, str]]) -> Conversation:
    """A `Conversation` from dicts {role, content} or (role, content) tuples.

    Raises `ValueError` on a role other than system, user, assistant.
    """
    out: list[Message] = []
    for m in messages:
        role, content = (m["role"], m["content"]) if isinstance(m, Mapping) else m
        if role not in _ROLES:
            raise ValueError(f"unknown role {role!r}")
        out.append(Message(_ROLES[role], content))
    return Conversation(tuple(out))


def split_of(seed_id: str) -> Split:
    """The split of a seed, by hash of its id: 80 % train, 10 % validation, 10 % test."""
    share = int(hashlib.sha256(seed_id.encode()).hexdigest()[:12], 16) / 16**12
    return next(name for name, bound in SPLIT_BOUNDS if share < bound)


@dataclass(frozen=True, slots=True)
class Seed:
    """The context a simulation starts from; ends with a user message."""

    context: Conversation

    @property
    def id(self) -> str:
        """Content id (`s_…`) of the first user message and any system message before it.

        Contexts that open alike share a seed, so pairs cut from one dialogue never straddle a split.
        """
        opening: list[list[str]] = []
        for m in self.context.messages:
            opening.append([m.role, normalise(m.content)])
            if m.role == "user":
                break
        return content_id("s", opening)

    @property
    def split(self) -> Split:
        """Train, validation or test, by hash of the id."""
        return split_of(self.id)


@dataclass(frozen=True, slots=True)
class Contrast:
    """The modified instruction that the rejected assistant answered at `turn` (counted from 1)."""

    turn: int
    instruction: str


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """Where one generated message came from. Tokens are counts, latency seconds, cost US dollars (None: no price known)."""

    branch: BranchName
    turn: int
    role: Role
    endpoint: str
    model: str
    prompt_hash: str
    sampling: Mapping[str, Any]
    seed: int
    finish_reason: str
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    latency_s: float
    cost: float | None = None
    purpose: str = "reply"


@dataclass(frozen=True, slots=True)
class ContrastPair:
    """Two conversations of one seed; which is `chosen` is by construction, not by anybody's judgement."""

    chosen: Conversation
    rejected: Conversation

    @property
    def id(self) -> str:
        """Content id (`p_…`) of both conversations in their roles."""
        return content_id("p", [self.chosen.id, self.rejected.id])

    @property
    def seed(self) -> Seed:
        """The opening that both conversations share; see `Seed.id`."""
        return Seed(self.chosen)

    @property
    def n_shared(self) -> int:
        """Number of leading messages that are the same in both."""
        n = 0
        for a, b in zip(self.chosen.messages, self.rejected.messages, strict=False):
            if a.role != b.role or normalise(a.content) != normalise(b.content):
                break
            n += 1
        return n

    @property
    def divergence(self) -> int:
        """First turn (from 1) in which the branches differ; 0 if they never do."""
        if self.n_shared == len(self.chosen.messages) == len(self.rejected.messages):
            return 0
        before = self.chosen.messages[: self.n_shared]
        return sum(m.role == "assistant" for m in before) + 1

    @property
    def n_turns(self) -> int:
        """Turns of the longer side."""
        return max(self.chosen.n_turns, self.rejected.n_turns)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a pair came from: apart from its id, so that importing twice changes nothing.

    `source` names the data set or run ("hh_rlhf_harmless_1000", "demo"); `locator` the row in it.
    """

    source: str
    locator: str = ""
    run_id: str | None = None
    method: str | None = None  # one_call | two_call | swap | play | hand-written | one of NEUTRAL_METHODS | None for imported preferences
    schedule: str | None = None
    contrasts: tuple[Contrast, ...] = ()
    turns: tuple[TurnRecord, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourcedPair:
    """A pair together with one place it came from: what importers and the generator yield."""

    pair: ContrastPair
    origin: Origin


@dataclass(frozen=True, slots=True)
class SourcedChat:
    """A conversation without a counterpart, and where it came from: runs start from its opening. It may end with the user."""

    chat: Conversation
    origin: Origin


@dataclass(frozen=True, slots=True)
class RewardTrace:
    """Reward of the conversation if it ended after each assistant turn; not a credit for that turn.

    `rewards[k]` is the reward after turn k + 1. `one_pass` is False where the chat template was not
    prefix-stable and every prefix was scored singly.
    """

    pair_id: str
    branch: BranchName
    model_id: str
    rewards: tuple[float, ...]
    one_pass: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """One judge answer.

    Pairwise: `order` is set, `label` is first / second / tie / unparsed, `branch` and `turn` are None; on the scale of
    five levels `grade` says by how much the named side is better: 1 much, 0.5 slightly, 0 tie (None on that of three).
    Checklist: `branch` and `turn` are set, `label` is yes / no / unparsed and `p_yes` its probability
    (None where the endpoint gives no log-probabilities).
    Score: `branch` is set, `label` is scored / unparsed and `grade` the points, a whole number from 1 to 10.
    `repeat` counts the times that one question is asked, from 0.
    """

    pair_id: str
    judge: str
    kind: ReadingKind
    label: ReadingLabel
    raw: str
    prompt_hash: str
    endpoint: str
    model: str
    order: Order | None = None
    branch: BranchName | None = None
    turn: int | None = None
    p_yes: float | None = None
    repeat: int = 0
    finish_reason: str = "stop"
    tokens_in: int = 0
    tokens_out: int = 0
    latency_s: float = 0.0
    cost: float | None = None
    grade: float | None = None

    @property
    def id(self) -> str:
        """Content id (`r_…`) of what was asked, not of what was answered: one reading per question.

        `prompt_hash` covers the whole prompt (conversations, rubric, scale), the form asked for and the sampling parameters.
        """
        return content_id(
            "r", [self.pair_id, self.judge, self.kind, self.prompt_hash, self.model, self.order, self.branch, self.turn, self.repeat]
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The readings of one judge on one pair, resolved (design: + + → that side; + − → flip; 0 with ± → split).

    `score`, in [-1, 1], is the mean graded reading (pairwise), the difference of mean P(yes), chosen − rejected (checklist),
    or that of the mean points as a share of the 9 points between 1 and 10 (score); None when unresolved. `first_rate` is
    the share of parsed pairwise readings that named the first.
    """

    pair_id: str
    judge: str
    kind: ReadingKind
    value: VerdictValue
    score: float | None
    n_readings: int
    n_unparsed: int
    first_rate: float | None = None


# Before the name of a person who signed in. Neither a local name nor a foreign file's annotator may begin with it.
SIGNED_IN = "oidc:"


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """One decision of one person, appended and never changed; `supersedes` names the event it replaces.

    `token` is made once per card shown: the same token twice is one label. `choice` None means the earlier
    decision was taken back (undo). `turn_marks` maps a turn (from 1) to marks by screen side, `left:good right:bad`, either
    part missing where there is none; `left_branch` says whose they are. Labels made elsewhere may hold left / right / both /
    neither / tie instead. `kind` says what the label is for; `beyond` that its pair had all the labels that were asked for.
    """

    token: str
    pair_id: str
    person: str
    choice: LabelChoice | None
    left_branch: BranchName
    blind: bool
    verified: bool = False
    seconds: float | None = None
    reasons: tuple[str, ...] = ()
    comment: str = ""
    turn_marks: Mapping[int, str] = field(default_factory=dict)
    queue: str = "all"
    guideline: str = "1"
    probability: float | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)
    supersedes: str | None = None
    kind: LabelKind = "label"
    beyond: bool = False

    def branch_of(self, side: str) -> BranchName:
        """The branch that stood on a side of the screen, `left` or `right`."""
        other: BranchName = "rejected" if self.left_branch == "chosen" else "chosen"
        return self.left_branch if side == "left" else other

    @property
    def marks_by_branch(self) -> dict[int, dict[BranchName, TurnMark]]:
        """The marks of single replies by turn and branch; words of labels made elsewhere are left out."""
        found = {turn: {self.branch_of(side): mark for side, mark in side_marks(text).items()} for turn, text in self.turn_marks.items()}
        return {turn: marks for turn, marks in sorted(found.items()) if marks}

    @property
    def value(self) -> VerdictValue | None:
        """The decision by branch: chosen, rejected, tie (also for both bad), or None for skip and undo."""
        if self.choice in ("tie", "both_bad"):
            return "tie"
        if self.choice not in ("left", "right"):
            return None
        return self.branch_of(self.choice)


def side_marks(text: str) -> dict[Side, TurnMark]:
    """What `left:good right:bad` says, by side; empty for anything else."""
    parts = [part.partition(":") for part in text.split(" ")]
    if not all(side in get_args(Side) and mark in get_args(TurnMark) for side, _, mark in parts):
        return {}
    return {cast("Side", side): cast("TurnMark", mark) for side, _, mark in parts}


def marks_text(marks: Mapping[Side, TurnMark]) -> str:
    """The marks of one turn as `LabelEvent.turn_marks` holds them, left first."""
    return " ".join(f"{side}:{marks[side]}" for side in get_args(Side) if side in marks)


@dataclass(frozen=True, slots=True)
class StoredLabel:
    """A label event as read back from the store."""

    id: str
    event: LabelEvent
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GivenLabel:
    """A label that was given outside of the app; `given_at` None: nobody knows when, so the time of storing stands for it."""

    event: LabelEvent
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    """One rater's position on one pair, by branch: +1 chosen, 0 tie, −1 rejected. What agreement is computed from.

    `rater` is `construction`, `judge:NAME`, `model:NAME` or `person:NAME`; `trained_on` marks a model's own training pairs,
    `final` the adjudication of a pair on which people disagree: it is then what `people` say.
    """

    pair_id: str
    seed_id: str
    rater: str
    value: int
    trained_on: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class Repeated:
    """One pair that a person decided twice, by branch as in `Vote`; `exchanged`: its sides stood the other way round the second time."""

    person: str
    pair_id: str
    seed_id: str
    first: int
    again: int
    exchanged: bool


@dataclass(frozen=True, slots=True)
class RewardModel:
    """A registered reward model: a folder loadable by plain `transformers`."""

    id: str
    name: str
    path: str
    base: str
    run_id: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One job execution: what was asked for. Its live state lies in the run's folder, its report in the store."""

    id: str
    kind: str
    config: Mapping[str, Any]
    created_at: datetime
    title: str = ""
