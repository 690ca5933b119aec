"""Multi-turn Best-of-N: what two selectors pick out of the same conversations meets before the judge.

As in MUSIC (arXiv 2512.24693, section on Best-of-N): N conversations of a few turns are simulated for each prompt, each reward
model picks one, and a judge compares the picks in both orders. Here N is nested: the first N of one pool, so that a row of the
table differs from the next by the added candidates only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from music_core.evaluate.selectors import best
from music_core.types import BranchName, ContrastPair, Conversation, Origin, SourcedPair, TurnRecord

METHOD = "best_of_n"
Mode = Literal["conversation", "turn_by_turn"]
"""Picked once, by the whole conversation's reward; or reply by reply, each pick deciding how the conversation goes on."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One simulated conversation: the `index`-th draw of its prompt (from 0), with the calls behind it."""

    index: int
    conversation: Conversation
    turns: tuple[TurnRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Pick:
    """What `selector` took out of `n` candidates of one prompt.

    `seed_id` is the prompt's, `locator` the id of its whole context. `indexes` holds the draw that was taken: one, or one for each
    turn. `tied`: another candidate had the same score.
    """

    seed_id: str
    locator: str
    selector: str
    mode: Mode
    n: int
    indexes: tuple[int, ...]
    conversation: Conversation
    turns: tuple[TurnRecord, ...] = ()
    tied: bool = False


def pick(
    seed_id: str, locator: str, selector: str, candidates: Sequence[Candidate], scores: Sequence[float | None], ns: Iterable[int]
) -> list[Pick]:
    """The picks of one selector out of one prompt's pool for every N in `ns`: each time out of the first N of `candidates`.

    `scores` belong to `candidates`. An N without a pick (fewer candidates, or none of them has a score) is left out.
    """
    found: list[Pick] = []
    for n in ns:
        top = best(scores[:n]) if len(candidates) >= n else None
        if top is not None:
            taken = candidates[top.at]
            where = (taken.index,)
            found.append(Pick(seed_id, locator, selector, "conversation", n, where, taken.conversation, taken.turns, top.tied))
    return found


@dataclass(frozen=True, slots=True)
class Meeting:
    """The picks of two selectors for one prompt, in one mode, under one N."""

    a: Pick
    b: Pick

    @property
    def same(self) -> bool:
        """Whether both picked the same conversation (by content: two draws may have come out alike)."""
        return self.a.conversation.id == self.b.conversation.id

    @property
    def a_side(self) -> BranchName:
        """The side of `pair` that is A's pick."""
        return "chosen" if self.a.conversation.id <= self.b.conversation.id else "rejected"

    @property
    def pair(self) -> ContrastPair:
        """Both picks as a pair, sides by content id: the same two conversations are the same pair, whoever picked which."""
        first, second = (self.a, self.b) if self.a_side == "chosen" else (self.b, self.a)
        return ContrastPair(first.conversation, second.conversation)

    @property
    def sides(self) -> dict[BranchName, Pick]:
        """Whose pick each side of `pair` is."""
        return {"chosen": self.a, "rejected": self.b} if self.a_side == "chosen" else {"chosen": self.b, "rejected": self.a}

    def as_dict(self) -> dict[str, Any]:
        """The meeting as JSON types. `pair_id` and `a_side` are None where both picked the same conversation."""
        return {
            "a": self.a.selector,
            "b": self.b.selector,
            "mode": self.a.mode,
            "n": self.a.n,
            "seed_id": self.a.seed_id,
            "candidates": {"a": list(self.a.indexes), "b": list(self.b.indexes)},
            "conversations": {"a": self.a.conversation.id, "b": self.b.conversation.id},
            "pair_id": None if self.same else self.pair.id,
            "a_side": None if self.same else self.a_side,
        }


def meetings(picks: Iterable[Pick], comparisons: Sequence[tuple[str, str]]) -> list[Meeting]:
    """Every prompt, mode and N for which both selectors of a comparison have a pick; in the order of `comparisons`, then of picks."""
    by_selector: dict[str, dict[tuple[str, int, str], Pick]] = {}
    for p in picks:
        by_selector.setdefault(p.selector, {})[p.mode, p.n, p.locator] = p
    found: list[Meeting] = []
    for a, b in comparisons:
        others = by_selector.get(b, {})
        found += [Meeting(p, others[key]) for key, p in by_selector.get(a, {}).items() if key in others]
    return found


def couples(found: Sequence[Meeting]) -> dict[str, list[Meeting]]:
    """Meetings of different picks by pair id: the same two conversations are judged once, however often they meet."""
    by_pair: dict[str, list[Meeting]] = {}
    for meeting in found:
        if not meeting.same:
            by_pair.setdefault(meeting.pair.id, []).append(meeting)
    return by_pair


def sourced_pairs(found: Sequence[Meeting], *, source: str, run_id: str | None, meta: Mapping[str, Any]) -> list[SourcedPair]:
    """One pair for each two different conversations that met, with everything under which they did in its origin's meta.

    `sides`, `n`, `mode` and `candidates` (the chosen side's draws, the rejected side's) are of the first meeting, `meetings` holds
    all of them, each with whose side is whose. `meta` is added to every origin.
    """
    return [_sourced(met, source, run_id, meta) for met in couples(found).values()]


def _sourced(met: Sequence[Meeting], source: str, run_id: str | None, meta: Mapping[str, Any]) -> SourcedPair:
    first = met[0]
    sides = first.sides
    turns = [replace(t, branch=branch) for branch, p in sides.items() for t in p.turns]
    own = {**_mapping(first), "meetings": [_mapping(m) for m in met]}
    locator = f"{first.a.locator}/{run_id or source}"
    return SourcedPair(first.pair, Origin(source, locator, run_id, METHOD, turns=tuple(turns), meta={**own, **meta}))


def _mapping(meeting: Meeting) -> dict[str, Any]:
    sides = meeting.sides
    return {
        "sides": {branch: p.selector for branch, p in sides.items()},
        "n": meeting.a.n,
        "mode": meeting.a.mode,
        "candidates": [list(sides[branch].indexes) for branch in ("chosen", "rejected")],
    }
