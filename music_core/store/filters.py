"""Which pairs: the filter of the Pairs page as a value, and its SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from music_core.errors import StoreError
from music_core.store.session import marks
from music_core.store.text import encode
from music_core.types import NEUTRAL_METHODS

# What a page can be sorted by; the pair id settles ties so that pages never overlap.
SORTS: Mapping[str, str] = {
    "created": "p.created_at",
    "turns": "p.n_turns",
    "divergence": "p.divergence",
    "opening": "lower(p.opening)",
    "chars": "p.chars_chosen + p.chars_rejected",
    "length_difference": "p.chars_chosen - p.chars_rejected",
    "margin": "m.margin",
    "labels": "coalesce(l.n, 0)",
}
# A decision; neither a skip nor a label taken back.
# An origin that built one side to be better; takes the neutral methods as values.
BUILT = f"(method IS NULL OR method NOT IN ({marks(NEUTRAL_METHODS)}))"
DECIDED = "choice IS NOT NULL AND choice <> 'skip'"


Part = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Conditions that must all hold; empty ones do not count.

    `sources`, `run_ids`, `schedules`, `methods` must hold of one and the same origin. `turns`, `divergence` and `margin`
    are closed intervals. `margin` needs `model_id`. `verdicts` are those of `judge`, or of any judge without one.
    `labelled` is about `person` if given, else about anybody; `person` alone means labelled by that person.
    `built` is about whether any origin of the pair built a better side; see `NEUTRAL_METHODS`.
    `queue` takes the whole pool of a labelling queue, drawn or not.
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


@dataclass(frozen=True, slots=True)
class Selection:
    """The pairs that pass a filter, as the beginning of an SQL query over the index.

    `sql` is `WITH … chosen AS (…)`, to be followed by a SELECT from `chosen`: the columns of `fast.pairs`, the margin by the
    filter's model, and `sort_key`. It takes `params`.
    """

    sql: str
    params: tuple[Any, ...]


def order(descending: bool) -> str:
    """The terms of ORDER BY over `chosen`; pairs without the value (no margin) come last either way."""
    return f"sort_key {'DESC' if descending else 'ASC'} NULLS LAST, pair_id"


def selection(f: PairFilter, sort: str = "created") -> Selection:
    """The SQL for `f`, with the joins that `sort` needs. Raises `StoreError` for an unknown sort or a margin without a model."""
    if sort not in SORTS:
        raise StoreError(f"Pairs cannot be sorted by '{sort}'.", f"Sort by one of: {', '.join(SORTS)}.")
    if f.model_id is None and (f.margin is not None or sort == "margin"):
        raise StoreError("A margin needs a reward model.", "Choose the model first.")
    hits = _hits(f)
    tables: list[Part] = [("fast.pairs p", ())]
    if f.model_id is not None:
        tables.append(("LEFT JOIN (SELECT pair_id, margin FROM fast.margins WHERE model_id = ?) m USING (pair_id)", (f.model_id,)))
    if sort == "labels":
        counted = f"SELECT pair_id, count(*) AS n FROM fast.labels WHERE {DECIDED} GROUP BY pair_id"
        tables.append((f"LEFT JOIN ({counted}) l USING (pair_id)", ()))
    parts = [*_origin(f), *_own(f), *_judged(f), *_labelled(f), *_text(f)]
    columns = f"p.*, {'m.margin' if f.model_id is not None else 'NULL::DOUBLE'} AS margin, {SORTS[sort]} AS sort_key"
    chosen = f"SELECT {columns} FROM {_sql(tables, ' ')} WHERE {_sql(parts, ' AND ') or 'true'}"
    sql = f"WITH {''.join(f'{h}, ' for h, _ in hits)}chosen AS NOT MATERIALIZED ({chosen})"
    return Selection(sql, _values([*hits, *tables, *parts]))


def _sql(parts: Sequence[Part], between: str) -> str:
    return between.join(sql for sql, _ in parts)


def _values(parts: Sequence[Part]) -> tuple[Any, ...]:
    return tuple(value for _, values in parts for value in values)


def _any_of(column: str, values: tuple[str, ...]) -> list[Part]:
    return [(f"{column} IN ({marks(values)})", values)] if values else []


def _origin(f: PairFilter) -> list[Part]:
    parts = [
        *_any_of("source", f.sources),
        *_any_of("run_id", f.run_ids),
        *_any_of("schedule", f.schedules),
        *_any_of("method", f.methods),
    ]
    found: list[Part] = [(f"p.pair_id IN (SELECT pair_id FROM fast.origins WHERE {_sql(parts, ' AND ')})", _values(parts))] if parts else []
    if f.built is not None:
        found.append((f"p.pair_id {'' if f.built else 'NOT '}IN (SELECT pair_id FROM fast.origins WHERE {BUILT})", NEUTRAL_METHODS))
    return found


def _own(f: PairFilter) -> list[Part]:
    parts = _any_of("p.split", f.splits)
    if f.pair_ids is not None:
        parts += _any_of("p.pair_id", f.pair_ids) or [("false", ())]
    if f.queue is not None:
        parts.append(("p.pair_id IN (SELECT pair_id FROM lake.queue_pair_rows WHERE queue = ?)", (f.queue,)))
    for column, bounds in (("p.n_turns", f.turns), ("p.divergence", f.divergence), ("m.margin", f.margin)):
        if bounds is not None:
            parts.append((f"{column} BETWEEN ? AND ?", tuple(bounds)))
    return parts


def _judged(f: PairFilter) -> list[Part]:
    parts = [*(_any_of("judge", (f.judge,)) if f.judge is not None else []), *_any_of("value", f.verdicts)]
    return [(f"p.pair_id IN (SELECT pair_id FROM fast.verdicts WHERE {_sql(parts, ' AND ')})", _values(parts))] if parts else []


def _labelled(f: PairFilter) -> list[Part]:
    if f.labelled is None and f.person is None:
        return []
    negated = "NOT " if f.labelled is False else ""
    by, params = (" AND person = ?", (f.person,)) if f.person is not None else ("", ())
    return [(f"p.pair_id {negated}IN (SELECT pair_id FROM fast.labels WHERE {DECIDED}{by})", params)]


def _text(f: PairFilter) -> list[Part]:
    return [("(p.chosen_id IN (FROM hits) OR p.rejected_id IN (FROM hits))", ())] if f.text else []


def _hits(f: PairFilter) -> list[Part]:
    """The conversations with the text: kept as a table of the query, so that it reads the messages only once."""
    if not f.text:
        return []
    role, params = (" AND m.role = ?", (f.text_role,)) if f.text_role is not None else ("", ())
    # A regular expression without special signs takes half the time of lower() on both sides.
    found = f"len(list_filter(messages, lambda m: regexp_matches(m.content, ?, 'is'){role})) > 0"
    sql = f"hits AS MATERIALIZED (SELECT conversation_id FROM lake.conversation_rows WHERE {found})"
    return [(sql, (_literal(f.text), *params))]


def _literal(text: str) -> str:
    """A pattern of RE2 that matches `text` as it stands."""
    return "".join(c if c.isalnum() else f"\\x{{{ord(c):x}}}" for c in encode(text))
