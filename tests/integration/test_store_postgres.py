"""The store on a real Postgres catalog: what the default tests show for SQLite, and what only Postgres can break."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from benchmarks.labels import Plan, example_pair, run
from music_core.store import attach, migrate
from music_core.store.connect import Store, open_store
from music_core.store.labels import add_label, all_labels, label_history, undo_label
from music_core.store.maintain import check, compact
from music_core.store.pairs import PairFilter, add_pairs, get_pair, list_pairs
from music_core.store.runs import pairs_at, write_manifest
from music_core.types import LabelEvent
from tests.integration.postgres import postgres_server
from tests.store.conftest import add_six_pairs, make_pair
from tests.store.test_reservations import compete, labelled_by_two_processes

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as dsn:
        yield dsn


_numbers = itertools.count()


@pytest.fixture
def catalog(server: str) -> str:
    """The address of an empty database of its own."""
    name = f"lake{next(_numbers)}"
    connection = duckdb.connect(":memory:")
    attach.load_extension(connection, "postgres_scanner")
    connection.execute(f"ATTACH 'dbname=postgres {server}' AS server (TYPE postgres)")
    connection.execute(f"CALL postgres_execute('server', 'CREATE DATABASE {name}', use_transaction => false)")
    connection.close()
    return f"postgres:dbname={name} {server}"


def test_two_processes_lose_and_double_nothing(catalog: str, tmp_path: Path) -> None:
    result = run(Plan(tmp_path, seconds=20, writers=2, kills=3, catalog=catalog))
    assert result["acknowledged"] >= 10
    assert (result["lost"], result["doubled"]) == (0, 0)
    store = open_store(tmp_path, catalog=catalog)
    assert check(store) == []
    store.close()


def test_the_catalog_alone_keeps_doubles_out(catalog: str, tmp_path: Path) -> None:
    """Two stores with homes of their own share no queue, as on two machines; without lock rows this doubles nearly every row."""
    stores = [open_store(tmp_path / f"home{k}", catalog=catalog, data_path=f"{tmp_path}/data/") for k in range(2)]
    target = make_pair()
    add_pairs(stores[0], [target])
    start, errors = threading.Barrier(2), []

    def write(store: Store) -> None:
        try:
            for k in range(10):
                start.wait(60)
                add_label(store, LabelEvent(f"t{k}", target.pair.id, "ann", "left", "chosen", True))
                add_pairs(store, [example_pair(f"{k}")])
        except BaseException as e:
            errors.append(e)
            start.abort()

    threads = [threading.Thread(target=write, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert check(stores[0]) == []
    assert len(all_labels(stores[1])) == 10
    assert list_pairs(stores[1], PairFilter()).total == 11
    for store in stores:
        store.close()


def test_hostile_text_labels_and_history_come_back(catalog: str, tmp_path: Path) -> None:
    store = open_store(tmp_path, catalog=catalog)
    for text in ("a\x00b", "\ud800", "😀 \u2028", "'}]\\\", {'role': user}", "x" * 1_000_000):
        item = make_pair(text)
        add_pairs(store, [item])
        assert get_pair(store, item.pair.id).pair == item.pair
    stored = add_label(store, LabelEvent("t\x00", item.pair.id, "Ann '\"", "left", "chosen", True, comment="\x00\ud800{}"))
    undo = undo_label(store, item.pair.id, "Ann '\"", "u")
    assert label_history(store, item.pair.id) == [stored, undo]
    assert list_pairs(store, PairFilter(text="A\x00B")).total == 1
    store.close()


def test_training_data_stays_readable_after_compaction(catalog: str, tmp_path: Path) -> None:
    store = open_store(tmp_path, catalog=catalog)
    items = [make_pair(f"Question {k}") for k in range(4)]
    add_pairs(store, items)
    write_manifest(store, "r", [(i.pair.id, "train") for i in items])
    before = list(pairs_at(store, "r"))
    for k in range(3):
        add_pairs(store, [make_pair(f"later {k}")])
    assert compact(store, keep_days=0)["rows_moved"] > 0
    assert list(pairs_at(store, "r")) == before
    assert check(store) == []
    store.close()


def test_an_older_store_is_upgraded_and_keeps_its_data_path(catalog: str, tmp_path: Path) -> None:
    where = attach.address(tmp_path, catalog, f"{tmp_path}/elsewhere/")
    connection = attach.connect(where)
    migrate.upgrade(connection, up_to=1)
    connection.close()
    store = open_store(tmp_path, catalog=catalog)
    item = make_pair()
    add_pairs(store, [item])
    assert list((tmp_path / "elsewhere").rglob("*.parquet"))
    assert get_pair(store, item.pair.id).pair == item.pair
    store.close()


def test_of_two_machines_that_ask_at_one_instant_one_gets_the_pair(catalog: str, tmp_path: Path) -> None:
    stores = [open_store(tmp_path / f"home{k}", catalog=catalog, data_path=f"{tmp_path}/data/") for k in range(2)]
    compete(stores[0], stores[1], add_six_pairs(stores[0]))
    assert check(stores[0]) == []
    for store in stores:
        store.close()


def test_two_processes_share_out_the_pairs_of_a_queue(catalog: str, tmp_path: Path) -> None:
    store = open_store(tmp_path, catalog=catalog)
    ids = add_six_pairs(store)
    first, second = labelled_by_two_processes(tmp_path, ids, catalog)
    assert sorted([*first, *second]) == sorted(ids)
    assert not any(label.event.beyond for label in all_labels(store))
    store.close()
