"""What reports on bias need of many pairs at once: one query per kind of row, whatever the number of pairs."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from music_core.store.connect import Store
from music_core.store.filters import PairFilter, selection
from music_core.store.labels import _COLUMNS as _LABEL
from music_core.store.labels import stored_label
from music_core.store.readings import _READING_COLUMNS
from music_core.store.session import Session, marks
from music_core.store.text import from_json
from music_core.types import NEUTRAL_METHODS, LabelEvent, PairFacts, Reading, Verdict

Counts = tuple[int, ...]

# Lists of SQL count from 1, as turns do. A pair without a divergence has the same replies on both sides, and all of them count.
_REPLIES = "list_filter(messages, lambda m: m.role = 'assistant')"
_CHARS = f"coalesce(list_sum(list_transform(({_REPLIES})[divergence:], lambda m: length(m.content))), 0)"

# JSON with half a surrogate in it is none for DuckDB, though it is for Python; such rows come as they are.
_ORIGINS = f"""
, texts AS (
  SELECT pair_id, 'chosen' AS side, divergence, messages FROM chosen JOIN lake.conversation_rows ON conversation_id = chosen_id
  UNION ALL
  SELECT pair_id, 'rejected', divergence, messages FROM chosen JOIN lake.conversation_rows ON conversation_id = rejected_id
), lengths AS (
  SELECT pair_id, max(n) FILTER (side = 'chosen') AS chosen_chars, max(n) FILTER (side = 'rejected') AS rejected_chars
  FROM (SELECT pair_id, side, {_CHARS} AS n FROM texts) GROUP BY pair_id
), told AS (
  SELECT pair_id, source, method, schedule, nullif(turns, '[]') AS records, CASE WHEN contains(meta, '"sides"') THEN meta END AS more,
         json_valid(turns) AND json_valid(meta) AS sound
  FROM lake.origin_rows WHERE pair_id IN (SELECT pair_id FROM chosen)
), origins AS (
  SELECT pair_id, list(DISTINCT source) AS sources, list(DISTINCT method) AS methods, list(DISTINCT schedule) AS schedules,
         bool_or(method IS NULL OR method NOT IN ({marks(NEUTRAL_METHODS)})) AS built,
         flatten(list(DISTINCT CASE WHEN sound THEN list_distinct(json_extract_string(records, '$[*].model')) END)) AS models,
         list(DISTINCT CASE WHEN sound THEN json_extract_string(more, ['$.sides.chosen', '$.sides.rejected']) END) AS sides,
         list([records, more]) FILTER (NOT sound) AS rest
  FROM told GROUP BY pair_id
)
SELECT c.pair_id, c.seed_id, c.split, c.n_turns, c.divergence, l.chosen_chars, l.rejected_chars, o.built,
       o.sources, o.methods, o.schedules, o.models, o.sides, o.rest
