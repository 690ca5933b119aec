"""Which pairs: the filter of the Pairs page as a value, and its SQL."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from music_core.errors import StoreError
from music_core.store.index_tables import SOURCE_OF
from music_core.store.said import BUILT as BUILT
from music_core.store.said import DECIDED as DECIDED
from music_core.store.said import Comparison as Comparison
from music_core.store.said import Part as Part
from music_core.store.said import compared
from music_core.store.session import marks
from music_core.store.text import encode, to_json
from music_core.types import NEUTRAL_METHODS

# What a page can be sorted by; the pair id settles ties so that pages never overlap.
SORTS: Mapping[str, str] = {
    "created": "p.created_at",
    "turns": "p.n_turns",
    "divergence": "p.divergence",
    "opening": "lower(o.opening)",
    "chars": "p.chars_chosen + p.chars_rejected",
    "length_difference": "p.chars_chosen - p.chars_rejected",
    "margin": "m.margin",
    "labels": "coalesce(l.n, 0)",
}
# What a person says of a pair: by branch, `both_bad` apart from a tie, `skip`; or by the position on screen.
LABELS: Mapping[str, str] = {
    "chosen": "(choice = 'left' AND left_branch = 'chosen') OR (choice = 'right' AND left_branch = 'rejected')",
    "rejected": "(choice = 'left' AND left_branch = 'rejected') OR (choice = 'right' AND left_branch = 'chosen')",
    **{choice: f"choice = '{choice}'" for choice in ("tie", "both_bad", "skip", "left", "right")},
}
# Who is longer by how much of the longer side, in characters of the replies from the divergence on: bounds of
# (chosen − rejected) / longer, as `evaluate.slices.length_gap_bucket` divides them.
GAPS: Mapping[str, str] = {
    "rejected much longer": "gap <= -0.5",
    "rejected longer": "gap > -0.5 AND gap <= -0.1",
    "about equal": "abs(gap) < 0.1",
    "chosen longer": "gap >= 0.1 AND gap < 0.5",
    "chosen much longer": "gap >= 0.5",
}
# (pair, gap) as `GAPS` bounds it.
GAP_ROWS = "SELECT pair, (chosen - rejected) / greatest(chosen, rejected, 1) AS gap FROM fast.lengths"
# What any origin may say of a pair, besides what `sources` and the like ask of one and the same.
ALSO = ("source", "schedule", "method")


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Conditions that must all hold; empty ones do not count.

    `sources`, `run_ids`, `schedules`, `methods` must hold of one and the same origin. `turns`, `divergence` and `margin`
    are closed intervals. `margin` needs `model_id`. `verdicts` are those of `judge`, or of any judge without one.
    `labelled` is about `person` if given, else about anybody; `person` alone means labelled by that person.
    `built` is about whether any origin of the pair built a better side; see `NEUTRAL_METHODS`.
    `queue` takes the whole pool of a labelling queue, drawn or not.
    `said` are labels (see `LABELS`) of `labeller`, or of anybody without one; `labeller` alone means any decision of that person.
    `n_people` is a closed interval of how many people have decided. `compared` is about two raters, see `Comparison`.
    `gaps` are names of `GAPS`; `gap_chars` a closed interval of chosen − rejected in the same characters.
    `simulators` are models that wrote any turn; an empty name means that no model is on record.
    `also` are (property, value) of which each must hold of some origin; an empty value means that no origin states the property.
    `picked_by` are selectors of Best-of-N whose picks met, `n_candidates` and `pick_mode` out of how many and how; of one meeting,
    and of `run_ids` where they are given.
    `conversation_id` passes pairs that this conversation is a side of.
    `text` is looked for without regard to case, as it stands, in messages of `text_role` (None: any).
    """

    sources: tuple[str, ...] = ()
    run_ids: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    turns: tuple[int, int] | None = None
    divergence: tuple[int, int] | None = None
    model_id: str | None = None
    margin: tuple[float, float] | None = None
    judge: str | None = None
    verdicts: tuple[str, ...] = ()
    labelled: bool | None = None
    person: str | None = None
    text: str = ""
    text_role: str | None = None
    pair_ids: tuple[str, ...] | None = None
    built: bool | None = None
    queue: str | None = None
    said: tuple[str, ...] = ()
    labeller: str | None = None
    n_people: tuple[int, int] | None = None
    compared: Comparison | None = None
    gaps: tuple[str, ...] = ()
    gap_chars: tuple[int, int] | None = None
    simulators: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    picked_by: tuple[str, ...] = ()
    n_candidates: int | None = None
    pick_mode: str | None = None
    conversation_id: str | None = None


