import gzip
import json
from pathlib import Path

import pytest

from music_core.errors import StoreError
from music_core.sources.read import read_source
from music_core.store.connect import Store, open_store
from music_core.store.export import estimate_bytes, export_labels, export_pairs, export_parquet
from music_core.store.labels import add_label, undo_label
from music_core.store.pairs import PairFilter, add_pairs, get_pairs
from music_core.types import Contrast, LabelEvent, Origin, SourcedPair, conversation
from tests.store.conftest import make_pair


@pytest.mark.parametrize("name", ["pairs.jsonl", "pairs.jsonl.gz"])
def test_an_export_read_back_gives_the_same_ids_and_origins(home: Path, store: Store, tmp_path: Path, name: str) -> None:
    items = [make_pair(f"Question {k} 'é' \"}}", turns=k + 1, source="a") for k in range(3)]
    origin = Origin("b", "7", "r1", "one_call", "all", (Contrast(1, "Instead …"),), meta={"note": 1})
    add_pairs(store, [*items, SourcedPair(items[0].pair, origin)])
    assert export_pairs(store, PairFilter(), tmp_path / "out" / name) == 3
    again = open_store(tmp_path / "again")
    add_pairs(again, list(read_source(str(tmp_path / "out" / name)).pairs))
    ids = [i.pair.id for i in items]
    assert [(p.id, set(map(repr, p.origins))) for p in get_pairs(again, ids)] == [
        (p.id, set(map(repr, p.origins))) for p in get_pairs(store, ids)
    ]
    again.close()


def test_only_what_passes_the_filter_is_exported(store: Store, six_pairs: list[str], tmp_path: Path) -> None:
    assert export_pairs(store, PairFilter(sources=("a",)), tmp_path / "a.jsonl") == 3
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert {row["music"]["pair_id"] for row in rows} == set(six_pairs[::2])
    assert all(conversation(row["chosen"]).id == get_pairs(store, [row["music"]["pair_id"]])[0].pair.chosen.id for row in rows)


def test_lone_surrogates_and_nul_survive_an_export(store: Store, tmp_path: Path) -> None:
    item = make_pair("a\x00b \ud800 é")
    add_pairs(store, [item])
    export_pairs(store, PairFilter(), tmp_path / "x.jsonl.gz")
    with gzip.open(tmp_path / "x.jsonl.gz", "rt", encoding="utf-8") as file:
        row = json.loads(file.read())
    assert row["chosen"][0]["content"] == "a\x00b \ud800 é"


def test_an_export_that_fails_leaves_no_file(store: Store, six_pairs: list[str], tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        export_pairs(store, PairFilter(margin=(0, 1)), tmp_path / "x.jsonl")
    assert list(tmp_path.glob("*.jsonl*")) == []


def test_labels_are_exported_with_their_history(store: Store, six_pairs: list[str], tmp_path: Path) -> None:
    add_label(store, LabelEvent("t1", six_pairs[0], "ann", "left", "rejected", True, turn_marks={1: "left"}))
    undo_label(store, six_pairs[0], "ann", "u1")
    add_label(store, LabelEvent("t2", six_pairs[1], "bob", "tie", "chosen", True))
    assert export_labels(store, tmp_path / "labels.jsonl") == 3
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert [(r["token"], r["value"], r["current"]) for r in rows] == [("t1", "rejected", False), ("u1", None, True), ("t2", "tie", True)]
    assert rows[0]["turn_marks"] == {"1": "left"}


def test_queue_guideline_and_probability_of_a_label_survive_an_export_and_import(
    store: Store, six_pairs: list[str], tmp_path: Path
) -> None:
    sent = LabelEvent("t1", six_pairs[0], "ann", "left", "rejected", True, queue="pilot", guideline="2", probability=1 / 3)
    add_label(store, sent)
    export_labels(store, tmp_path / "labels.jsonl")
    (given,) = read_source(str(tmp_path / "labels.jsonl")).votes.labels
    assert given.event == sent


def test_a_parquet_export_read_back_gives_the_same_ids_and_origins(home: Path, store: Store, tmp_path: Path) -> None:
    items = [make_pair(f"Question {k} 'é' \"}}", turns=k + 1, source="a") for k in range(3)]
    origin = Origin("b", "7", "r1", "one_call", "all", (Contrast(1, "Instead …"),), meta={"note": 1, "odd": [{"x": None}]})
    add_pairs(store, [*items, SourcedPair(items[0].pair, origin)])
    assert export_parquet(store, PairFilter(), tmp_path / "out.parquet") == 3
    again = open_store(tmp_path / "again")
    add_pairs(again, list(read_source(str(tmp_path / "out.parquet")).pairs))
    ids = [i.pair.id for i in items]
    assert [(p.id, set(map(repr, p.origins))) for p in get_pairs(again, ids)] == [
        (p.id, set(map(repr, p.origins))) for p in get_pairs(store, ids)
    ]
    again.close()


def test_text_that_parquet_cannot_hold_is_an_error_and_leaves_no_file(store: Store, tmp_path: Path) -> None:
    add_pairs(store, [make_pair("a \ud800 b")])
    with pytest.raises(StoreError, match="no valid Unicode"):
        export_parquet(store, PairFilter(), tmp_path / "out.parquet")
    assert list(tmp_path.glob("*out.parquet*")) == []


def test_the_size_of_an_export_is_told_beforehand(store: Store, six_pairs: list[str], tmp_path: Path) -> None:
    n, about = estimate_bytes(store, PairFilter())
    export_pairs(store, PairFilter(), tmp_path / "all.jsonl")
    assert n == len(six_pairs)
    assert about == (tmp_path / "all.jsonl").stat().st_size  # the sample is all of them
    assert estimate_bytes(store, PairFilter(sources=("nowhere",))) == (0, 0)
