import dataclasses
import threading
from pathlib import Path

import pytest

from music_core.errors import StoreError
from music_core.store.connect import Store, open_store
from music_core.store.facts import selected_labels, selected_margins
from music_core.store.info import store_info
from music_core.store.labels import add_label
from music_core.store.maintain import check, compact
from music_core.store.pairs import PairFilter, pair_ids
from music_core.store.queues import (
    Answered,
    PoolPair,
    QueueHead,
    answered,
    create_queue,
    family,
    labels_given,
    list_queues,
    read_drawn,
    read_queue,
    seeds_of,
    strata_of,
)
from music_core.types import LabelEvent
from tests.store.conftest import add_six_pairs
from tests.store.test_migrate import old_store
from tests.store.test_together import two_machines

HEAD = QueueHead("pilot", "uniform", 7, {"labels": 3, "by": []}, "2", 2, created_by="Ann")


def pool_of(ids: list[str], probability: float = 0.5) -> list[PoolPair]:
    """Every other pair is drawn."""
    return [PoolPair(pair_id, probability, k % 2 == 0) for k, pair_id in enumerate(sorted(ids))]


def test_a_queue_comes_back_with_its_whole_pool(store: Store, six_pairs: list[str]) -> None:
    pool = [dataclasses.replace(p, score=0.25, stratum="a 'b' \"}") for p in pool_of(six_pairs)]
    made = create_queue(store, HEAD, list(reversed(pool)))
    assert made == read_queue(store, "pilot")
    assert made.pool == tuple(pool)
    assert made.head == dataclasses.replace(HEAD, n_pool=6, n_drawn=3, created_at=made.head.created_at)
    assert (made.head.n_wanted, made.drawn, read_drawn(store, "pilot")) == (6, *[{p.pair_id: 0.5 for p in pool if p.drawn}] * 2)
    assert list_queues(store) == [made.head]
    assert store_info(store)["counts"]["queues"] == 1


def test_a_name_is_taken_for_ever_and_nothing_of_the_second_is_stored(store: Store, six_pairs: list[str]) -> None:
    made = create_queue(store, HEAD, pool_of(six_pairs))
    with pytest.raises(StoreError, match=r"a queue 'pilot' already.*never changes"):
        create_queue(store, HEAD, pool_of(six_pairs[:3]))
    assert read_queue(store, "pilot") == made
    assert check(store) == []


