"""A write of labels asks the index what was said so far, where that is a copy of the very snapshot it will be committed on."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from app import data, queues
from app.state import ListState
from music_core.store.connect import Store, open_store
from music_core.store.filters import selection
from music_core.store.index import Index
from music_core.store.labels import add_label, all_labels, append
from music_core.store.maintain import compact
from music_core.store.pairs import PairFilter, add_pairs
from music_core.store.queues import PoolPair, QueueHead, create_queue
from music_core.store.reservations import Claim, give_label, reserve
from music_core.store.session import Session
from music_core.store.together import Write
from music_core.types import LabelEvent, StoredLabel
from tests.store.conftest import make_pair


@pytest.fixture
def pair_ids(store: Store) -> list[str]:
    """Ids of three pairs, of a store with its index filled."""
    pairs = [make_pair(f"{k}") for k in range(3)]
    add_pairs(store, pairs)
    store.indexed(lambda session: session.rows("SELECT 1"))
    return sorted(item.pair.id for item in pairs)


@pytest.fixture
def other(home: Path, store: Store) -> Iterator[Store]:
    """The same store on another machine."""
    opened = open_store(home.with_name("other"), catalog=store.where.catalog, data_path=store.where.data_path)
    yield opened
    opened.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the questions of writes were put to, in their order."""
    found: list[str] = []
    rows_of = Session.rows_of

    def noted(session: Session, table: str) -> str:
        found.append(rows_of(session, table))
        return found[-1]

    monkeypatch.setattr(Session, "rows_of", noted)
    return found


def said(token: str, pair_id: str, choice: str = "left", person: str = "ann") -> LabelEvent:
    return LabelEvent(token, pair_id, person, choice, "chosen", True)  # type: ignore[arg-type]


def test_a_vote_asks_the_copy_and_is_stored_as_if_it_had_asked_the_lake(store: Store, pair_ids: list[str], asked: list[str]) -> None:
    first = add_label(store, said("t1", pair_ids[0]))
    again = add_label(store, said("t1", pair_ids[0], "right"))
    second = add_label(store, said("t2", pair_ids[0], "right"))
    assert asked == ["fast.events"] * 3
    assert again == first
    assert (second.event.supersedes, second.event.blind) == (first.id, False)
    assert all_labels(store) == [first, second]


