"""A catalog that is kept open between transactions."""

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from music_core.store import keeper
from music_core.store.connect import Store, open_store
from music_core.store.labels import add_label, label_history
from music_core.store.pairs import PairFilter, add_pairs, list_pairs, pair_ids
from music_core.types import LabelEvent
from tests.store.conftest import make_pair


def log_of(store: Store) -> Path:
    return store.home / "catalog.sqlite-wal"


def is_wide(store: Store) -> bool:
    return store._is_wide


def wait_for(there: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not there():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def keepers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many keepers were begun since and are there. They look often."""
    monkeypatch.setattr(keeper, "LOOK_S", 0.01)
    before = threading.enumerate()
    return lambda: sum(thread.name == "catalog-keeper" for thread in threading.enumerate() if thread not in before)


def test_the_log_stays_while_nobody_asks_and_goes_with_the_store(store: Store, keepers: Callable[[], int]) -> None:
    add_pairs(store, [make_pair("first")])
    assert not log_of(store).exists()
    store.keep_open()
    store.keep_open()
    wait_for(log_of(store).exists)
    assert keepers() == 1
    add_pairs(store, [make_pair("second")])
    assert len(pair_ids(store, PairFilter())) == 2
    assert log_of(store).exists()
    store.let_go()
    assert not log_of(store).exists()
    store.keep_open()
    wait_for(log_of(store).exists)
    store.close()
    assert not log_of(store).exists()
    assert keepers() == 0
    store.keep_open()
    assert keepers() == 0


@pytest.mark.parametrize("linked", [False, True])
def test_a_large_log_is_let_go_and_a_new_one_is_kept(home: Path, store: Store, monkeypatch: pytest.MonkeyPatch, linked: bool) -> None:
    monkeypatch.setattr(keeper, "MOST_BYTES", 400_000)
    if linked:
        store.close()
        link = home / "link.sqlite"
        link.symlink_to(home / "catalog.sqlite")
        store = open_store(home, catalog=f"sqlite:{link}")
    store.keep_open()
    wait_for(log_of(store).exists)
    sizes = []
    for i in range(12):
        add_pairs(store, [make_pair(f"{i}")])
        time.sleep(0.05)
        sizes.append(log_of(store).stat().st_size if log_of(store).exists() else 0)
    # Without letting go it would only grow.
    assert any(later < before for before, later in itertools.pairwise(sizes)), sizes
    wait_for(log_of(store).exists)
    assert len(pair_ids(store, PairFilter())) == 12
    store.close()


def test_others_write_and_see_what_is_written(home: Path, store: Store) -> None:
    store.keep_open()
    wait_for(log_of(store).exists)
    other = open_store(home)
    add_pairs(other, [make_pair("elsewhere")])
    (id_,) = pair_ids(store, PairFilter())
    add_label(other, LabelEvent("t1", id_, "Ann", "left", "chosen", True))
    assert [label.event.person for label in label_history(store, id_)] == ["Ann"]
    add_label(store, LabelEvent("t2", id_, "Bob", "right", "chosen", True))
    assert [label.event.person for label in label_history(other, id_)] == ["Ann", "Bob"]
    other.close()


def test_the_index_is_packed_and_threads_come_and_go_beside_it(store: Store) -> None:
    add_pairs(store, [make_pair(f"{i}") for i in range(5)])
    store.keep_open()
    wait_for(log_of(store).exists)
    before = list_pairs(store, PairFilter())
    for _ in range(5):
        with store.wide():
            assert list_pairs(store, PairFilter()) == before
            assert is_wide(store)
        assert not is_wide(store)
        # As `Store.pack`, which says nothing where it is hindered.
        with store._cursor() as cursor:
            cursor.execute("CHECKPOINT fast")
    assert list_pairs(store, PairFilter()) == before


def test_a_store_that_cannot_be_read_just_now_is_tried_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    begin = store._idle_transaction

    def fail_twice() -> object:
        tried.append(1)
        if len(tried) < 3:
            raise duckdb.IOException("database is locked")
        return begin()

    monkeypatch.setattr(store, "_idle_transaction", fail_twice)
    store.keep_open()
    wait_for(log_of(store).exists)
    assert len(tried) == 3
