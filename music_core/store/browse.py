"""The Pairs page: one page of narrow rows, and the values there are to filter by."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from music_core.store.connect import Store
from music_core.store.filters import DECIDED, PairFilter, order, selection
from music_core.store.session import Row, Session
from music_core.store.sides import Systems, are_neutral, systems_by_pair
from music_core.store.text import from_json, utc
from music_core.types import Split, VerdictValue


@dataclass(frozen=True, slots=True)
class PairRow:
    """A line of the Pairs page. `source`, `schedule`, `method` are those of the oldest origin that passes the filter.

    `margin` is that of the filter's model on the last turn, None without one. `n_labels` counts current decisions of people.
    `systems` names whose answers the sides are where neither was built to be better, see `sides.systems_of`.
    """

    pair_id: str
    seed_id: str
    source: str
    schedule: str | None
    method: str | None
    split: Split
    n_turns: int
    divergence: int
    opening: str
    chars_chosen: int
    chars_rejected: int
    margin: float | None
    verdicts: Mapping[str, VerdictValue]
    n_labels: int
    created_at: datetime
    systems: Systems | None = None


@dataclass(frozen=True, slots=True)
class PairPage:
    """One page of rows and the number of pairs that pass the filter on all pages."""

    rows: tuple[PairRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Facet:
    """A value to filter by and the number of pairs that have it."""

    value: str
    n: int


def list_pairs(
    store: Store, f: PairFilter, *, sort: str = "created", descending: bool = True, limit: int = 30, offset: int = 0
) -> PairPage:
    """One page of the pairs that pass `f`. Raises `StoreError` for an unknown sort."""
    chosen, terms = selection(f, sort), order(descending)
    columns = "pair, pair_id, seed_id, split, n_turns, divergence, chars_chosen, chars_rejected, created_at"
    # Narrow until the rows of the page are known: what is filtered and sorted may be a million.
    heads = "heads AS MATERIALIZED (SELECT place, pair, sort_key FROM chosen)"
    page = f"SELECT place, sort_key FROM heads ORDER BY {terms} LIMIT ? OFFSET ?"
    # One query for the page and the count, which is there even where the page is empty.
    sql = (
        f"{chosen.sql}, {heads} SELECT n, {columns} FROM (SELECT count(*) AS n FROM heads) LEFT JOIN ({page}) ON true "
        f"LEFT JOIN fast.pairs p USING (place) ORDER BY {terms}"
    )

    def query(session: Session) -> PairPage:
        found = session.rows(sql, [*chosen.params, limit, offset])
        return PairPage(_complete(session, f, [row[1:] for row in found if row[1] is not None]), int(found[0][0]))

    with store.wide(bool(f.text) or store.is_large):
        return store.indexed(query, {*chosen.needs, "openings"})


def _complete(session: Session, f: PairFilter, heads: Sequence[tuple[Any, ...]]) -> tuple[PairRow, ...]:
    """The rows of a page with what lies in other tables, which is looked up for these pairs only."""
    if not heads:
        return ()
    pairs = [row[0] for row in heads]
    origins: dict[int, list[Row]] = {}
    for pair, *origin in _looked_up(session, "origins", "source, schedule, method, run_id", pairs, "created_at, origin"):
        origins.setdefault(pair, []).append(tuple(origin))
    judged: dict[int, dict[str, VerdictValue]] = {}
    for pair, judge, value in _looked_up(session, "verdicts", "judge, value", pairs, "judge"):
        judged.setdefault(pair, {})[judge] = value
    n_labels = Counter(pair for pair, _ in _looked_up(session, "labels", "person", pairs, "person", DECIDED))
    margins: dict[int, float] = {}
    if f.model_id is not None:
        # Of all models: to ask for one of them takes longer than to look at a few rows more.
        scored = _looked_up(session, "scores", "model_id, chosen - rejected", pairs, "pair")
        margins = {pair: margin for pair, model_id, margin in scored if model_id == f.model_id}
    openings = openings_of(session, pairs)
    neutral = [row[1] for row in heads if are_neutral(method for _, _, method, _ in origins.get(row[0], ()))]
    systems = systems_by_pair(session, neutral)
    rows = []
    for pair, pair_id, seed_id, split, n_turns, divergence, chars_chosen, chars_rejected, created_at in heads:
        source, schedule, method, _ = _first(origins.get(pair, ()), f)
        rows.append(
            PairRow(
                pair_id=pair_id,
                seed_id=seed_id,
                source=source,
                schedule=schedule,
                method=method,
                split=split,
                n_turns=n_turns,
                divergence=divergence,
                opening=openings[pair],
                chars_chosen=chars_chosen,
                chars_rejected=chars_rejected,
                margin=margins.get(pair),
                verdicts=judged.get(pair, {}),
                n_labels=n_labels[pair],
                created_at=utc(created_at),
                systems=systems.get(pair_id),
            )
        )
    return tuple(rows)


def _looked_up(session: Session, table: str, columns: str, pairs: Sequence[int], by: str, where: str = "true") -> list[Row]:
    """Rows (pair, `columns`) of these pairs in a table of the index.

    Their places are found first, so that no other column is read of a million rows.
    """
    places = f"SELECT rowid FROM fast.{table} WHERE pair IN (SELECT unnest(?::UBIGINT[]))"
    return session.rows(f"SELECT pair, {columns} FROM fast.{table} WHERE rowid IN ({places}) AND {where} ORDER BY {by}", [pairs])


def openings_of(session: Session, pairs: Sequence[int]) -> dict[int, str]:
    """The opening of each of these pairs, where `openings` are in the index."""
    found: dict[int, str] = dict(_looked_up(session, "openings", "opening", pairs, "pair"))
    return found


def _first(origins: Sequence[Row], f: PairFilter) -> Row:
    """The oldest origin that passes the filter, else the oldest; `origins` are (source, schedule, method, run id), oldest first."""
    wanted = (f.sources, f.schedules, f.methods, f.run_ids)
    passing = (row for row in origins if all(not values or value in values for values, value in zip(wanted, row, strict=True)))
    return next(passing, origins[0] if origins else ("", None, None, None))


_FACETS: Mapping[str, str] = {
    "source": "SELECT source, count(DISTINCT pair) FROM fast.origins GROUP BY 1",
    "schedule": "SELECT schedule, count(DISTINCT pair) FROM fast.origins GROUP BY 1",
    "method": "SELECT method, count(DISTINCT pair) FROM fast.origins GROUP BY 1",
    "split": "SELECT split, count(*) FROM fast.pairs GROUP BY 1",
    "judge": "SELECT judge, count(*) FROM fast.verdicts GROUP BY 1",
    "model": "SELECT model_id, count(*) FROM fast.margins GROUP BY 1",
    "person": f"SELECT person, count(*) FROM fast.labels WHERE {DECIDED} GROUP BY 1",
}


# The names as they stand in JSON.
_SIMULATORS = "SELECT model, count(DISTINCT pair) AS n FROM (SELECT pair, unnest(models) AS model FROM fast.simulators) GROUP BY 1"


def facets(store: Store) -> dict[str, list[Facet]]:
    """Per filter (source, schedule, method, split, judge, model id, person) its values with their number of pairs, most first."""
    return store.indexed(lambda session: {name: _values(session, sql) for name, sql in _FACETS.items()})


def simulators(store: Store) -> list[Facet]:
    """The models that wrote turns, with their number of pairs, most first. Apart from `facets`, since turn records are long to read."""
    found = store.indexed(lambda session: _values(session, _SIMULATORS), ("simulators",))
    return [Facet(from_json(f'"{f.value}"'), f.n) for f in found]


def _values(session: Session, sql: str) -> list[Facet]:
    return [Facet(*row) for row in session.rows(f"SELECT * FROM ({sql}) t(value, n) WHERE value IS NOT NULL ORDER BY n DESC, value")]