FROM chosen c JOIN lengths l USING (pair_id) JOIN origins o USING (pair_id) ORDER BY c.pair_id"""


def pair_facts(store: Store, f: PairFilter | None = None) -> list[PairFacts]:
    """The facts of every pair that passes `f` (None: all), by pair id, in one query.

    Characters are code points as stored: the few characters that no column takes (see `store.text`) count for five.
    """
    chosen = selection(f or PairFilter())
    sql, params = chosen.sql + _ORIGINS, (*chosen.params, *NEUTRAL_METHODS)
    return [_facts(row) for row in store.indexed(lambda session: session.rows(sql, params))]


def _facts(row: Sequence[Any]) -> PairFacts:
    *own, built, sources, methods, schedules, models, sides, rest = row
    told = set(models or ())
    stated = {tuple(both) for both in sides or () if both}
    for turns, meta in rest or ():
        told |= {record.get("model") for record in from_json(turns or "[]")}
        found = from_json(meta or "{}").get("sides")
        stated |= {(found.get("chosen"), found.get("rejected"))} if isinstance(found, dict) else set()
    named = {(a, b) for a, b in stated if isinstance(a, str) and isinstance(b, str)}
    return PairFacts(
        *own,
        built=built,
        sources=_names(sources),
        methods=_names(methods),
        schedules=_names(schedules),
        simulators=_names(told),
        authors=next(iter(named)) if len(named) == 1 else None,
    )


def _names(found: Iterable[str | None] | None) -> tuple[str, ...]:
    return tuple(sorted({name for name in found or () if name}))


def reply_counts(store: Store, patterns: Sequence[str], *, without: str, f: PairFilter | None = None) -> dict[str, tuple[Counts, Counts]]:
    """Pair id → counts for the chosen and the rejected side: characters, then matches of each pattern.

    Counted are the assistant's replies from the divergence on; what matches `without` is taken out before matching, not
    before counting characters. Patterns are RE2's. The text itself never leaves the database.
    """
    chosen = selection(f or PairFilter())
    matches = [f"coalesce(list_sum(list_transform(plain, lambda t: len(regexp_extract_all(t, ?)))), 0)" for _ in patterns]
    plain = f"list_transform(({_REPLIES})[divergence:], lambda m: regexp_replace(m.content, ?, '', 'g'))"
    sides = " UNION ALL ".join(
        f"SELECT pair_id, '{side}' AS side, {_CHARS} AS chars, {plain} AS plain FROM chosen "
        f"JOIN lake.conversation_rows ON conversation_id = {side}_id"
        for side in ("chosen", "rejected")
    )
    sql = f"{chosen.sql}, sides AS ({sides}) SELECT pair_id, side, {', '.join(['chars', *matches])} FROM sides ORDER BY pair_id, side"
    rows = store.indexed(lambda session: session.rows(sql, (*chosen.params, without, without, *patterns)))
    found = {(pair_id, side): tuple(int(n) for n in counts) for pair_id, side, *counts in rows}
    return {pair_id: (found[pair_id, "chosen"], found[pair_id, "rejected"]) for pair_id, side in found if side == "chosen"}


def selected_readings(store: Store, f: PairFilter | None = None) -> list[Reading]:
    """Every judge's answers on the pairs that pass `f`, by judge and pair, without their raw text (`raw` is empty)."""
    columns = _READING_COLUMNS.replace("raw", "''")
    sql = f"SELECT {columns} FROM lake.readings WHERE pair_id IN (SELECT pair_id FROM chosen) ORDER BY judge, pair_id, reading_id"
    # Of a few hundred thousand readings most words are the same; one copy of each is enough.
    known: dict[str, str] = {}
    return [Reading(*(known.setdefault(v, v) if isinstance(v, str) else v for v in row)) for row in _selected(store, f, sql)]


def selected_verdicts(store: Store, f: PairFilter | None = None) -> list[Verdict]:
    """The present verdict of every judge on the pairs that pass `f`, by judge and pair."""
    columns = ", ".join(field.name for field in fields(Verdict))
    sql = f"SELECT {columns} FROM lake.verdicts WHERE pair_id IN (SELECT pair_id FROM chosen) ORDER BY judge, pair_id"
    return [Verdict(*row) for row in _selected(store, f, sql)]


def selected_labels(store: Store, f: PairFilter | None = None) -> list[LabelEvent]:
    """Every person's present label of the pairs that pass `f`, by person and pair; a label taken back has the choice None."""
    sql = f"SELECT {_LABEL} FROM lake.current_labels WHERE pair_id IN (SELECT pair_id FROM chosen) ORDER BY person, pair_id"
    return [stored_label(row).event for row in _selected(store, f, sql)]


def _selected(store: Store, f: PairFilter | None, sql: str) -> list[tuple[Any, ...]]:
    chosen = selection(f or PairFilter())

    def query(session: Session) -> list[tuple[Any, ...]]:
        return session.rows(f"{chosen.sql} {sql}", chosen.params)

    return store.indexed(query)
