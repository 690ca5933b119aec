"""Queries that may use every core, beside those that may not."""

import os
import threading
import time
from pathlib import Path

import pytest

from music_core.store import attach, connect
from music_core.store.connect import Store, open_store
from music_core.store.pairs import add_pairs
from tests.store.conftest import make_pair

# Two at least, so that threads come and go on any machine.
CORES = max(2, os.cpu_count() or 1)
HELD_S = 1.0


def threads_of(store: Store) -> int:
    return int(store.read("SELECT current_setting('threads')")[0][0])


@pytest.fixture(autouse=True)
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: CORES)


def test_every_core_is_there_while_wanted_and_no_longer(store: Store) -> None:
    with store.wide(False):
        assert threads_of(store) == attach.THREADS
    with store.wide():
        assert threads_of(store) == CORES
        with store.wide():
            assert threads_of(store) == CORES
        assert threads_of(store) == CORES
    assert threads_of(store) == attach.THREADS


def test_nobody_waits_for_ever_where_threads_come_and_go_beside_other_queries(home: Path) -> None:
    """DuckDB ends threads under a lock that starting queries take, those of DuckLake's own threads among them."""
    store = open_store(home)  # of its own and closed only at the end: closing one that hangs would hang as well
    add_pairs(store, [make_pair()])
    until = time.monotonic() + 4.0

    def read(is_wide: bool) -> None:
        while time.monotonic() < until:
            with store.wide(is_wide):
                store.read("SELECT count(*) FROM lake.pair_rows JOIN lake.label_rows USING (pair_id)")

    readers = [threading.Thread(target=read, args=(is_wide,), daemon=True) for is_wide in (True, False, False)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60.0)
    assert not any(reader.is_alive() for reader in readers)
    assert threads_of(store) == attach.THREADS
    store.close()


def test_a_query_that_finds_too_many_threads_waits_for_those_before_it_but_not_for_long(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "_PAUSE_S", HELD_S)
    reading, goes_on = threading.Event(), threading.Event()

    def hold(session: object) -> None:
        reading.set()
        goes_on.wait(60.0)

    holder = threading.Thread(target=store.view, args=(hold,))
    holder.start()
    reading.wait(60.0)
    with store.wide():
        pass
    start = time.monotonic()
    assert threads_of(store) == CORES  # one still reads, and nobody is kept out by it for good
    assert time.monotonic() - start > HELD_S * 0.9
    goes_on.set()
    holder.join(60.0)
    assert threads_of(store) == attach.THREADS


def test_a_store_closed_in_a_wide_read_leaves_the_next_one_few_threads(home: Path) -> None:
    store = open_store(home)
    with store.wide():
        store.close()
    again = open_store(home)
    assert threads_of(again) == attach.THREADS
    again.close()
