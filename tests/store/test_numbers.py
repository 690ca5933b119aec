"""Pairs by their numbers in the index: they stand for the ids, in their order."""

from contextlib import AbstractContextManager

import pytest

from music_core.store import connect
from music_core.store.browse import list_pairs
from music_core.store.connect import Store
from music_core.store.pairs import PairFilter, add_pairs, pair_ids, sorted_ids
from music_core.types import ContrastPair, Conversation, Message, Origin, SourcedPair, content_id


def pair(i: int) -> SourcedPair:
    opening = Message("user", f"question {i}")
    good, bad = (Conversation((opening, Message("assistant", text))) for text in ("good", "bad"))
    return SourcedPair(ContrastPair(good, bad), Origin("ab"[i % 2], f"{i}", method="swap"))


@pytest.fixture(autouse=True)
def filled(store: Store) -> None:
    add_pairs(store, [pair(i) for i in range(40)])


def number(store: Store, id_: str) -> int:
    return int(store.indexed(lambda session: session.one("SELECT fast.number_of(?)", [id_])))


def test_a_number_is_the_first_half_of_an_id_and_sorts_as_it_does(store: Store) -> None:
    ids = [content_id("p", i) for i in range(50)]
    numbers = [number(store, id_) for id_ in ids]
    assert numbers == [int(id_[2:18], 16) for id_ in ids]
    assert max(numbers) >= 2**63, "no number that a signed integer would turn round"
    assert [id_ for _, id_ in sorted(zip(numbers, ids, strict=True))] == sorted(ids)


def test_what_is_no_content_id_has_a_number_of_its_own(store: Store) -> None:
    known = pair(0).pair.id
    odd = ["", "p", "p_", "p_a", "p_A", "q_a", "p_1_2", "p_12", "p_nothing", "é" * 40, "p_" + "f" * 40, "p_" + "g" * 32]
    odd += [known, known[:18], known[:20], known + "0"]
    numbers = [number(store, id_) for id_ in odd]
    assert len(set(numbers)) == len(odd)
    assert 0 <= min(numbers) <= max(numbers) < 2**64


def test_pairs_that_are_alike_come_in_the_order_of_their_ids(store: Store) -> None:
    ids = sorted(pair(i).pair.id for i in range(40))
    assert list(sorted_ids(store, PairFilter())) == ids
    for sort in ("turns", "labels", "divergence"):
        assert pair_ids(store, PairFilter(), sort=sort) == ids
    pages = [row.pair_id for offset in (0, 15, 30) for row in list_pairs(store, PairFilter(), sort="turns", limit=15, offset=offset).rows]
    assert pages == ids


def test_a_pair_that_comes_later_is_found_by_its_number(store: Store) -> None:
    assert list_pairs(store, PairFilter(sources=("a",))).total == 20
    add_pairs(store, [pair(40)])
    found = list_pairs(store, PairFilter(sources=("a",)), limit=50)
    assert found.total == 21
    assert pair(40).pair.id in {row.pair_id for row in found.rows}
    assert {row.source for row in found.rows} == {"a"}


def test_many_pairs_are_listed_by_every_core_and_in_the_same_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = list_pairs(store, PairFilter(sources=("b",)), sort="chars")
    asked: list[bool] = []
    wide = Store.wide

    def noted(self: Store, wanted: bool = True) -> AbstractContextManager[None]:
        asked.append(wanted)
        return wide(self, wanted)

    monkeypatch.setattr(Store, "wide", noted)
    for most, expected_wide in ((40, False), (39, True)):
        monkeypatch.setattr(connect, "LARGE", most)
        asked.clear()
        assert list_pairs(store, PairFilter(sources=("b",)), sort="chars") == expected
        assert asked[0] is expected_wide