# Tables, and no macros of the index.
_NAMED = re.compile(r"\b(fast|lake)\.(\w+)\b(?!\()")


@dataclass(frozen=True, slots=True)
class Selection:
    """The pairs that pass a filter, as the beginning of an SQL query over the index.

    `sql` is `WITH … chosen AS (…)`, to be followed by a SELECT from `chosen`: the columns of `fast.pairs`, and `sort_key`.
    It takes `params`. `needs` is for `Store.indexed`.
    """

    sql: str
    params: tuple[Any, ...]
    needs: tuple[str, ...] = ()

    @property
    def tables(self) -> frozenset[str]:
        """Tables of the lake that decide which pairs pass."""
        return frozenset(SOURCE_OF[name] if schema == "fast" else name for schema, name in _NAMED.findall(self.sql))


def order(descending: bool) -> str:
    """The terms of ORDER BY over `chosen`; pairs without the value (no margin) come last either way."""
    return f"sort_key {'DESC' if descending else 'ASC'} NULLS LAST, pair"


def selection(f: PairFilter, sort: str = "created") -> Selection:
    """The SQL for `f`, with the joins that `sort` needs. Raises `StoreError` for an unknown sort or a margin without a model."""
    if sort not in SORTS:
        raise StoreError(f"Pairs cannot be sorted by '{sort}'.", f"Sort by one of: {', '.join(SORTS)}.")
    if f.model_id is None and (f.margin is not None or sort == "margin"):
        raise StoreError("A margin needs a reward model.", "Choose the model first.")
    hits = _hits(f)
    parts = [*_origin(f), *_own(f), *_judged(f), *_labelled(f), *_lengths(f), *_met(f), *_text(f)]
    if f.compared is not None:
        parts.append(("p.pair IN (FROM compared)", ()))
    # Joined to the pairs that are left: DuckDB would not move a condition below an outer join.
    passing = f"SELECT p.* FROM fast.pairs p WHERE {joined(parts, ' AND ') or 'true'}"
    beside: list[Part] = []
    if f.margin is not None or sort == "margin":
        kind = "JOIN" if f.margin is not None else "LEFT JOIN"
        beside.append((f"{kind} (SELECT pair, margin FROM fast.margins WHERE model_id = ?) m USING (pair)", (f.model_id,)))
    if sort == "labels":
        counted = f"SELECT pair, count(*) AS n FROM fast.labels WHERE {DECIDED} GROUP BY pair"
        beside.append((f"LEFT JOIN ({counted}) l USING (pair)", ()))
    if sort == "opening":
        beside.append(("LEFT JOIN fast.openings o USING (pair)", ()))
    if f.margin is not None:
        beside.append(("WHERE m.margin BETWEEN ? AND ?", f.margin))
    chosen = f"SELECT p.*, {SORTS[sort]} AS sort_key FROM ({passing}) p {joined(beside, ' ')}"
    sql = f"WITH {''.join(f'{h}, ' for h, _ in hits)}chosen AS NOT MATERIALIZED ({chosen})"
    return Selection(sql, values_of([*hits, *parts, *beside]), _needs(f, sort))


def joined(parts: Sequence[Part], between: str) -> str:
    """The SQL of the parts with `between` between them."""
    return between.join(sql for sql, _ in parts)


def values_of(parts: Sequence[Part]) -> tuple[Any, ...]:
    """The parameters of the parts, in their order."""
    return tuple(value for _, values in parts for value in values)


