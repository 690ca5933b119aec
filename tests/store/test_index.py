import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from music_core.store.connect import Store, open_store
from music_core.store.index import Index
from music_core.store.labels import add_label, labelled_ids, undo_label
from music_core.store.maintain import compact
from music_core.store.pairs import PairFilter, add_pairs, facets, list_pairs
from music_core.store.readings import add_readings
from music_core.store.session import Session
from music_core.store.traces import add_traces
from music_core.types import LabelEvent, RewardTrace, Verdict
from tests.store.conftest import make_pair


def seen(store: Store) -> object:
    """Everything that comes out of the index."""
    return list_pairs(store, PairFilter(model_id="m"), limit=1000), facets(store), labelled_ids(store, "ann")


def test_what_another_process_writes_appears_at_the_next_query(home: Path, store: Store) -> None:
    """A second store on the same folder has its own DuckDB and its own index, as another process has."""
    other = open_store(home)
    first = make_pair("first")
    add_pairs(store, [first])
    assert list_pairs(other, PairFilter()).total == 1
    stages: list[list[Callable[[], object]]] = [
        [
            lambda: add_pairs(store, [make_pair(f"{k}") for k in range(30)]),
            lambda: add_label(store, LabelEvent("t1", first.pair.id, "ann", "left", "chosen", True)),
            lambda: add_readings(store, [], [Verdict(first.pair.id, "j", "pairwise", "flip", 0.0, 2, 0)]),
            lambda: add_traces(store, [RewardTrace(first.pair.id, "chosen", "m", (1.0,))]),
        ],
        [
            lambda: add_pairs(store, [make_pair("first", source="elsewhere")]),
            lambda: add_label(store, LabelEvent("t2", first.pair.id, "ann", "tie", "chosen", True)),
            lambda: add_readings(store, [], [Verdict(first.pair.id, "j", "pairwise", "tie", 0.0, 2, 0)]),
            lambda: add_traces(store, [RewardTrace(first.pair.id, "rejected", "m", (0.25,))]),
        ],
        [lambda: undo_label(store, first.pair.id, "ann", "u1"), lambda: compact(store)],
        [lambda: add_pairs(store, [make_pair("after compaction")])],
    ]
    for stage in stages:
        for step in stage:
            step()
        fresh = open_store(home)
        assert seen(other) == seen(fresh)
        fresh.close()
    row = list_pairs(other, PairFilter(model_id="m", pair_ids=(first.pair.id,))).rows[0]
    assert (row.margin, dict(row.verdicts), row.n_labels) == (0.75, {"j": "tie"}, 0)
    other.close()


def test_an_index_whose_snapshot_was_dropped_starts_anew(home: Path, store: Store) -> None:
    other = open_store(home)
    assert list_pairs(other, PairFilter()).total == 0
    for k in range(3):
        add_pairs(store, [make_pair(f"{k}")])
    compact(store, keep_days=0)
    assert list_pairs(other, PairFilter()).total == 3
    other.close()


def test_an_index_that_missed_dropped_snapshots_and_others_after_them_starts_anew(home: Path, store: Store) -> None:
    other = open_store(home)
    assert list_pairs(other, PairFilter()).total == 0
    add_pairs(store, [make_pair("dropped")])
    compact(store, keep_days=0)
    add_pairs(store, [make_pair("kept")])
    assert list_pairs(other, PairFilter()).total == 2
    other.close()


def test_one_look_serves_all_who_waited_for_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.indexed(lambda session: session.rows("SELECT 1"))
    waiting, looking, n_looks = threading.Barrier(6), threading.Event(), 0
    look = Index._look

    def slow(index: Index, session: Session) -> object:
        nonlocal n_looks
        n_looks += 1
        looking.set()
        if n_looks == 1:
            waiting.wait(60.0)
            time.sleep(0.3)  # all of them have asked by now
        return look(index, session)

    monkeypatch.setattr(Index, "_look", slow)

    def ask() -> int:
        looking.wait(60.0)
        waiting.wait(60.0)
        return list_pairs(store, PairFilter()).total

    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(store.indexed, lambda session: session.rows("SELECT 1"))
        looking.wait(60.0)
        totals = [pool.submit(ask) for _ in range(5)]
        assert [total.result() for total in totals] == [0] * 5
        first.result()
    assert n_looks == 2


def test_rows_written_straight_into_a_table_twice_are_shown_once(store: Store) -> None:
    """The lock rows keep doubles out; should one get in all the same, nobody sees it."""
    item = make_pair()
    add_pairs(store, [item])
    store.write("pairs", lambda session: session.rows("INSERT INTO lake.pair_rows SELECT * FROM lake.pair_rows"))
    store.write("pairs", lambda session: session.rows("INSERT INTO lake.origin_rows SELECT * FROM lake.origin_rows"))
    assert list_pairs(store, PairFilter()).total == 1
    assert store.read("SELECT count(*) FROM lake.pairs") == [(1,)]


def test_rows_that_arrive_twice_after_the_index_was_filled_are_shown_once(home: Path, store: Store) -> None:
    item = make_pair()
    add_pairs(store, [item])
    assert list_pairs(store, PairFilter()).total == 1
    store.write("pairs", lambda session: session.rows("INSERT INTO lake.pair_rows SELECT * FROM lake.pair_rows"))
    store.write("pairs", lambda session: session.rows("INSERT INTO lake.origin_rows SELECT * FROM lake.origin_rows"))
    assert list_pairs(store, PairFilter()).total == 1
    # All of one look: a label, the same person's later one, each of them twice, and another person's.
    other = open_store(home)
    for token, person, choice in (("t1", "ann", "left"), ("t2", "ann", "tie"), ("t3", "ben", "right")):
        add_label(other, LabelEvent(token, item.pair.id, person, choice, "chosen", token != "t2"))  # type: ignore[arg-type]
    other.write("labels", lambda session: session.rows("INSERT INTO lake.label_rows SELECT * FROM lake.label_rows"))
    other.close()
    row = list_pairs(store, PairFilter()).rows[0]
    assert row.n_labels == 2
    found = store.indexed(lambda session: session.rows("SELECT person, choice FROM fast.labels ORDER BY person"))
    assert found == [("ann", "tie"), ("ben", "right")]
    assert store.indexed(lambda session: session.one("SELECT count(*) FROM fast.new_labels")) == 3
