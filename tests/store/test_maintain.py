import pytest

from music_core.store import maintain
from music_core.store.connect import Store
from music_core.store.labels import add_label, label_history
from music_core.store.maintain import check, compact
from music_core.store.pairs import PairFilter, add_pairs, get_pairs, pair_ids
from music_core.store.runs import write_manifest
from music_core.types import LabelEvent
from tests.store.conftest import make_pair


def spoil(store: Store, sql: str) -> None:
    store.write("schema", lambda session: session.rows(sql))


def test_a_sound_store_has_no_problems(store: Store, six_pairs: list[str]) -> None:
    add_label(store, LabelEvent("t", six_pairs[0], "ann", "left", "chosen", True))
    write_manifest(store, "r", [(six_pairs[0], "train")])
    assert check(store) == []


def test_what_does_not_fit_is_found_and_named(store: Store, six_pairs: list[str]) -> None:
    write_manifest(store, "r", [(six_pairs[0], "train")])
    spoil(store, "INSERT INTO lake.pair_rows SELECT * FROM lake.pair_rows LIMIT 1")
    spoil(store, "INSERT INTO lake.label_rows (label_id, pair_id) VALUES ('l1', 'p_gone')")
    spoil(store, "UPDATE lake.manifest_rows SET content_hash = 'other'")
    spoil(store, "INSERT INTO lake.locks VALUES ('pairs', 0)")
    spoil(store, f"UPDATE lake.pair_rows SET split = 'none' WHERE pair_id = '{six_pairs[3]}'")  # noqa: S608 -- an id of ours
    found = {(p.kind, p.where) for p in check(store)}
    assert found == {
        ("doubled", "pair_rows"),
        ("doubled", "locks"),
        ("dangling", "label_rows"),
        ("changed", "pair_rows"),
        ("unreadable", "manifest_rows"),
    }


def test_text_that_was_changed_under_its_id_is_found(store: Store) -> None:
    item = make_pair("The real question")
    add_pairs(store, [item])
    spoil(
        store,
        "CREATE OR REPLACE TABLE lake.conversation_rows AS SELECT conversation_id, "
        "list_transform(messages, lambda m: {'role': m.role, 'content': 'Another'}) AS messages FROM lake.conversation_rows",
    )
    assert [p.kind for p in check(store)] == ["changed"]
    assert item.pair.id in check(store)[0].detail


def test_missing_text_is_found(store: Store, six_pairs: list[str]) -> None:
    spoil(store, "DELETE FROM lake.conversation_rows")
    kinds = [p.kind for p in check(store)]
    assert kinds.count("dangling") == 12
    assert kinds.count("unreadable") == 1


def test_compaction_changes_nothing_that_can_be_seen(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintain, "MAX_DEAD_LOCKS", 2)
    items = [make_pair(f"Question {k}") for k in range(6)]
    for k in range(3):
        add_pairs(store, items[2 * k : 2 * k + 2])
        add_label(store, LabelEvent(f"t{k}", items[0].pair.id, "ann", "left", "chosen", True))
    before = get_pairs(store, [i.pair.id for i in items]), label_history(store, items[0].pair.id), pair_ids(store, PairFilter())
    done = compact(store)
    assert done["rows_moved"] > 0
    assert done["files_merged"] > 0
    assert done["snapshots_dropped"] == 0
    assert before == (get_pairs(store, [i.pair.id for i in items]), label_history(store, items[0].pair.id), pair_ids(store, PairFilter()))
    assert check(store) == []
    [(n_locks, n_kinds)] = store.read("SELECT count(*), count(DISTINCT kind) FROM lake.locks")
    assert n_locks == n_kinds
    assert store.read("SELECT count(*) FROM lake.locks WHERE kind = 'renewed'") == [(1,)]
    add_label(store, LabelEvent("t9", items[0].pair.id, "ann", "left", "chosen", True))
    assert [label.event.token for label in label_history(store, items[0].pair.id)] == ["t0", "t1", "t2", "t9"]


def test_conversations_are_never_inlined(store: Store) -> None:
    """An inlined list of structs with quotes and braces in it could not be read again."""
    add_pairs(store, [make_pair("'}]\\")])
    assert store.read("SELECT file_count FROM ducklake_table_info('lake') WHERE table_name = 'conversation_rows'") == [(1,)]
