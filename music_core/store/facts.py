"""What reports on bias need of many pairs at once: one query per kind of row, whatever the number of pairs."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from music_core.facts import PairFacts
from music_core.store.connect import Store
from music_core.store.filters import PairFilter, selection
from music_core.store.label_rows import LABEL_COLUMNS as _LABEL
from music_core.store.label_rows import stored_label
from music_core.store.session import Session, marks
from music_core.store.text import from_json
from music_core.types import NEUTRAL_METHODS, LabelEvent, Reading, Verdict

Counts = tuple[int, ...]

# Lists of SQL count from 1, as turns do. A pair without a divergence has the same replies on both sides, and all of them count.
_REPLIES = "list_filter(messages, lambda m: m.role = 'assistant')[divergence:]"
_CHARS = f"coalesce(list_sum(list_transform({_REPLIES}, lambda m: length(m.content))), 0)"
# Both sides of every pair with their messages, which are read once.
_SIDES = """
sides AS (
  SELECT pair_id, side, divergence, messages FROM (
    SELECT pair_id, 'chosen' AS side, divergence, chosen_id AS conversation_id FROM chosen
    UNION ALL SELECT pair_id, 'rejected', divergence, rejected_id FROM chosen
  ) JOIN lake.conversation_rows USING (conversation_id)
)"""

# The narrow columns are the index's; only origins that say whose answers the sides are have to be read in full.
_FACTS = f"""
, told AS (
  SELECT pair, list(DISTINCT source) AS sources, list(DISTINCT method) AS methods, list(DISTINCT schedule) AS schedules,
         bool_or(method IS NULL OR method NOT IN ({marks(NEUTRAL_METHODS)})) AS built
  FROM fast.origins WHERE pair IN (SELECT pair FROM chosen) GROUP BY pair
), wrote AS (
  SELECT pair, list_distinct(flatten(list(models))) AS models FROM fast.simulators
  WHERE pair IN (SELECT pair FROM chosen) GROUP BY pair
), authored AS (
  SELECT pair_id, list(DISTINCT meta) AS metas FROM lake.origin_rows
  WHERE contains(meta, '"sides"') AND pair_id IN (SELECT pair_id FROM chosen) GROUP BY pair_id
)
SELECT c.pair_id, c.seed_id, c.split, c.n_turns, c.divergence, l.chosen, l.rejected, t.built, t.sources, t.methods, t.schedules,
       w.models, a.metas
