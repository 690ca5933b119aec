"""Which slice every pair falls into, by one property: out of the index, without facts of other kinds."""

from collections.abc import Mapping
from typing import Any

from music_core.store.connect import Store
from music_core.store.filters import PairFilter, selection
from music_core.store.text import from_json

_OWN = "SELECT pair, {} FROM chosen"
_OF_ORIGINS = "SELECT DISTINCT pair, o.{0} FROM fast.origins o JOIN chosen USING (pair) WHERE o.{0} <> ''"
# Property → query of (number of a pair, value …) and the tables of the index that it needs.
_SQL: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "turns": (_OWN.format("n_turns"), ()),
    "divergence": (_OWN.format("divergence"), ()),
    "split": (_OWN.format("split"), ()),
    "source": (_OF_ORIGINS.format("source"), ()),
    "schedule": (_OF_ORIGINS.format("schedule"), ()),
    "length_gap": ("SELECT pair, l.chosen, l.rejected FROM fast.lengths l JOIN chosen USING (pair)", ("lengths",)),
    "simulator": (
        "SELECT DISTINCT pair, unnest(models) FROM fast.simulators JOIN chosen USING (pair)",
        ("simulators",),
    ),
}


def property_rows(store: Store, by: str, f: PairFilter | None = None) -> list[tuple[Any, ...]]:
    """(number in the index, value) of every pair that passes `f`, a row for each of several values and none where no value is stated.

    `by` is `turns`, `divergence`, `split`, `source`, `schedule`, `simulator`, or `length_gap`, whose rows are (number, characters of
    the chosen side, of the rejected side), counted as in `facts.PairFacts`. Raises `ValueError` for any other.
    """
    if by not in _SQL:
        raise ValueError(f"pairs are not sliced by {by!r}")
    chosen, (sql, needs) = selection(f or PairFilter()), _SQL[by]
    with store.wide():
        rows = store.indexed(lambda session: session.rows(f"{chosen.sql} {sql}", chosen.params), {*chosen.needs, *needs})
    if by != "simulator":
        return rows
    names = {model: from_json(f'"{model}"') for _, model in rows}
    return [(pair, names[model]) for pair, model in rows if names[model]]
