"""Open-Assistant message trees (LAION-AI/Open-Assistant): replies to one message, ranked by people, become pairs.

Every two ranked siblings of different rank give a pair (InstructGPT compares all of a ranking, arXiv 2203.02155
section 3.5), each with its whole path of context; `meta` keeps both ranks, so that adjacent ones can be picked out.
Whatever hangs on a deleted or unreviewed message is left out with it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import isfinite
from typing import Any

from music_core.sources.messages import ROLE_NAMES, checked_pair, checked_text
from music_core.sources.rows import (
    DELETED,
    EQUAL_RANKS,
    NO_RANKED_SIBLINGS,
    NOT_THIS_FORMAT,
    TOO_MANY_SIBLINGS,
    TREE_ABORTED,
    UNKNOWN_ROLE,
    UNREVIEWED,
    WITHOUT_RANK,
    RowPairs,
    UnusableRowError,
)
from music_core.types import Message, Origin, SourcedPair

Node = Mapping[str, Any]
ABORTED_STATES = ("aborted_low_grade", "halted_by_moderator")
# Pairs grow with the square of the siblings; real trees have up to about 30.
MAX_SIBLINGS = 60


def is_oasst(row: Any) -> bool:
    """Whether the row is a tree: a `prompt` with `replies`."""
    return isinstance(row, Mapping) and isinstance(row.get("prompt"), Mapping) and "replies" in row["prompt"]


def read_oasst(row: Any, locator: str) -> RowPairs:
    """All pairs of one tree; `left_out` counts the messages and siblings that gave none."""
    if not is_oasst(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    if row.get("tree_state") in ABORTED_STATES:
        raise UnusableRowError(TREE_ABORTED)
    if reason := _why_not(row["prompt"]):
        raise UnusableRowError(reason)
    left_out: Counter[str] = Counter()
    pairs: list[SourcedPair] = []
    unusable: Counter[str] = Counter()
    for path, siblings in _ranked_groups(row["prompt"], left_out):
        for better, worse in combinations(siblings, 2):
            if better["rank"] == worse["rank"]:
                unusable[EQUAL_RANKS] += 1
                continue
            try:
                pairs.append(_pair(path, better, worse, row, locator))
            except UnusableRowError as e:
                unusable[e.reason] += 1
    if not pairs:
        raise UnusableRowError(unusable.most_common(1)[0][0] if unusable else NO_RANKED_SIBLINGS)
    return RowPairs(tuple(pairs), left_out + unusable)


def _ranked_groups(root: Node, left_out: Counter[str]) -> Iterator[tuple[list[Message], list[Node]]]:
    """Every message that has two or more ranked replies: the path to it, and those replies, best rank first.

    Walks with a stack of its own, since a tree may be deeper than Python's.
    """
    stack: list[tuple[tuple[Message, ...], Node]] = [((), root)]
    while stack:
        above, node = stack.pop()
        reason = _why_not(node)
        if reason:
            left_out[reason] += 1
            continue
        try:
            path = (*above, _message(node))
        except UnusableRowError as e:
            left_out[e.reason] += 1
            continue
        replies = [r for r in node.get("replies") or [] if isinstance(r, Mapping)]
        stack.extend((path, r) for r in reversed(replies))
        assistant = [r for r in replies if r.get("role") == "assistant" and not _why_not(r)]
        if len(assistant) > 1:
            ranked = sorted((r for r in assistant if _has_rank(r)), key=lambda r: r["rank"])
            left_out[WITHOUT_RANK] += len(assistant) - len(ranked)
            if len(ranked) > MAX_SIBLINGS:
                left_out[TOO_MANY_SIBLINGS] += len(ranked)
            else:
                yield list(path), ranked


def _why_not(node: Node) -> str | None:
    if node.get("deleted"):
        return DELETED
    # A review is missing (None) or was not passed (False); an export without the column has been filtered before.
    return None if node.get("review_result", True) is True else UNREVIEWED


def _has_rank(node: Node) -> bool:
    rank = node.get("rank")
    return (isinstance(rank, int) and not isinstance(rank, bool)) or (isinstance(rank, float) and isfinite(rank))


def _message(node: Node) -> Message:
    role = ROLE_NAMES.get(node["role"]) if isinstance(node.get("role"), str) else None
    if role is None:
        raise UnusableRowError(UNKNOWN_ROLE)
    return Message(role, checked_text(node.get("text")))


def _pair(path: Sequence[Message], better: Node, worse: Node, tree: Node, locator: str) -> SourcedPair:
    pair = checked_pair([*path, _message(better)], [*path, _message(worse)])
    ids = [checked_text(n.get("message_id") or "") for n in (better, worse)]
    meta: dict[str, Any] = {"ranks": [better["rank"], worse["rank"]], "message_ids": ids}
    if isinstance(better.get("lang"), str):
        meta["lang"] = checked_text(better["lang"])
    if tree.get("message_tree_id"):
        meta["tree"] = checked_text(tree["message_tree_id"])
    return SourcedPair(pair, Origin("", f"{locator}/{ids[0][:8]}>{ids[1][:8]}", meta=meta))
