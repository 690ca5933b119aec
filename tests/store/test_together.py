"""Several processes write at once. The long form of this is benchmarks/labels.py, which also kills writers."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from benchmarks.labels import Plan, run
from music_core.errors import StoreBusyError, StoreError
from music_core.store.connect import MIN_ATTEMPTS, QUEUE_FILE, Store, open_store, retrying
from music_core.store.labels import add_label, all_labels, append
from music_core.store.maintain import check
from music_core.store.pairs import PairFilter, add_pairs, list_pairs
from music_core.store.queue import Queue
from music_core.store.reservations import Claim, reserve
from music_core.store.session import Session
from music_core.store.together import Write
from music_core.types import LabelEvent
from tests.jobs.conftest import wait_for
from tests.store.conftest import make_pair


def test_two_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    """They also create the store at once, and a third process reads."""
    result = run(Plan(tmp_path, seconds=5, writers=2, kills=1))
    assert result["acknowledged"] >= 4
    assert (result["lost"], result["doubled"]) == (0, 0)
    store = open_store(tmp_path)
    assert check(store) == []
    store.close()


def at_once(calls: list[Callable[[], object]]) -> None:
    """Start all calls in threads of their own at the same instant, and raise what any of them raised."""
    start, errors = threading.Barrier(len(calls)), []

    def go(call: Callable[[], object]) -> None:
        start.wait()
        try:
            call()
        except StoreError as e:
            errors.append(e)

    threads = [threading.Thread(target=go, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def two_machines(home: Path) -> tuple[Store, Store]:
    """Two stores on one catalog that share no queue, as on two machines, so that only the catalog stands between them."""
    first = open_store(home)
    second = open_store(home.with_name("other"), catalog=first.where.catalog, data_path=first.where.data_path)
    return first, second


def test_the_catalog_alone_keeps_doubles_out(home: Path) -> None:
    first, second = two_machines(home)
    item = make_pair()
    add_pairs(first, [item])
    for k in range(3):
        pair, event = make_pair(f"new {k}", locator="1"), LabelEvent(f"t{k}", item.pair.id, "ann", "left", "chosen", True)
        at_once([lambda s=s: add_pairs(s, [pair]) for s in (first, second)])  # type: ignore[misc]  # noqa: B023
        at_once([lambda s=s: add_label(s, event) for s in (first, second)])  # type: ignore[misc]  # noqa: B023
    assert check(first) == []
    assert len(all_labels(first)) == 3
    assert list_pairs(second, PairFilter()).total == 4
    first.close()
    second.close()


def test_a_transaction_that_lost_runs_again_from_its_reads(home: Path) -> None:
    first, second = two_machines(home)
    item = make_pair()
    seen: list[bool] = []

    def look_then_insert(session: object) -> None:
        known = bool(first.read("SELECT 1 FROM lake.pair_rows"))
        seen.append(known)
        if not known:  # somebody else commits between our look and our commit
            add_pairs(second, [item])

    first.write("pairs", look_then_insert)
    assert seen == [False, True]
    first.close()
    second.close()


def test_a_busy_store_gives_up_loudly_and_other_errors_at_once() -> None:
    import duckdb

    calls = []

    def busy() -> None:
        calls.append(1)
        raise duckdb.TransactionException("database is locked")

    with pytest.raises(StoreBusyError, match="kept the store busy"):
        retrying(busy, "test", limit_s=0.0)
    assert len(calls) == MIN_ATTEMPTS

    def broken() -> None:
        raise duckdb.BinderException("no such column")

    with pytest.raises(StoreError, match="no such column"):
        retrying(broken, "test")


def test_writers_take_turns_but_nobody_waits_for_ever(tmp_path: Path) -> None:
    first, second = Queue(tmp_path / "queue"), Queue(tmp_path / "queue")
    order: list[str] = []

    def later() -> None:
        with second.turn(60):
            order.append("second")

    thread = threading.Thread(target=later)
    with first.turn(1):
        thread.start()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    with first.turn(1), second.turn(0.05):  # goes on without a turn
        order.append("third")
    assert order[-1] == "third"
    first.close()
    second.close()


def test_what_a_failing_write_did_is_undone(store: Store) -> None:
    def half(session: object) -> None:
        store_session = session
        store_session.insert("run_rows", [{"run_id": "r"}])  # type: ignore[attr-defined]
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        store.write("runs", half)
    assert store.read("SELECT count(*) FROM lake.run_rows") == [(0,)]


def waiting_together(store: Store, calls: list[Callable[[], object]]) -> list[object]:
    """Start all calls in threads while somebody else has the turn, and give this up when all wait: what each returned or raised."""
    other = Queue(store.home / QUEUE_FILE)
    with ThreadPoolExecutor(len(calls)) as pool, other.turn(1):
        answers = [pool.submit(call) for call in calls]
        wait_for(lambda: len(store._labels._waiting) == len(calls))
    other.close()
    return [answer.exception() or answer.result() for answer in answers]


def test_labels_that_wait_together_cost_one_commit_and_each_gets_its_own(store: Store) -> None:
    item = make_pair()
    add_pairs(store, [item])
    before = store.version()
    events = [LabelEvent(f"t{k}", item.pair.id, f"p{k % 4}", "left", "chosen", True) for k in range(8)]
    stored = waiting_together(store, [lambda e=event: add_label(store, e) for event in events])  # type: ignore[misc]
    assert store.version() == before + 1
    assert [label.event.token for label in stored] == [e.token for e in events]  # type: ignore[attr-defined]
    for person in {e.person for e in events}:
        first, second = (label for label in all_labels(store) if label.event.person == person)
        assert (first.event.supersedes, second.event.supersedes) == (None, first.id)
        assert (first.event.blind, second.event.blind) == (True, False)
    assert check(store) == []


def test_of_writes_that_wait_together_one_that_fails_undoes_only_its_own(store: Store) -> None:
    item = make_pair()
    add_pairs(store, [item])

    def broken(session: Session) -> None:
        append(session, LabelEvent("bad", item.pair.id, "eve", "left", "chosen", True))
        raise ValueError("half-way")

    def give(k: int) -> Callable[[], object]:
        return lambda: add_label(store, LabelEvent(f"t{k}", item.pair.id, f"p{k}", "right", "chosen", True))

    first, failed, last = waiting_together(store, [give(0), lambda: store.write("labels", broken), give(1)])
    assert str(failed) == "half-way"
    assert [first, last] == sorted(all_labels(store), key=lambda label: label.event.token)


def test_of_two_who_ask_for_the_last_place_together_one_gets_it(store: Store) -> None:
    item = make_pair()
    add_pairs(store, [item])
    held = waiting_together(store, [lambda p=p: reserve(store, Claim(p, "q", 1, (item.pair.id,))) for p in ("ann", "ben", "eve")])  # type: ignore[misc]
    assert sorted(len(found) for found in held) == [0, 0, 1]  # type: ignore[arg-type]


def test_who_waits_with_one_that_is_interrupted_goes_on(store: Store) -> None:
    item = make_pair()
    add_pairs(store, [item])
    calls = []

    def interrupted(session: Session) -> None:
        calls.append(session)
        raise KeyboardInterrupt

    def give() -> object:
        wait_for(lambda: len(store._labels._waiting) == 1)
        return add_label(store, LabelEvent("t", item.pair.id, "ann", "left", "chosen", True))

    failed, stored = waiting_together(store, [lambda: store.write("labels", interrupted), give])
    assert isinstance(failed, KeyboardInterrupt)
    assert [stored] == all_labels(store)
    assert len(calls) == 1


def test_when_writers_elsewhere_leave_no_gap_for_many_each_tries_alone_and_then_all_are_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one in a transaction never gets through here; after the others, the last one alone does not either."""
    item = make_pair()
    add_pairs(store, [item])
    tries: list[int] = []
    whole = store._labels._run

    def crowded(fns: Sequence[Write]) -> list[Any]:
        tries.append(len(fns))
        if len(fns) > 1 or tries.count(1) > n_gaps:
            raise StoreBusyError("Other writers kept the store busy.", "Try again.")
        return whole(fns)

    monkeypatch.setattr(store._labels, "_run", crowded)

    def give(k: int) -> Callable[[], object]:
        return lambda: add_label(store, LabelEvent(f"t{k}", item.pair.id, f"p{k}", "right", "chosen", True))

    n_gaps = 4
    assert sorted(label.event.token for label in waiting_together(store, [give(k) for k in range(4)])) == [f"t{k}" for k in range(4)]  # type: ignore[attr-defined]
    assert tries == [4, 2, 1, 1, 2, 1, 1]
    tries.clear()
    n_gaps = 0
    told = waiting_together(store, [give(k) for k in range(4, 8)])
    assert tries == [4, 2, 1]
    assert len({id(e) for e in told}) == 4
    assert all(isinstance(e, StoreBusyError) and e.hint == "Try again." for e in told)
    assert len(all_labels(store)) == 4


def test_a_commit_of_a_label_that_fails_for_another_reason_is_told_at_once(home: Path) -> None:
    store, item = open_store(home), make_pair()
    add_pairs(store, [item])
    broken = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('ALTER TABLE ducklake_snapshot_changes RENAME TO gone')"
    subprocess.run([sys.executable, "-c", broken, str(home / "catalog.sqlite")], check=True)
    with pytest.raises(StoreError, match="ducklake_snapshot_changes") as failed:
        add_label(store, LabelEvent("t", item.pair.id, "ann", "left", "chosen", True))
    assert not isinstance(failed.value, StoreBusyError)
    store.close()
