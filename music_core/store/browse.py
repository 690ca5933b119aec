"""The Pairs page: one page of narrow rows, and the values there are to filter by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from music_core.store.connect import Store
from music_core.store.filters import DECIDED, PairFilter, order, selection
from music_core.store.session import Session, marks
from music_core.store.sides import Systems, systems_by_pair
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
    columns = "pair_id, seed_id, split, n_turns, divergence, opening, chars_chosen, chars_rejected, created_at, margin"
    # Narrow until the rows of the page are known: what is filtered and sorted may be a million.
    heads = "heads AS MATERIALIZED (SELECT place, pair_id, margin, sort_key FROM chosen)"
    page = f"SELECT place, margin, sort_key FROM heads ORDER BY {terms} LIMIT ? OFFSET ?"
    # One query for the page and the count, which is there even where the page is empty.
    sql = (
        f"{chosen.sql}, {heads} SELECT n, {columns} FROM (SELECT count(*) AS n FROM heads) LEFT JOIN ({page}) ON true "
        f"LEFT JOIN fast.pairs p ON p.rowid = place ORDER BY {terms}"
    )

    def query(session: Session) -> PairPage:
        found = session.rows(sql, [*chosen.params, limit, offset])
        return PairPage(_complete(session, f, [row[1:] for row in found if row[1] is not None]), int(found[0][0]))

    with store.wide(bool(f.text)):
        return store.indexed(query, chosen.needs)


def _complete(session: Session, f: PairFilter, heads: Sequence[tuple[Any, ...]]) -> tuple[PairRow, ...]:
    """The rows of a page with what lies in other tables, which is looked up for these ids only."""
    ids = [row[0] for row in heads]
    if not ids:
        return ()
    origins = _first_origins(session, f, ids)
    judged: dict[str, dict[str, VerdictValue]] = {}
    for pair_id, judge, value in session.rows(
        f"SELECT pair_id, judge, value FROM fast.verdicts WHERE pair_id IN ({marks(ids)}) ORDER BY judge", ids
    ):
        judged.setdefault(pair_id, {})[judge] = value
    sql = f"SELECT pair_id, count(*) FROM fast.labels WHERE pair_id IN ({marks(ids)}) AND {DECIDED} GROUP BY pair_id"
    n_labels: dict[str, int] = dict(session.rows(sql, ids))
    systems = systems_by_pair(session, ids)
    rows = []
    for pair_id, seed_id, split, n_turns, divergence, opening, chars_chosen, chars_rejected, created_at, margin in heads:
        source, schedule, method = origins.get(pair_id, ("", None, None))
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
                opening=opening,
                chars_chosen=chars_chosen,
                chars_rejected=chars_rejected,
                margin=margin,
                verdicts=judged.get(pair_id, {}),
                n_labels=n_labels.get(pair_id, 0),
                created_at=utc(created_at),
                systems=systems.get(pair_id),
            )
        )
    return tuple(rows)


def _first_origins(session: Session, f: PairFilter, ids: Sequence[str]) -> dict[str, tuple[str, str | None, str | None]]:
    sql = (
        "SELECT pair_id, source, schedule, method, run_id FROM fast.origins "
        f"WHERE pair_id IN ({marks(ids)}) ORDER BY created_at DESC, origin_id DESC"
    )
    wanted = ((f.sources, 1), (f.schedules, 2), (f.methods, 3), (f.run_ids, 4))
    found: dict[str, tuple[bool, tuple[str, str | None, str | None]]] = {}
    for row in session.rows(sql, ids):
        passes = all(not values or row[i] in values for values, i in wanted)
        if passes or not found.get(row[0], (False,))[0]:
            found[row[0]] = (passes, (row[1], row[2], row[3]))
    return {pair_id: origin for pair_id, (_, origin) in found.items()}


_FACETS: Mapping[str, str] = {
    "source": "SELECT source, count(DISTINCT pair_id) FROM fast.origins GROUP BY 1",
    "schedule": "SELECT schedule, count(DISTINCT pair_id) FROM fast.origins GROUP BY 1",
    "method": "SELECT method, count(DISTINCT pair_id) FROM fast.origins GROUP BY 1",
    "split": "SELECT split, count(*) FROM fast.pairs GROUP BY 1",
    "judge": "SELECT judge, count(*) FROM fast.verdicts GROUP BY 1",
    "model": "SELECT model_id, count(*) FROM fast.margins GROUP BY 1",
    "person": f"SELECT person, count(*) FROM fast.labels WHERE {DECIDED} GROUP BY 1",
}


# The names as they stand in JSON.
_SIMULATORS = "SELECT model, count(DISTINCT pair_id) AS n FROM (SELECT pair_id, unnest(models) AS model FROM fast.simulators) GROUP BY 1"


def facets(store: Store) -> dict[str, list[Facet]]:
    """Per filter (source, schedule, method, split, judge, model id, person) its values with their number of pairs, most first."""
    return store.indexed(lambda session: {name: _values(session, sql) for name, sql in _FACETS.items()})


def simulators(store: Store) -> list[Facet]:
    """The models that wrote turns, with their number of pairs, most first. Apart from `facets`, since turn records are long to read."""
    found = store.indexed(lambda session: _values(session, _SIMULATORS), ("simulators",))
    return [Facet(from_json(f'"{f.value}"'), f.n) for f in found]


def _values(session: Session, sql: str) -> list[Facet]:
    return [Facet(*row) for row in session.rows(f"SELECT * FROM ({sql}) t(value, n) WHERE value IS NOT NULL ORDER BY n DESC, value")]
