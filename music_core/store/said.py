"""Who says what about a pair, as SQL over the index: the votes of `store.votes`, and where two raters agree or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from music_core.errors import StoreError
from music_core.store.session import marks
from music_core.types import NEUTRAL_METHODS

Part = tuple[str, tuple[Any, ...]]

# An origin that built one side to be better; takes the neutral methods as values.
BUILT = f"(method IS NULL OR method NOT IN ({marks(NEUTRAL_METHODS)}))"
# A decision; neither a skip nor a label taken back.
DECIDED = "choice IS NOT NULL AND choice <> 'skip'"
VERDICT_VOTE = "CASE value WHEN 'chosen' THEN 1 WHEN 'rejected' THEN -1 ELSE 0 END"
# Given by a further person on a pair that others disagreed on: it is what people say then.
FINAL = "kind IS NOT DISTINCT FROM 'adjudication'"
LABEL_VOTE = "CASE WHEN choice IN ('tie', 'both_bad') THEN 0 WHEN (choice = 'left') = (left_branch = 'chosen') THEN 1 ELSE -1 END"

# How the votes of two raters lie; of a group with itself, how those of its members do.
RELATIONS: Mapping[str, str] = {
    "both": "true",
    "agree": "a.v = b.v",
    "differ": "a.v <> b.v",
    "opposed": "a.v * b.v = -1",
    "tie": "a.v * b.v = 0",
}
# The same of two raters who are held against a third.
HELD: Mapping[str, str] = {
    "both": "true",
    "only_a": "a.v = c.v AND b.v <> c.v",
    "only_b": "a.v <> c.v AND b.v = c.v",
}
_WITHIN: Mapping[str, str] = {
    "both": "true",
    "agree": "min(v) = max(v)",
    "differ": "min(v) < max(v)",
    "opposed": "min(v) = -1 AND max(v) = 1",
    "tie": "bool_or(v = 0)",
}
_MEMBERS: Mapping[str, Part] = {
    "judges": (f"SELECT pair, judge AS who, {VERDICT_VOTE} AS v, false AS final FROM fast.verdicts WHERE value <> 'unresolved'", ()),
    "people": (f"SELECT pair, person AS who, {LABEL_VOTE} AS v, {FINAL} AS final FROM fast.labels WHERE {DECIDED}", ()),
}
_GROUP_OF = {"judge": "judges", "person": "people"}
_ALONE = ("construction", "longer", *_MEMBERS)
_NAMED = ("judge", "model", "person", "pick")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The pairs on which `a` and `b` both have a vote and `relation` holds: what a cell of the agreement matrix counts.

    A rater is `construction`, `judge:NAME`, `model:NAME`, `person:NAME`, a group (`judges`, `people`), `longer` (the side with the longer
    replies from the divergence on; no vote where they are equal) or `pick:NAME` (the side that a selector of Best-of-N picked under the
    filter's run, N and mode). A group says what most of its members say, without those among the three raters, and a tie where no vote
    leads; an adjudication is heard before other people's labels. A group with itself compares its members on pairs that two of them
    voted on. With a `reference`, `a` and `b` are held against it. A model has no vote on its own training pairs unless they are asked
    for.
    """

    a: str
    b: str
    relation: str = "differ"
    reference: str | None = None
    with_training_pairs: bool = False

    @property
    def raters(self) -> tuple[str, ...]:
        """The two, or three, raters."""
        return (self.a, self.b) if self.reference is None else (self.a, self.b, self.reference)

    @property
    def needs(self) -> tuple[str, ...]:
        """Tables of the index that are read when first asked for."""
        kinds = {kind_of(r) for r in self.raters}
        tables = {"model": ("models", "trained"), "longer": ("lengths",), "pick": ("meetings",)}
        return tuple(name for kind, names in tables.items() if kind in kinds for name in names)


def kind_of(rater: str) -> str:
    """`judge` of `judge:NAME`; raters without a name are their own kind."""
    return rater.partition(":")[0]


def is_rater(rater: str) -> bool:
    """Whether the word can name a rater, known to the store or not."""
    return rater in _ALONE or (kind_of(rater) in _NAMED and bool(rater.partition(":")[2]))