def test_what_others_committed_in_between_is_asked_of_the_lake(
    store: Store, other: Store, pair_ids: list[str], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine's label comes after the index was brought up to date, which it was for an earlier one, before the transaction."""
    add_label(other, said("t0", pair_ids[1]))
    catch_up = Index.catch_up
    elsewhere: list[StoredLabel] = []

    def late(index: Index, *args: object) -> None:
        catch_up(index, *args)  # type: ignore[arg-type]
        if index is store._index and not elsewhere:
            monkeypatch.setattr(Index, "catch_up", catch_up)
            elsewhere.append(add_label(other, said("t1", pair_ids[0])))
            asked.clear()

    monkeypatch.setattr(Index, "catch_up", late)
    label = add_label(store, said("t2", pair_ids[0], "right"))
    assert asked == ["lake.label_rows"]
    assert label.event.supersedes == elsewhere[0].id
    assert not label.event.blind


def test_the_index_looks_before_a_write_only_where_somebody_has_committed_since(
    store: Store, other: Store, pair_ids: list[str], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up = Index.catch_up
    looks: list[Index] = []
    monkeypatch.setattr(Index, "catch_up", lambda index, *args: looks.append(index) or catch_up(index, *args))  # type: ignore[func-returns-value]
    for k, pair_id in enumerate(pair_ids[:2]):
        add_label(store, said(f"own-{k}", pair_id))
    assert looks == []
    store.write("labels", lambda session: append(session, said("not read back", pair_ids[2])))
    add_label(store, said("own-2", pair_ids[2], "tie"))
    assert looks == [store._index]
    first = add_label(other, said("t1", pair_ids[0], person="bob"))
    looks.clear()
    asked.clear()
    second = add_label(store, said("t2", pair_ids[0], "right", person="bob"))
    assert looks == [store._index]
    assert asked == ["fast.events"]
    assert second.event.supersedes == first.id


def test_what_others_commit_after_the_copy_was_found_right_sends_the_write_back_to_its_questions(
    store: Store, other: Store, pair_ids: list[str], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine's label comes between the question and the commit."""
    use_copies = Session.use_copies
    elsewhere: list[StoredLabel] = []

    def late(session: Session, copies: Mapping[str, str]) -> None:
        use_copies(session, copies)
        monkeypatch.setattr(Session, "use_copies", use_copies)
        elsewhere.append(add_label(other, said("t1", pair_ids[0])))
        asked.clear()

    monkeypatch.setattr(Session, "use_copies", late)
    label = add_label(store, said("t2", pair_ids[0], "right"))
    assert asked == ["fast.events"] * 2
    assert label.event.supersedes == elsewhere[0].id
    assert not label.event.blind
    assert all_labels(store) == [elsewhere[0], label]


def test_a_vote_does_not_wait_for_a_copy_that_is_being_filled(store: Store, pair_ids: list[str], asked: list[str]) -> None:
    with store._index._one_at_a_time:
        held = reserve(store, Claim("ann", "q", 1, tuple(pair_ids), most=1))
    assert list(held) == pair_ids[:1]
    assert set(asked) == {"fast.events", "fast.reservations"}
    again = open_store(store.home)
    reserve(again, Claim("bob", "q", 1, tuple(pair_ids), most=1))
    again.close()
    asked.clear()
    with store._index._one_at_a_time:
        assert list(reserve(store, Claim("cat", "q", 1, tuple(pair_ids), most=1))) == pair_ids[2:]
    assert set(asked) == {"lake.label_rows", "lake.reservation_rows"}


def test_writes_of_one_transaction_see_each_other(store: Store, pair_ids: list[str], asked: list[str]) -> None:
    claims = [Claim(person, "q", 1, tuple(pair_ids), most=1) for person in ("ann", "bob", "cat")]
    events = [said("t1", pair_ids[0]), said("t2", pair_ids[0], "tie"), said("t1", pair_ids[1])]
    store._write_labels([lambda session, e=e: append(session, e) for e in events])  # type: ignore[misc]
    assert "fast.events" in asked[0]
    first, second = all_labels(store)
    assert (second.event.supersedes, second.event.blind) == (first.id, False)

    asked.clear()
    found = [reserve(store, claims[0])]
    write, waiting = store._write_labels, list[Write]()

    def later(fns: Sequence[Write]) -> list[Any]:
        waiting.extend(fns)
        return [{} for _ in fns]

    store._labels._run = later
    for claim in claims[1:]:
        reserve(store, claim)
    found += write(waiting)
    assert [list(held) for held in found] == [[pair_ids[1]], [pair_ids[2]], []]
    assert not any(name.startswith("lake.") for name in asked)


def test_rows_taken_out_of_the_catalog_are_those_of_the_lake(store: Store, pair_ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sent = LabelEvent(
        "to\x00ken '}",
        pair_ids[0],
        "Ann \ud800 'O\"",
        "both_bad",
        "rejected",
        False,
        verified=True,
        seconds=0.1 + 0.2,
        reasons=("it's \x00",),
        comment="{'a': \"b\"}]\n😀\\",
        turn_marks={2: "left:good"},
        queue="",
        probability=1 / 3,
        shown={"left": None, "n": [1.5]},
    )
    sql: list[str] = []
    rows = Session.rows
    monkeypatch.setattr(Session, "rows", lambda session, text, *more: sql.append(text) or rows(session, text, *more))  # type: ignore[func-returns-value]
    back = give_label(store, sent, Claim("Ann \ud800 'O\"", "q", 1, tuple(pair_ids)))
    assert any("sqlite_query" in text and "INSERT INTO fast.new_labels" in text for text in sql)
    assert not any("ducklake_table_insertions" in text for text in sql)
    assert [back.label] == all_labels(store)
    of_lake = store.read("SELECT pair_id, person, until FROM lake.reservation_rows ORDER BY pair_id")
    assert store.indexed(lambda session: session.rows("SELECT * FROM fast.reservations ORDER BY pair_id")) == of_lake
    assert dict(back.held) == {pair_id: until for pair_id, _, until in of_lake}


def test_after_a_compaction_rows_are_read_from_where_they_are(home: Path, store: Store, pair_ids: list[str]) -> None:
    """Another process's labels were inlined and are in a file by the time of the next look."""
    other = open_store(home)
    for k, pair_id in enumerate(pair_ids):
        add_label(other, said(f"t{k}", pair_id))
    compact(other)
    add_label(other, said("t9", pair_ids[0], "tie"))
    events = store.indexed(lambda session: session.rows("SELECT label_id, pair_id, choice FROM fast.events ORDER BY seq"))
    assert events == [(label.id, label.event.pair_id, label.event.choice) for label in all_labels(other)]
    other.close()


def test_the_index_tells_which_tables_were_written_to(home: Path, store: Store, pair_ids: list[str]) -> None:
    def now(*tables: str) -> int:
        store.indexed(lambda session: session.rows("SELECT 1"))
        return store.written_at(tables)

    other = open_store(home)
    pairs, labels = now("pair_rows"), now("label_rows")
    add_label(other, said("t1", pair_ids[0]))
    assert now("pair_rows") == pairs
    assert now("label_rows") > labels
    add_pairs(other, [make_pair("one more")])
    other.close()
    assert now("label_rows") < now("pair_rows") == now("label_rows", "pair_rows") == store.version()


def test_a_filter_knows_its_tables() -> None:
    assert selection(PairFilter()).tables == {"pair_rows"}
    assert selection(PairFilter(sources=("s",), judge="j", verdicts=("tie",))).tables == {"pair_rows", "origin_rows", "verdict_rows"}
    assert "label_rows" in selection(PairFilter(labelled=False)).tables
    assert "conversation_rows" in selection(PairFilter(text="egg")).tables
    assert selection(PairFilter(conversation_id="c_1")).tables == {"pair_rows"}
    assert "trace_rows" in selection(PairFilter(model_id="m", margin=(0.0, 1.0))).tables


def test_pairs_join_what_is_labelled_as_soon_as_they_are_seen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a label of anybody leaves the laid out queue as it is."""
    monkeypatch.setenv("MUSIC_HOME", str(home))
    opened, other = data.store(), open_store(home)
    first, second = make_pair("first"), make_pair("second")
    add_pairs(other, [first])
    data.said_so_far("ann")
    before = data.queue_of(ListState())
    assert list(before) == [first.pair.id]
    add_label(other, said("t1", first.pair.id))
    assert data.said_so_far("ann").decided == {first.pair.id}
    assert data.queue_of(ListState()) is before
    add_pairs(other, [second])
    data.said_so_far("ann")
    assert sorted(data.queue_of(ListState())) == sorted([first.pair.id, second.pair.id])
    assert queues.heads() == []
    create_queue(other, QueueHead("q", "uniform", 1), [PoolPair(first.pair.id, 1.0, True)])
    data.said_so_far("ann")
    assert [head.name for head in queues.heads()] == ["q"]
    other.close()
    opened.close()
