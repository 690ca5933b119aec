import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from music_core.errors import StoreError
from music_core.store.connect import Store, open_store
from music_core.store.labels import (
    add_label,
    add_labels,
    all_labels,
    current_label,
    label_history,
    labelled_ids,
    labels_of,
    recent_labels,
    said_so_far,
    undo_label,
)
from music_core.types import GivenLabel, LabelEvent


@pytest.fixture(params=["lake", "index"], autouse=True)
def asked(request: pytest.FixtureRequest, store: Store) -> None:
    """What writes ask before they write: of the lake, or of the index where that has been filled."""
    if request.param == "index":
        store.indexed(lambda session: session.rows("SELECT 1"))


def event(pair_id: str, token: str = "t1", person: str = "ann", **more: object) -> LabelEvent:  # noqa: S107 -- a token of a card
    return dataclasses.replace(LabelEvent(token, pair_id, person, "left", "rejected", blind=True), **more)  # type: ignore[arg-type]


def test_a_label_comes_back_with_everything_that_was_sent(store: Store, six_pairs: list[str]) -> None:
    sent = event(
        six_pairs[0],
        token="to\x00ken '}",
        person="Ann \ud800 'O\"",
        verified=True,
        seconds=12.75,
        reasons=("wrong", "it's \x00"),
        comment="{'a': \"b\"}]\n😀",
        turn_marks={1: "left", 3: "neither"},
        queue="pilot",
        guideline="2",
        probability=0.1,
        shown={"app": "1.0", "order": [1, 2], "nested": {"x": None}},
    )
    stored = add_label(store, sent)
    assert stored.event == sent
    assert stored.created_at.tzinfo is not None
    assert current_label(store, six_pairs[0], sent.person) == stored
    assert label_history(store, six_pairs[0]) == [stored]


def test_a_label_sent_twice_is_stored_once(store: Store, six_pairs: list[str]) -> None:
    first = add_label(store, event(six_pairs[0]))
    again = add_label(store, event(six_pairs[0], choice="right"))
    assert again == first
    assert label_history(store, six_pairs[0]) == [first]