def comparable(c: Comparison) -> bool:
    """Whether the raters and the relation of a comparison make sense together."""
    if not all(is_rater(r) for r in c.raters):
        return False
    if c.reference is not None:
        return c.relation in HELD and len(set(c.raters)) == 3
    return c.relation in RELATIONS and (c.a != c.b or c.a in _MEMBERS)


def compared(c: Comparison, meetings: Part) -> Part:
    """A query for the numbers of the pairs; `meetings` is a query for (pair, m), the meetings of Best-of-N that picks are taken from.

    Raises `StoreError` for raters or a relation that make no sense together.
    """
    if not comparable(c):
        raise StoreError(
            f"'{c.relation}' of {', '.join(c.raters)} is no comparison of raters.",
            f"Relations are {', '.join(RELATIONS)}; against a third rater {', '.join(HELD)}.",
        )
    if c.a == c.b:
        sql, values = _MEMBERS[c.a]
        return f"SELECT pair FROM ({sql}) GROUP BY pair HAVING count(*) > 1 AND {_WITHIN[c.relation]}", values
    said = [_said(r, [o for o in c.raters if o != r], c.with_training_pairs, meetings) for r in c.raters]
    tables = " JOIN ".join(f"({sql}) {name}{' USING (pair)' * (name != 'a')}" for (sql, _), name in zip(said, "abc", strict=False))
    where = (RELATIONS if c.reference is None else HELD)[c.relation]
    return f"SELECT pair FROM {tables} WHERE {where}", tuple(v for _, values in said for v in values)


def _said(rater: str, others: Sequence[str], with_training_pairs: bool, meetings: Part) -> Part:
    """A query for (pair, v), the votes of a rater: −1 rejected, 0 tie, 1 chosen."""
    kind, _, name = rater.partition(":")
    match kind:
        case "construction":
            return f"SELECT pair, 1 AS v FROM fast.origins WHERE {BUILT}", NEUTRAL_METHODS
        case "longer":
            return "SELECT pair, sign(chosen - rejected) AS v FROM fast.lengths WHERE chosen <> rejected", ()
        case "model":
            seen = "(SELECT t.pair FROM fast.trained t WHERE t.run_id = d.run_id)"
            own = "" if with_training_pairs else f" AND g.pair NOT IN {seen}"
            return f"SELECT g.pair, sign(g.margin) AS v FROM fast.margins g JOIN fast.models d USING (model_id) WHERE d.name = ?{own}", (
                name,
            )
        case "pick":
            return _picked(name, meetings)
        case "judge" | "person":
            sql, values = _MEMBERS[_GROUP_OF[kind]]
            return f"SELECT pair, v FROM ({sql}) WHERE who = ?", (*values, name)
        case _:
            return _mode(rater, [o.partition(":")[2] for o in others if _GROUP_OF.get(kind_of(o)) == rater])


def _mode(group: str, without: Sequence[str]) -> Part:
    sql, values = _MEMBERS[group]
    but = f" WHERE who NOT IN ({marks(without)})" if without else ""
    counts = ", ".join(f"count(*) FILTER (v = {v}) AS {name}" for v, name in ((1, "up"), (0, "even"), (-1, "down")))
    most = "CASE WHEN up > greatest(even, down) THEN 1 WHEN down > greatest(even, up) THEN -1 ELSE 0 END"
    heard = f"SELECT pair, v FROM ({sql}){but} QUALIFY final = bool_or(final) OVER (PARTITION BY pair)"
    return f"SELECT pair, {most} AS v FROM (SELECT pair, {counts} FROM ({heard}) GROUP BY pair)", (*values, *without)


def _picked(name: str, meetings: Part) -> Part:
    sql, values = meetings
    side = "CASE WHEN m.sides.chosen = ? THEN 1 ELSE -1 END"
    # The same two conversations may meet under several N with the sides changed; then neither side is the pick.
    own = f"SELECT pair, {side} AS v FROM ({sql}) WHERE ? IN (m.sides.chosen, m.sides.rejected)"
    return f"SELECT pair, min(v) AS v FROM ({own}) GROUP BY pair HAVING min(v) = max(v)", (name, *values, name)
