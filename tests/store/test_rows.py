"""How rows go into the lake: few as values, many as a table, and what a transaction sees of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from music_core.store.connect import Store
from music_core.store.index_tables import COPIES
from music_core.store.labels import said_so_far
from music_core.store.session import Session

AT = datetime(2026, 3, 4, 5, 6, 7, 890_000)


def label(n: int, **values: Any) -> dict[str, Any]:
    row = {
        "label_id": f"l_{n}",
        "seq": n,
        "token": f"t \x00 \ud800 '{n}'",
        "pair_id": f"p_{n % 3}",
        "person": "Zoë",
        "choice": None if n % 4 == 0 else "left",
        "blind": n % 2 == 0,
        "seconds": n / 3,
        "turn_marks": '{"1": "left:good"}',
        "probability": None,
        "kind": None,
        "created_at": AT,
    }
    return row | values


def stored(store: Store) -> list[tuple[Any, ...]]:
    return store.read(f"SELECT {', '.join(label(0))} FROM lake.label_rows ORDER BY seq")  # noqa: S608


@pytest.mark.parametrize("n", [1, 2, 8, 9, 30])
def test_however_many_rows_go_in_they_come_back_as_they_were(store: Store, n: int) -> None:
    rows = [label(k) for k in range(n)]
    store.write("labels", lambda session: session.insert("label_rows", rows))
    assert stored(store) == [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("n", [2, 9])
def test_values_go_where_their_names_say(store: Store, n: int) -> None:
    rows: list[Mapping[str, Any]] = [label(k) if k % 2 else dict(reversed(label(k).items())) for k in range(n)]
    store.write("labels", lambda session: session.insert("label_rows", rows))
    assert stored(store) == [tuple(label(k).values()) for k in range(n)]


def test_a_transaction_that_asks_the_copy_sees_all_that_it_has_added_itself(store: Store) -> None:
    said_so_far(store, "Zoë")  # fills the copy

    def add(session: Session) -> list[int]:
        session.use_copies(COPIES)
        seen = []
        for rows in ([label(0)], [label(k) for k in range(1, 12)], [dict(reversed(label(12).items()))]):
            session.insert("label_rows", rows)
            seen.append(len(session.rows(f"FROM {session.rows_of('label_rows')} WHERE person = 'Zoë'")))
        return seen

    assert store.write("labels", add) == [1, 12, 13]