def _needs(f: PairFilter, sort: str) -> tuple[str, ...]:
    asked = {
        "openings": sort == "opening",
        "queue_pairs": f.queue is not None,
        "lengths": bool(f.gaps) or f.gap_chars is not None,
        "simulators": bool(f.simulators),
        "meetings": bool(_meeting(f)),
    }
    return tuple(sorted({name for name, wanted in asked.items() if wanted}.union(f.compared.needs if f.compared else ())))


def any_of(column: str, values: tuple[str, ...]) -> list[Part]:
    """The condition that the column holds one of the values; none without values."""
    return [(f"{column} IN ({marks(values)})", values)] if values else []


def _origin(f: PairFilter) -> list[Part]:
    parts = [
        *any_of("source", f.sources),
        *any_of("run_id", f.run_ids),
        *any_of("schedule", f.schedules),
        *any_of("method", f.methods),
    ]
    found: list[Part] = [(f"p.pair IN (SELECT pair FROM fast.origins WHERE {joined(parts, ' AND ')})", values_of(parts))] if parts else []
    for name, value in f.also:
        if name not in ALSO:
            raise StoreError(f"Origins cannot be asked for '{name}'.", f"Ask for one of: {', '.join(ALSO)}.")
        own = f"{name} = ?" if value else f"{name} <> ''"
        found.append((f"p.pair {'' if value else 'NOT '}IN (SELECT pair FROM fast.origins WHERE {own})", (value,) if value else ()))
    found += _simulated(f)
    if f.built is not None:
        found.append((f"p.pair {'' if f.built else 'NOT '}IN (SELECT pair FROM fast.origins WHERE {BUILT})", NEUTRAL_METHODS))
    return found


def _simulated(f: PairFilter) -> list[Part]:
    named = tuple(to_json(name)[1:-1] for name in f.simulators if name)  # with the escapes of the JSON that they were found in
    terms: list[Part] = []
    if named:
        terms.append(
            (
                f"p.pair IN (SELECT pair FROM (SELECT pair, unnest(models) AS model FROM fast.simulators) WHERE model IN ({marks(named)}))",
                named,
            )
        )
    if "" in f.simulators:
        terms.append(("p.pair NOT IN (SELECT pair FROM fast.simulators WHERE len(models) > 0)", ()))
    return [(f"({joined(terms, ' OR ')})", values_of(terms))] if terms else []


def _lengths(f: PairFilter) -> list[Part]:
    unknown = [name for name in f.gaps if name not in GAPS]
    if unknown:
        raise StoreError(f"'{unknown[0]}' is no length gap.", f"Length gaps are: {', '.join(GAPS)}.")
    found: list[Part] = []
    if f.gaps:
        within = " OR ".join(f"({GAPS[name]})" for name in f.gaps)
        found.append((f"p.pair IN (SELECT pair FROM ({GAP_ROWS}) WHERE {within})", ()))
    if f.gap_chars is not None:
        found.append(("p.pair IN (SELECT pair FROM fast.lengths WHERE chosen - rejected BETWEEN ? AND ?)", f.gap_chars))
    return found


def _meeting(f: PairFilter) -> list[Part]:
    """Conditions on one meeting `m` of Best-of-N."""
    parts: list[Part] = [("? IN (m.sides.chosen, m.sides.rejected)", (name,)) for name in f.picked_by]
    parts += [("m.n = ?", (f.n_candidates,))] if f.n_candidates is not None else []
    return parts + ([("m.mode = ?", (f.pick_mode,))] if f.pick_mode is not None else [])


def _meetings(f: PairFilter) -> Part:
    """A query for (pair, m): the meetings that the filter is about."""
    of_run = any_of("run_id", f.run_ids)
    every = f"SELECT pair, unnest(met) AS m FROM fast.meetings WHERE {joined(of_run, ' AND ') or 'true'}"
    parts = _meeting(f)
    return f"SELECT pair, m FROM ({every}) WHERE {joined(parts, ' AND ') or 'true'}", values_of([*of_run, *parts])


def _met(f: PairFilter) -> list[Part]:
    if not _meeting(f):
        return []
    sql, values = _meetings(f)
    return [(f"p.pair IN (SELECT pair FROM ({sql}))", values)]