def test_a_token_sent_by_many_threads_at_once_is_one_label(store: Store, six_pairs: list[str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(lambda k: add_label(store, event(six_pairs[0], person=f"p{k}")), range(4)))
    assert len(set(map(repr, stored))) == 1
    assert len(all_labels(store)) == 1


def test_a_new_label_replaces_the_persons_own_only(store: Store, six_pairs: list[str]) -> None:
    first = add_label(store, event(six_pairs[0]))
    other = add_label(store, event(six_pairs[0], "t2", "bob"))
    second = add_label(store, event(six_pairs[0], "t3", choice="tie"))
    assert (first.event.supersedes, other.event.supersedes, second.event.supersedes) == (None, None, first.id)
    assert labels_of(store, six_pairs[0]) == [second, other]
    assert current_label(store, six_pairs[0], "ann") == second
    assert label_history(store, six_pairs[0], "ann") == [first, second]


def test_undo_appends_and_leaves_no_decision(store: Store, six_pairs: list[str]) -> None:
    first = add_label(store, event(six_pairs[0]))
    undo = undo_label(store, six_pairs[0], "ann", "u1")
    assert undo is not None
    assert (undo.event.choice, undo.event.value, undo.event.supersedes) == (None, None, first.id)
    assert current_label(store, six_pairs[0], "ann") is None
    assert labels_of(store, six_pairs[0]) == []
    assert labelled_ids(store, "ann") == set()
    assert label_history(store, six_pairs[0]) == [first, undo]
    assert undo_label(store, six_pairs[0], "ann", "u1") == undo
    assert undo_label(store, six_pairs[0], "ann", "u2") is None
    third = add_label(store, event(six_pairs[0], "t3"))
    assert third.event.supersedes == undo.id
    assert current_label(store, six_pairs[0], "ann") == third


def test_nothing_to_undo_writes_nothing(store: Store, six_pairs: list[str]) -> None:
    assert undo_label(store, six_pairs[0], "ann", "u1") is None
    assert all_labels(store) == []


def test_labels_survive_closing_and_opening(home: Path, store: Store, six_pairs: list[str]) -> None:
    stored = add_label(store, event(six_pairs[0]))
    store.close()
    again = open_store(home)
    assert current_label(again, six_pairs[0], "ann") == stored
    again.close()


def test_a_queue_knows_what_was_seen_also_if_skipped(store: Store, six_pairs: list[str]) -> None:
    add_label(store, event(six_pairs[0], "t1", queue="a"))
    add_label(store, event(six_pairs[1], "t2", queue="b", choice="skip"))
    assert labelled_ids(store, "ann") == set(six_pairs[:2])
    assert labelled_ids(store, "ann", "b") == {six_pairs[1]}
    assert labelled_ids(store, "bob") == set()
    assert [label.event.token for label in recent_labels(store, "ann", 5)] == ["t2", "t1"]
    assert len(recent_labels(store, "ann", 1)) == 1


def test_labels_of_unknown_pairs_and_unknown_choices_are_refused(store: Store, six_pairs: list[str]) -> None:
    with pytest.raises(StoreError, match="no pair p_none"):
        add_label(store, event("p_none"))
    with pytest.raises(StoreError, match="'maybe' is not a label"):
        add_label(store, event(six_pairs[0], choice="maybe"))
    with pytest.raises(StoreError, match="finite"):
        add_label(store, event(six_pairs[0], seconds=float("nan")))
    assert all_labels(store) == []


def given(events: Sequence[LabelEvent], at: datetime | None = None) -> list[GivenLabel]:
    return [GivenLabel(e, at) for e in events]


def test_labels_given_elsewhere_are_one_commit_and_the_newest_counts(store: Store, six_pairs: list[str]) -> None:
    mine = add_label(store, event(six_pairs[0], "t0"))
    before = store.version()
    many = [event(six_pairs[0], "t1"), event(six_pairs[0], "t2", "bob"), event(six_pairs[1], "t3"), event(six_pairs[0], "t4", choice="tie")]
    assert add_labels(store, given([*many, many[0]])) == 4
    assert store.version() == before + 1
    history = label_history(store, six_pairs[0], "ann")
    assert [h.event.token for h in history] == ["t0", "t1", "t4"]
    assert [h.event.supersedes for h in history] == [None, mine.id, history[1].id]
    assert current_label(store, six_pairs[0], "ann") == history[2]
    assert labels_of(store, six_pairs[1])[0].event.supersedes is None


def test_labels_given_elsewhere_are_stored_once_and_keep_their_time(store: Store, six_pairs: list[str]) -> None:
    at = datetime(2023, 5, 13, 17, 46, 40, 500_000, UTC)
    many = [event(pair_id, f"t{k}", choice=c) for k, pair_id in enumerate(six_pairs) for c in ("left",)]
    assert add_labels(store, given(many, at)) == 6
    again = [dataclasses.replace(e, choice="right") for e in many]
    assert add_labels(store, given([*again, event(six_pairs[0], "new")])) == 1
    assert [(s.event.token, s.event.choice) for s in all_labels(store)][:2] == [("t0", "left"), ("t1", "left")]
    assert [s.created_at for s in all_labels(store)[:6]] == [at] * 6
    assert add_labels(store, []) == 0


def test_a_history_given_elsewhere_names_what_it_replaced_only_where_that_is_here(store: Store, six_pairs: list[str]) -> None:
    first = add_label(store, event(six_pairs[0], "t1"))
    assert (
        add_labels(
            store, given([event(six_pairs[0], "t2", choice=None, supersedes=first.id), event(six_pairs[0], "t3", supersedes="l_gone")])
        )
        == 2
    )
    history = label_history(store, six_pairs[0])
    assert [h.event.supersedes for h in history] == [None, first.id, history[1].id]


def test_labels_given_elsewhere_on_an_unknown_pair_store_nothing(store: Store, six_pairs: list[str]) -> None:
    with pytest.raises(StoreError, match="no pair p_none"):
        add_labels(store, given([event(six_pairs[0]), event("p_none", "t2")]))
    with pytest.raises(StoreError, match="'maybe' is not a label"):
        add_labels(store, given([event(six_pairs[0]), event(six_pairs[1], "t2", choice="maybe")]))
    assert all_labels(store) == []


def test_a_store_that_is_closed_says_so(store: Store) -> None:
    store.close()
    with pytest.raises(StoreError):
        labels_of(store, "p")


def test_nobody_is_blind_to_a_pair_that_they_decided_before(store: Store, six_pairs: list[str]) -> None:
    """Whatever the screen knew: the decision may have been made in another tab a moment ago."""
    pair, other = six_pairs[:2]
    assert add_label(store, event(pair, "skipped", choice="skip")).event.blind
    assert add_label(store, event(pair, "first")).event.blind
    assert not add_label(store, event(pair, "second", choice="right")).event.blind
    assert add_label(store, event(other, "elsewhere")).event.blind
    assert add_label(store, event(pair, "bob's", person="bob")).event.blind


def test_whoever_names_the_event_just_given_is_told_nothing_older(home: Path, store: Store, six_pairs: list[str]) -> None:
    first = add_label(store, event(six_pairs[0], "t1", "ada"))
    assert said_so_far(store, "ada", after=first.id).newest_id == first.id
    other = open_store(home)
    try:
        second = add_label(other, event(six_pairs[1], "t2", "ada"))
        # The copy of this process has not looked since.
        assert said_so_far(store, "ada", after=first.id).decided == {six_pairs[0]}
        assert said_so_far(store, "ada", after=second.id).decided == set(six_pairs[:2])
    finally:
        other.close()