def test_of_two_machines_that_make_one_queue_at_once_one_wins_and_the_other_is_told(home: Path) -> None:
    first, second = two_machines(home)
    ids = add_six_pairs(first)
    start = threading.Barrier(2)
    made: list[str] = []
    refused: list[str] = []

    def make(store: Store, who: str) -> None:
        start.wait()
        try:
            made.append(create_queue(store, dataclasses.replace(HEAD, created_by=who), pool_of(ids)).head.created_by)
        except StoreError as e:
            refused.append(e.message)

    threads = [threading.Thread(target=make, args=args) for args in ((first, "Ann"), (second, "Bob"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == len(refused) == 1
    assert "a queue 'pilot' already" in refused[0]
    assert read_queue(second, "pilot").head.created_by == made[0]
    assert check(first) == []
    first.close()
    second.close()


@pytest.mark.parametrize("name", ["", " ", "all", "filter:x", "import:hh", "a\nb", " a", "x" * 61])
def test_a_name_that_cannot_be_told_from_other_labels_is_refused(store: Store, six_pairs: list[str], name: str) -> None:
    with pytest.raises(StoreError, match="name"):
        create_queue(store, dataclasses.replace(HEAD, name=name), pool_of(six_pairs))


def test_a_pool_that_no_estimate_could_use_is_refused(store: Store, six_pairs: list[str]) -> None:
    one = PoolPair(six_pairs[0], 0.5, True)
    for pool, words in (
        ([], "at least one pair"),
        ([one, one], "twice"),
        ([dataclasses.replace(one, pair_id="p_x")], "no pair p_x"),
        ([dataclasses.replace(one, probability=0.0)], "above 0"),
        ([dataclasses.replace(one, probability=1.5)], "at most 1"),
    ):
        with pytest.raises(StoreError, match=words):
            create_queue(store, HEAD, pool)
    with pytest.raises(StoreError, match="at least one label"):
        create_queue(store, dataclasses.replace(HEAD, overlap=0), [one])
    assert list_queues(store) == []


def test_an_unknown_queue_is_an_error_that_names_those_there_are(store: Store, six_pairs: list[str]) -> None:
    create_queue(store, HEAD, pool_of(six_pairs))
    with pytest.raises(StoreError, match=r"no queue 'other'.*pilot"):
        read_queue(store, "other")


def test_a_queue_extends_another_only_over_the_same_pool_and_with_all_that_was_drawn(store: Store, six_pairs: list[str]) -> None:
    pool = pool_of(six_pairs)
    create_queue(store, HEAD, pool)
    larger = dataclasses.replace(HEAD, name="more", extends="pilot")
    fewer = [dataclasses.replace(p, drawn=False, probability=0.9) for p in pool]
    for bad, words in (
        (pool[:3], "pool differs"),
        (fewer, "does not keep"),
        ([dataclasses.replace(p, probability=0.4) for p in pool], "does not keep"),
    ):
        with pytest.raises(StoreError, match=words):
            create_queue(store, larger, bad)
    with pytest.raises(StoreError, match="no queue 'gone'"):
        create_queue(store, dataclasses.replace(larger, extends="gone"), pool)
    assert create_queue(store, larger, [dataclasses.replace(p, probability=1.0, drawn=True) for p in pool]).head.n_drawn == 6
    create_queue(store, dataclasses.replace(HEAD, name="apart"), pool)
    assert family(store, "pilot") == family(store, "more") == {"pilot", "more"}
    assert family(store, "apart") == {"apart"}


def test_progress_counts_people_on_drawn_pairs_up_to_the_overlap(store: Store, six_pairs: list[str]) -> None:
    queue = create_queue(store, HEAD, pool_of(six_pairs))
    a, b, _ = queue.drawn
    for person in ("ann", "bob", "cem"):
        add_label(store, LabelEvent(f"a{person}", a, person, "left", "chosen", True, queue="pilot", probability=0.5))
    add_label(store, LabelEvent("b", b, "ann", "skip", "chosen", True, queue="pilot"))
    found = answered(store, queue.drawn, "ann")
    assert found == {a: Answered(3, mine=True), b: Answered(0, mine=True)}
    assert answered(store, queue.drawn)[a] == Answered(3, mine=False)
    assert labels_given(found, queue.head.overlap) == 2


def test_the_pool_of_a_queue_is_a_filter(store: Store, six_pairs: list[str]) -> None:
    create_queue(store, HEAD, pool_of(six_pairs[:4]))
    f = PairFilter(queue="pilot")
    assert set(pair_ids(store, f)) == set(seeds_of(store, f)) == set(six_pairs[:4])
    assert pair_ids(store, PairFilter(queue="gone")) == []
    add_label(store, LabelEvent("t", six_pairs[0], "ann", "tie", "chosen", True))
    assert [e.token for e in selected_labels(store, f)] == ["t"]
    assert selected_margins(store, f) == {}


def test_strata_are_sources_schedules_or_turns(store: Store, six_pairs: list[str]) -> None:
    assert strata_of(store, PairFilter(), "source") == {pair_id: "ab"[k % 2] for k, pair_id in enumerate(six_pairs)}
    assert strata_of(store, PairFilter(), "turns") == {pair_id: str(k % 3 + 1) for k, pair_id in enumerate(six_pairs)}
    assert set(strata_of(store, PairFilter(), "schedule").values()) == {"none"}
    with pytest.raises(StoreError, match="cannot be divided by 'method'"):
        strata_of(store, PairFilter(), "method")


def test_a_store_from_before_queues_is_upgraded_and_takes_one(tmp_path: Path) -> None:
    old_store(tmp_path, 4)
    store = open_store(tmp_path)
    ids = add_six_pairs(store)
    assert list_queues(store) == []
    assert create_queue(store, HEAD, pool_of(ids)).head.n_drawn == 3
    store.close()


def test_compaction_keeps_queues_whole(store: Store, six_pairs: list[str]) -> None:
    made = create_queue(store, HEAD, pool_of(six_pairs))
    compact(store)
    assert read_queue(store, "pilot") == made
    assert check(store) == []