def _own(f: PairFilter) -> list[Part]:
    parts = any_of("p.split", f.splits)
    if f.pair_ids is not None:
        parts += any_of("p.pair_id", f.pair_ids) or [("false", ())]
    if f.conversation_id is not None:
        parts.append(("fast.key_of('c', ?) IN (p.chosen_key, p.rejected_key)", (f.conversation_id,)))
    if f.queue is not None:
        parts.append(("p.pair IN (SELECT pair FROM fast.queue_pairs WHERE queue = ?)", (f.queue,)))
    for column, bounds in (("p.n_turns", f.turns), ("p.divergence", f.divergence)):
        if bounds is not None:
            parts.append((f"{column} BETWEEN ? AND ?", tuple(bounds)))
    return parts


def _judged(f: PairFilter) -> list[Part]:
    parts = [*(any_of("judge", (f.judge,)) if f.judge is not None else []), *any_of("value", f.verdicts)]
    return [(f"p.pair IN (SELECT pair FROM fast.verdicts WHERE {joined(parts, ' AND ')})", values_of(parts))] if parts else []


def _labelled(f: PairFilter) -> list[Part]:
    return [*_labelled_by(f), *_said(f), *_people(f)]


def _said(f: PairFilter) -> list[Part]:
    if not f.said and f.labeller is None:
        return []
    unknown = [value for value in f.said if value not in LABELS]
    if unknown:
        raise StoreError(f"'{unknown[0]}' is no label.", f"Labels are: {', '.join(LABELS)}.")
    what = " OR ".join(f"({LABELS[value]})" for value in f.said) or DECIDED
    by, params = (" AND person = ?", (f.labeller,)) if f.labeller is not None else ("", ())
    return [(f"p.pair IN (SELECT pair FROM fast.labels WHERE ({what}){by})", params)]


def _people(f: PairFilter) -> list[Part]:
    if f.n_people is None:
        return []
    counted = f"SELECT pair FROM fast.labels WHERE {DECIDED} GROUP BY pair HAVING count(*)"
    low, high = f.n_people
    if low > 0:
        return [(f"p.pair IN ({counted} BETWEEN ? AND ?)", (low, high))]
    return [(f"p.pair NOT IN ({counted} > ?)", (high,))]


def _labelled_by(f: PairFilter) -> list[Part]:
    if f.labelled is None and f.person is None:
        return []
    negated = "NOT " if f.labelled is False else ""
    by, params = (" AND person = ?", (f.person,)) if f.person is not None else ("", ())
    return [(f"p.pair {negated}IN (SELECT pair FROM fast.labels WHERE {DECIDED}{by})", params)]


def _text(f: PairFilter) -> list[Part]:
    return [("(p.chosen_key IN (FROM hits) OR p.rejected_key IN (FROM hits))", ())] if f.text else []


def _hits(f: PairFilter) -> list[Part]:
    """What is kept as a table of the query, so that it is found only once: the conversations with the text, and compared pairs."""
    found: list[Part] = []
    if f.compared is not None:
        sql, values = compared(f.compared, _meetings(f))
        found.append((f"compared AS MATERIALIZED ({sql})", values))
    return found + with_text(f.text, f.text_role)


def with_text(text: str, text_role: str | None) -> list[Part]:
    """The table `hits` of the keys of the conversations with this text in a message of this role (None: any); nothing without text."""
    if not text:
        return []
    role, params = (" AND m.role = ?", (text_role,)) if text_role is not None else ("", ())
    # A regular expression without special signs takes half the time of lower() on both sides.
    found = f"len(list_filter(messages, lambda m: regexp_matches(m.content, ?, 'is'){role})) > 0"
    sql = f"hits AS MATERIALIZED (SELECT fast.key_of('c', conversation_id) FROM lake.conversation_rows WHERE {found})"
    return [(sql, (_literal(text), *params))]


def _literal(text: str) -> str:
    """A pattern of RE2 that matches `text` as it stands."""
    return "".join(c if c.isalnum() else f"\\x{{{ord(c):x}}}" for c in encode(text))
