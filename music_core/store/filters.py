"""Which pairs: the filter of the Pairs page as a value, and its SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from music_core.errors import StoreError
from music_core.store.session import marks

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
DECIDED = "choice IS NOT NULL AND choice <> 'skip'"


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Conditions that must all hold; empty ones do not count.

    `sources`, `run_ids`, `schedules`, `methods` must hold of one and the same origin. `turns`, `divergence` and `margin`
    are closed intervals. `margin` needs `model_id`. `verdicts` are those of `judge`, or of any judge without one.
    `labelled` is about `person` if given, else about anybody; `person` alone means labelled by that person.
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


@dataclass(frozen=True, slots=True)
class Selection:
    """SQL of a filtered set of pairs: `FROM lake.pairs p …` and `WHERE …` with their parameters in order."""

    tables: str
    where: str
    params: tuple[Any, ...]

    def order(self, sort: str, descending: bool) -> str:
        """The terms of ORDER BY; pairs without the value (no margin) come last either way."""
        way = "DESC" if descending else "ASC"
        return f"{SORTS[sort]} {way} NULLS LAST, p.pair_id"


def selection(f: PairFilter, sort: str = "created") -> Selection:
    """The SQL for `f`, with the joins that `sort` needs. Raises `StoreError` for an unknown sort or a margin without a model."""
    if sort not in SORTS:
        raise StoreError(f"Pairs cannot be sorted by '{sort}'.", f"Sort by one of: {', '.join(SORTS)}.")
    if f.model_id is None and (f.margin is not None or sort == "margin"):
        raise StoreError("A margin needs a reward model.", "Choose the model first.")
    tables, params = "lake.pairs p", []
    if f.model_id is not None:
        tables += " LEFT JOIN (SELECT pair_id, margin FROM lake.margins WHERE model_id = ?) m USING (pair_id)"
        params.append(f.model_id)
    if sort == "labels":
        tables += f" LEFT JOIN (SELECT pair_id, count(*) AS n FROM lake.current_labels WHERE {DECIDED} GROUP BY pair_id) l USING (pair_id)"
    parts = [*_origin(f), *_own(f), *_judged(f), *_labelled(f), *_text(f)]
    where = " AND ".join(sql for sql, _ in parts) or "true"
    return Selection(tables, where, (*params, *(value for _, values in parts for value in values)))


Part = tuple[str, tuple[Any, ...]]


def _any_of(column: str, values: tuple[str, ...]) -> list[Part]:
    return [(f"{column} IN ({marks(values)})", values)] if values else []


def _origin(f: PairFilter) -> list[Part]:
    parts = [
        *_any_of("source", f.sources),
        *_any_of("run_id", f.run_ids),
        *_any_of("schedule", f.schedules),
        *_any_of("method", f.methods),
    ]
    if not parts:
        return []
    where = " AND ".join(sql for sql, _ in parts)
    return [(f"p.pair_id IN (SELECT pair_id FROM lake.origin_rows WHERE {where})", tuple(v for _, values in parts for v in values))]


def _own(f: PairFilter) -> list[Part]:
    parts = _any_of("p.split", f.splits)
    if f.pair_ids is not None:
        parts += _any_of("p.pair_id", f.pair_ids) or [("false", ())]
    for column, bounds in (("p.n_turns", f.turns), ("p.divergence", f.divergence), ("m.margin", f.margin)):
        if bounds is not None:
            parts.append((f"{column} BETWEEN ? AND ?", tuple(bounds)))
    return parts


def _judged(f: PairFilter) -> list[Part]:
    parts = [*(_any_of("judge", (f.judge,)) if f.judge is not None else []), *_any_of("value", f.verdicts)]
    if not parts:
        return []
    where = " AND ".join(sql for sql, _ in parts)
    return [(f"p.pair_id IN (SELECT pair_id FROM lake.verdicts WHERE {where})", tuple(v for _, values in parts for v in values))]


def _labelled(f: PairFilter) -> list[Part]:
    if f.labelled is None and f.person is None:
        return []
    negated = "NOT " if f.labelled is False else ""
    by, params = (" AND person = ?", (f.person,)) if f.person is not None else ("", ())
    return [(f"p.pair_id {negated}IN (SELECT pair_id FROM lake.current_labels WHERE {DECIDED}{by})", params)]


def _text(f: PairFilter) -> list[Part]:
    if not f.text:
        return []
    role, params = (" AND m.role = ?", (f.text_role,)) if f.text_role is not None else ("", ())
    found = f"len(list_filter(messages, lambda m: contains(lower(m.content), lower(?)){role})) > 0"
    hits = f"(SELECT conversation_id FROM lake.conversation_rows WHERE {found})"
    # Twice the same subquery: DuckDB runs it once.
    return [(f"(p.chosen_id IN {hits} OR p.rejected_id IN {hits})", (f.text, *params) * 2)]