FROM chosen c JOIN fast.lengths l USING (pair) JOIN told t USING (pair)
LEFT JOIN wrote w USING (pair) LEFT JOIN authored a ON a.pair_id = c.pair_id ORDER BY c.pair_id"""
_NEEDS = ("lengths", "simulators")


def pair_facts(store: Store, f: PairFilter | None = None) -> list[PairFacts]:
    """The facts of every pair that passes `f` (None: all), by pair id, in one query.

    Characters are code points as stored: the few characters that no column takes (see `store.text`) count for five.
    """
    chosen = selection(f or PairFilter())
    sql, params = chosen.sql + _FACTS, (*chosen.params, *NEUTRAL_METHODS)
    with store.wide():
        rows = store.indexed(lambda session: session.rows(sql, params), {*chosen.needs, *_NEEDS})
    return list(map(_facts, rows))


def _facts(row: Sequence[Any]) -> PairFacts:
    pair_id, seed_id, split, n_turns, divergence, chars_chosen, chars_rejected, built, sources, methods, schedules, models, metas = row
    return PairFacts(
        pair_id=pair_id,
        seed_id=seed_id,
        split=split,
        n_turns=n_turns,
        divergence=divergence,
        chars_chosen=chars_chosen,
        chars_rejected=chars_rejected,
        built=built,
        sources=_names(sources),
        methods=_names(methods),
        schedules=_names(schedules),
        simulators=_names(from_json(f'"{model}"') for model in models or ()),
        authors=_authors(metas or ()),
    )


def _names(found: Iterable[str | None] | None) -> tuple[str, ...]:
    return tuple(sorted({name for name in found or () if name}))


def _authors(metas: Sequence[str]) -> tuple[str, str] | None:
    """Whose answers the two sides are, where the origins that say so agree."""
    stated: set[tuple[str, str]] = set()
    for meta in metas:
        sides = from_json(meta).get("sides")
        chosen, rejected = (sides.get("chosen"), sides.get("rejected")) if isinstance(sides, dict) else (None, None)
        if isinstance(chosen, str) and isinstance(rejected, str) and chosen and rejected:
            stated.add((chosen, rejected))
    return next(iter(stated)) if len(stated) == 1 else None


def reply_counts(store: Store, patterns: Sequence[str], *, without: str, f: PairFilter | None = None) -> dict[str, tuple[Counts, Counts]]:
    """Pair id → counts for the chosen and the rejected side: characters, then matches of each pattern.

    Counted are the assistant's replies from the divergence on; what matches `without` is taken out before matching, not
    before counting characters. Patterns are RE2's. The text itself never leaves the database.
    """
    chosen = selection(f or PairFilter())
    plain = f"list_transform({_REPLIES}, lambda m: regexp_replace(m.content, ?, '', 'g'))"
    matches = ["coalesce(list_sum(list_transform(plain, lambda t: len(regexp_extract_all(t, ?)))), 0)" for _ in patterns]
    sql = f"""{chosen.sql}, {_SIDES.strip()} SELECT pair_id, side, {", ".join(["chars", *matches])}
        FROM (SELECT pair_id, side, {_CHARS} AS chars, {plain} AS plain FROM sides)"""
    # Placeholders count in the order of the text: the matches stand before what they match in.
    with store.wide():
        rows = store.indexed(lambda session: session.rows(sql, (*chosen.params, *patterns, without)), chosen.needs)
    found = {(pair_id, side): tuple(int(n) for n in counts) for pair_id, side, *counts in rows}
    return {pair_id: (counts, found[pair_id, "rejected"]) for (pair_id, side), counts in found.items() if side == "chosen"}


def selected_readings(store: Store, f: PairFilter | None = None) -> list[Reading]:
    """Every judge's answers on the pairs that pass `f`, by judge and pair: what was asked of whom and what was said.

    Their raw text, endpoint, probability, tokens, time and cost are left empty, to keep many of them small; their ids are right.
    """
    columns = ("pair_id", "judge", "kind", "label", "prompt_hash", "model", "reading_order", "branch", "turn", "repeat", "finish_reason")
    sql = (
        f"SELECT {', '.join(columns)} FROM lake.readings WHERE pair_id IN (SELECT pair_id FROM chosen) ORDER BY judge, pair_id, reading_id"
    )
    # Of a few hundred thousand readings most words are the same; one copy of each is enough.
    known: dict[str, str] = {}

    def reading(row: tuple[Any, ...]) -> Reading:
        values: list[Any] = [known.setdefault(v, v) if isinstance(v, str) else v for v in row]
        pair_id, judge, kind, label, prompt_hash, model, order, branch, turn, repeat, finish_reason = values
        return Reading(
            pair_id, judge, kind, label, "", prompt_hash, "", model, order, branch, turn, repeat=repeat, finish_reason=finish_reason
        )

    return [reading(row) for row in _selected(store, f, sql)]


def selected_verdicts(store: Store, f: PairFilter | None = None) -> list[Verdict]:
    """The present verdict of every judge on the pairs that pass `f`, by judge and pair."""
    columns = ", ".join(field.name for field in fields(Verdict))
    sql = f"SELECT {columns} FROM lake.verdicts WHERE pair_id IN (SELECT pair_id FROM chosen) ORDER BY judge, pair_id"
    return [Verdict(*row) for row in _selected(store, f, sql)]


def selected_margins(store: Store, f: PairFilter | None = None) -> dict[str, dict[str, float]]:
    """Model's name → pair id → margin after the last turn, of the pairs that pass `f`."""
    sql = (
        "SELECT d.name, c.pair_id, g.margin FROM fast.margins g JOIN lake.models d USING (model_id) JOIN chosen c USING (pair) "
        "ORDER BY d.name, c.pair_id"
    )
    found: dict[str, dict[str, float]] = {}
    for name, pair_id, margin in _selected(store, f, sql):
        found.setdefault(name, {})[pair_id] = margin
    return found


def selected_labels(store: Store, f: PairFilter | None = None) -> list[LabelEvent]:
    """Every person's present label of the pairs that pass `f`, by person and pair; a label taken back has the choice None."""
    sql = f"SELECT {_LABEL} FROM lake.current_labels WHERE pair_id IN (SELECT pair_id FROM chosen) ORDER BY person, pair_id"
    return [stored_label(row).event for row in _selected(store, f, sql)]


def _selected(store: Store, f: PairFilter | None, sql: str) -> list[tuple[Any, ...]]:
    chosen = selection(f or PairFilter())

    def query(session: Session) -> list[tuple[Any, ...]]:
        return session.rows(f"{chosen.sql} {sql}", chosen.params)

    return store.indexed(query, chosen.needs)
