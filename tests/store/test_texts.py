"""Text read out of files: what they do not hold comes from the lake, and a file that is gone costs nothing."""

from pathlib import Path

import pytest

from music_core.errors import StoreError
from music_core.store.connect import Store, open_store
from music_core.store.maintain import compact
from music_core.store.pairs import PairFilter, add_pairs, get_pair, get_text, list_pairs
from music_core.store.texts import few_texts
from tests.store.conftest import make_pair


def test_what_came_since_is_read_from_the_lake_and_then_from_its_file(store: Store) -> None:
    first, second = make_pair("one"), make_pair("two", locator="1")
    add_pairs(store, [first])
    assert get_text(store, first.pair.id) == first.pair
    before = store.text_files
    assert len(before) == 1
    add_pairs(store, [second])
    assert get_text(store, second.pair.id) == second.pair
    assert set(before) < set(store.text_files)
    assert get_text(store, first.pair.id) == first.pair


def test_text_is_not_asked_of_the_lake_twice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    item = make_pair()
    add_pairs(store, [item])
    list_pairs(store, PairFilter())  # fills the index
    get_text(store, item.pair.id)
    monkeypatch.setattr(store, "view", lambda _: pytest.fail("asked the lake"))
    assert get_text(store, item.pair.id) == item.pair


def test_a_file_that_a_compaction_took_away_is_no_loss(home: Path) -> None:
    store = open_store(home)
    items = [make_pair(f"pair {k}", locator=str(k)) for k in range(3)]
    for item in items:
        add_pairs(store, [item])
    list_pairs(store, PairFilter())  # fills the index
    assert [get_text(store, item.pair.id) for item in items] == [item.pair for item in items]
    other = open_store(home)
    compact(other, keep_days=0)
    other.close()
    for file in store.text_files:
        Path(file).unlink()
    assert [get_pair(store, item.pair.id).pair for item in items] == [item.pair for item in items]
    assert len(store.text_files) == 1
    store.close()


def test_what_is_nowhere_is_left_out_and_an_unknown_pair_an_error(store: Store) -> None:
    add_pairs(store, [make_pair()])
    assert few_texts(store, ["c_nowhere"]) == {}
    with pytest.raises(StoreError, match="There is no pair p_nowhere"):
        get_text(store, "p_nowhere")


def test_a_folder_with_a_quote_in_its_name_is_read(tmp_path: Path) -> None:
    store, item = open_store(tmp_path / "Ann's [new] *store"), make_pair()
    add_pairs(store, [item])
    assert get_text(store, item.pair.id) == item.pair
    assert get_text(store, item.pair.id) == item.pair
    assert store.text_files
    store.close()
