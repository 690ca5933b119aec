"""Lists of many ids, kept as numbers."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.pairs import IdList, PairFilter, listed_ids, pair_ids, sorted_ids
from music_core.store.session import Session
from music_core.types import content_id

# What another program may have called its pairs; the last one differs from a content id in its second half only.
STRANGE = ("", "p_", "p1", "p_" + "A" * 32, "p_" + "g" * 32, "c_" + "b" * 32, "é" * 34, "nul \x00 and half \ud800", "p_" + "3" * 31 + "-")
KNOWN = tuple(sorted(content_id("p", i) for i in range(40)))
EDGES = ("p_" + "0" * 32, "p_" + "f" * 32, "p_" + "1" * 16 + "0" * 16, "p_" + "2" * 16 + "f" * 16)


def add(store: Store, ids: Sequence[str]) -> None:
    def write(session: Session) -> None:
        for i, id_ in enumerate(ids):
            row = [id_, f"s{i % 3}", "train", f"c{i}", f"d{i}", 1 + i % 4, 1, f"opening {i}", i, 20, datetime(2026, 1, 1) + timedelta(i)]
            session.rows("INSERT INTO lake.pair_rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    store.write("pairs", write)


def check(ids: IdList, wanted: Sequence[str]) -> None:
    assert list(ids) == list(wanted)
    assert len(ids) == len(wanted)
    assert [ids.place_of(id_) for id_ in wanted] == list(range(len(wanted)))
    assert [ids.index(id_) for id_ in wanted] == list(range(len(wanted)))
    assert ids[-1] == wanted[-1]
    assert ids[1:7:2] == tuple(wanted[1:7:2])
    for id_ in (
        "p",
        "p_" + "b" * 32,
        "p_" + "b" * 16 + "0" * 16,
        KNOWN[0][:-1],
        KNOWN[0] + "0",
        KNOWN[0].upper(),
        KNOWN[0][:18] + "0" * 16,
        None,
        7,
    ):
        assert id_ not in ids
    others = {"p", "p_" + "b" * 32, "p_" + "b" * 16 + "0" * 16, KNOWN[0][:18] + "0" * 16}
    for some in (set(wanted), set(wanted[:9]), set(wanted[5:]), set()):
        assert ids.n_of(some | others) == ids.n_of(some) == len(some)


@pytest.mark.parametrize("own", [KNOWN, (*KNOWN, *EDGES), (*STRANGE, *KNOWN, *EDGES), STRANGE[:1]])
@pytest.mark.parametrize("sort", ["created", "turns", "chars"])
def test_a_list_says_what_the_ids_themselves_say(store: Store, own: tuple[str, ...], sort: str) -> None:
    add(store, own)
    for descending in (True, False):
        wanted = pair_ids(store, PairFilter(), sort=sort, descending=descending)
        check(listed_ids(store, PairFilter(), sort=sort, descending=descending), wanted)
    found = sorted_ids(store, PairFilter())
    assert sorted(found) == sorted(own)
    check(found, list(found))


def test_content_ids_are_sorted_as_their_text_is(store: Store) -> None:
    add(store, (*EDGES, *reversed(KNOWN)))
    assert list(sorted_ids(store, PairFilter())) == sorted((*EDGES, *KNOWN))
    assert list(sorted_ids(store, PairFilter(turns=(2, 3)))) == sorted(pair_ids(store, PairFilter(turns=(2, 3))))


def test_a_list_without_ids(store: Store) -> None:
    found = sorted_ids(store, PairFilter())
    assert (len(found), list(found), found.place_of(KNOWN[0]), found.n_of(KNOWN)) == (0, [], None, 0)
    with pytest.raises(IndexError):
        _ = found[0]
    with pytest.raises(ValueError, match="not in the list"):
        found.index(KNOWN[0])


def test_a_list_knows_the_conditions_of_a_filter(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be sorted"):
        listed_ids(store, PairFilter(), sort="colour")
