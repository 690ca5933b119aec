from pathlib import Path

import pytest

from music_core.errors import StoreError
from music_core.store.connect import Store, open_store
from music_core.store.maintain import check, compact
from music_core.store.views import MOST_QUERY_CHARS, delete_view, list_views, save_view

QUERY = {"source": ["a", 'b "x" {y}'], "rel": "agree", "q": "née\x00"}


def names(store: Store) -> list[tuple[str, str]]:
    return [(v.name, v.person) for v in list_views(store)]


def test_a_view_is_found_again_by_everybody_with_its_whole_query(home: Path, store: Store) -> None:
    saved = save_view(store, "Ada", "Judge x against people", QUERY, "t1")
    other = open_store(home)
    assert list_views(other) == [saved]
    assert saved.query == QUERY
    assert saved.created_at.tzinfo is not None
    other.close()


def test_the_same_name_of_the_same_person_replaces_and_a_double_click_is_one_view(store: Store) -> None:
    save_view(store, "Ada", "mine", QUERY, "t1")
    save_view(store, "Ada", "mine", {"q": "new"}, "t2")
    save_view(store, "Ada", "mine", QUERY, "t1")
    save_view(store, "Ben", "mine", QUERY, "t3")
    assert names(store) == [("mine", "Ada"), ("mine", "Ben")]
    assert list_views(store)[0].query == {"q": "new"}
    assert store.read("SELECT count(*) FROM lake.view_rows") == [(3,)]


def test_a_view_taken_away_is_gone_its_history_stays_and_the_name_is_free_again(store: Store) -> None:
    save_view(store, "Ada", "mine", QUERY, "t1")
    assert not delete_view(store, "Ben", "mine", "d0")
    assert delete_view(store, "Ada", "mine", "d1")
    assert not delete_view(store, "Ada", "mine", "d2")
    assert names(store) == []
    assert store.read("SELECT name FROM lake.view_rows ORDER BY seq") == [("mine",), ("mine",)]
    save_view(store, "Ada", "mine", {}, "t2")
    assert names(store) == [("mine", "Ada")]


def test_views_survive_compaction_and_the_store_holds_together(store: Store) -> None:
    save_view(store, "Ada", "mine", QUERY, "t1")
    compact(store)
    assert names(store) == [("mine", "Ada")]
    assert check(store) == []


@pytest.mark.parametrize("name", ["", "  ", " x", "two\nlines", "x" * 61, "a\u202eb"])
def test_an_unusable_name_is_refused_with_what_to_do(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="no name for a view"):
        save_view(store, "Ada", name, {}, "t1")
    assert names(store) == []


def test_a_view_needs_somebody_and_an_end(store: Store) -> None:
    with pytest.raises(StoreError, match="belongs to somebody"):
        save_view(store, "", "x", {}, "t1")
    with pytest.raises(StoreError, match="too long"):
        save_view(store, "Ada", "x", {"q": "x" * MOST_QUERY_CHARS}, "t1")
