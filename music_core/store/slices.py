"""Which slice every pair falls into, by one property: out of the index, without facts of other kinds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_core.store.connect import Store
from music_core.store.filters import GAP_ROWS, GAPS, PairFilter, selection
from music_core.store.session import Session
from music_core.store.text import from_json

_OWN = "SELECT pair, CAST({} AS VARCHAR) AS value FROM chosen"
_OF_ORIGINS = "SELECT DISTINCT pair, o.{0} AS value FROM fast.origins o JOIN chosen USING (pair) WHERE o.{0} <> ''"
_GAP_NAMES = " ".join(f"WHEN {within} THEN '{name}'" for name, within in GAPS.items())
# Property → query of (number of a pair, value), a row for each value, and the tables of the index that it needs.
_SQL: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "turns": (_OWN.format("n_turns"), ()),
    "divergence": (_OWN.format("divergence"), ()),
    "split": (_OWN.format("split"), ()),
    "source": (_OF_ORIGINS.format("source"), ()),
    "schedule": (_OF_ORIGINS.format("schedule"), ()),
    "length_gap": (
        f"SELECT pair, CASE {_GAP_NAMES} END AS value FROM ({GAP_ROWS}) JOIN chosen USING (pair)",
        ("lengths",),
    ),
    "simulator": (
        "SELECT DISTINCT pair, value FROM (SELECT pair, unnest(models) AS value FROM fast.simulators JOIN chosen USING (pair)) "
        "WHERE value <> ''",
        ("simulators",),
    ),
}
_NAMED = """
CREATE OR REPLACE TEMP TABLE named AS
SELECT value, row_number() OVER () - 1 AS number FROM (SELECT DISTINCT value FROM stated)"""


@dataclass(frozen=True, slots=True)
class Property:
    """Row k says that the pair that the index calls `pair[k]` has the value `names[value[k]]`; a pair may have several, or none."""

    pair: NDArray[np.uint64]
    value: NDArray[np.int64]
    names: tuple[str, ...]


def property_of(store: Store, by: str, f: PairFilter | None = None) -> Property:
    """What is stated of every pair that passes `f`.

    `by` is `turns`, `divergence`, `split`, `source`, `schedule`, `simulator` or `length_gap`, whose values are those of
    `evaluate.slices.length_gap_bucket`. Raises `ValueError` for any other.
    """
    if by not in _SQL:
        raise ValueError(f"pairs are not sliced by {by!r}")
    chosen, (sql, needs) = selection(f or PairFilter()), _SQL[by]

    def query(session: Session) -> Property:
        session.rows(f"CREATE OR REPLACE TEMP TABLE stated AS {chosen.sql} {sql}", chosen.params)
        session.rows(_NAMED)
        names = [row[0] for row in session.rows("SELECT value FROM named ORDER BY number")]
        found = session.arrays("SELECT pair, number FROM stated JOIN named USING (value)")
        # Simulators are named as they stand in JSON.
        return Property(found["pair"], found["number"], tuple(from_json(f'"{name}"') if by == "simulator" else name for name in names))

    with store.wide():
        return store.indexed(query, {*chosen.needs, *needs})
