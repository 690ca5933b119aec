import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from music_core.errors import StoreError
from music_core.store.connect import Store, open_store
from music_core.store.pairs import AddCount, PairFilter, add_pairs, get_pair, get_pairs, iter_pairs, iter_seeds, pair_ids
from music_core.types import Contrast, ContrastPair, Conversation, Message, Origin, SourcedPair, TurnRecord, split_of
from tests.store.conftest import make_pair

# Any Python string: NUL, lone surrogates, and what breaks a nested value that is stored as printed text.
any_text = st.one_of(
    st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=20),
    st.text(alphabet="'\"\\{}[],:=\x00\ud800\U0010ffff\n\r NUL0fd", max_size=12),
)
conversations = st.lists(st.tuples(any_text, any_text), min_size=1, max_size=3).map(
    lambda turns: Conversation(tuple(m for q, a in turns for m in (Message("user", q), Message("assistant", a))))
)


@pytest.fixture(scope="module")
def shared_store(empty_store: Path) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(empty_store, Path(folder) / "lake")
        store = open_store(Path(folder) / "lake")
        yield store
        store.close()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(conversations, conversations, any_text), min_size=1, max_size=8))
def test_any_text_comes_back_as_it_went_in(shared_store: Store, drawn: list[tuple[Conversation, Conversation, str]]) -> None:
    items = [
        SourcedPair(ContrastPair(chosen, rejected), Origin(s, s, s, s, s, (Contrast(1, s),), meta={s: [s, 1.5, None]}))
        for chosen, rejected, s in drawn
    ]
    add_pairs(shared_store, items)
    for item, stored in zip(items, get_pairs(shared_store, [i.pair.id for i in items]), strict=True):
        assert item.origin in stored.origins
        # The first copy of a content id stays, so an earlier example with other white space may be what is there.
        assert (stored.pair.chosen.id, stored.pair.rejected.id) == (item.pair.chosen.id, item.pair.rejected.id)
        assert stored.id == item.pair.id


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "lone \ud800 surrogate",
        "mark \U0010ffff0000",
        "😀 ‮ \u2028",
        "x" * 1_000_000,
        "'}]\", {'role': user}",
        "NULL",
        " \r\n tail ",
    ],
    ids=["nul", "surrogate", "our own mark", "emoji", "a megabyte", "quotes and braces", "NULL", "white space"],
)
def test_hostile_text_is_neither_lost_nor_changed(shared_store: Store, text: str) -> None:
    item = make_pair(text)
    add_pairs(shared_store, [item])
    assert get_pair(shared_store, item.pair.id).pair == item.pair


def test_an_import_repeated_changes_nothing(store: Store) -> None:
    items = [make_pair(f"Question {k}", locator=str(k)) for k in range(5)]
    assert add_pairs(store, items) == AddCount(new=5, known=0)
    before = get_pairs(store, [i.pair.id for i in items])
    assert add_pairs(store, items) == AddCount(new=0, known=5)
    assert get_pairs(store, [i.pair.id for i in items]) == before
    assert store.read("SELECT (SELECT count(*) FROM lake.pair_rows), (SELECT count(*) FROM lake.origin_rows)") == [(5, 5)]


def test_a_list_that_holds_a_pair_twice_counts_it_once(store: Store) -> None:
    item = make_pair()
    assert add_pairs(store, [item, item]) == AddCount(new=1, known=1)
    assert add_pairs(store, []) == AddCount(new=0, known=0)


def test_more_pairs_than_one_batch_are_all_stored_in_order(store: Store) -> None:
    items = [make_pair(f"Question {k}") for k in range(501)]
    assert add_pairs(store, items).new == 501
    assert [p.id for p in get_pairs(store, [i.pair.id for i in items])] == [i.pair.id for i in items]


def test_a_pair_from_two_places_is_one_pair_with_two_origins(store: Store) -> None:
    first, again = make_pair(source="a"), make_pair(source="b")
    assert add_pairs(store, [first]).new == 1
    assert add_pairs(store, [again]).new == 0
    assert [o.source for o in get_pair(store, first.pair.id).origins] == ["a", "b"]


def test_an_origin_keeps_how_every_turn_was_made(store: Store) -> None:
    turn = TurnRecord("rejected", 2, "assistant", "local", "m", "h", {"temperature": 0.7}, 3, "stop", 10, 20, 5, 0.25, None, "contrast")
    origin = Origin("demo", "7", "r1", "one_call", "from:2", (Contrast(2, "Fry it instead."),), (turn,), {"note": "é"})
    item = replace(make_pair(), origin=origin)
    add_pairs(store, [item])
    assert get_pair(store, item.pair.id).origins == (origin,)


def test_the_split_is_that_of_the_seed(store: Store, six_pairs: list[str]) -> None:
    for stored in get_pairs(store, six_pairs):
        assert stored.seed_id == stored.pair.seed.id
        assert stored.split == split_of(stored.seed_id)


def test_an_unknown_id_is_named(store: Store, six_pairs: list[str]) -> None:
    with pytest.raises(StoreError, match="p_none"):
        get_pairs(store, [six_pairs[0], "p_none"])


def test_a_meta_value_that_is_not_json_is_refused_and_nothing_is_stored(store: Store) -> None:
    item = replace(make_pair(), origin=Origin("s", meta={"x": object()}))
    with pytest.raises(StoreError, match="not JSON"):
        add_pairs(store, [item])
    assert pair_ids(store, PairFilter()) == []


def test_seeds_are_given_once_each_and_end_with_the_first_user_message(store: Store) -> None:
    add_pairs(store, [make_pair("Same", turns=1), make_pair("Same", turns=2), make_pair("Other")])
    seeds = list(iter_seeds(store, PairFilter()))
    assert len(seeds) == 2
    assert [s.id for s in seeds] == sorted(s.id for s in seeds)
    assert {s.context.messages[-1].content for s in seeds} == {"Same", "Other"}
    assert all(s.context.messages[-1].role == "user" for s in seeds)


def test_iterating_goes_through_every_pair_in_any_batch_size(store: Store, six_pairs: list[str]) -> None:
    assert {p.id for p in iter_pairs(store, PairFilter(), batch=4)} == set(six_pairs)
    assert [p.id for p in iter_pairs(store, PairFilter())] == pair_ids(store, PairFilter(), descending=False)
