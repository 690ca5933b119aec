from datetime import UTC, datetime, timedelta

import pytest

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.maintain import compact
from music_core.store.pairs import PairFilter, add_pairs, get_pairs, pair_ids
from music_core.store.runs import (
    create_run,
    finish_run,
    get_run,
    list_runs,
    pairs_at,
    pin_snapshot,
    read_manifest,
    run_report,
    trained_seeds,
    write_manifest,
)
from music_core.types import Run
from tests.store.conftest import make_pair

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_runs_come_back_newest_first(store: Store) -> None:
    runs = [Run(f"r{k}", "generate", {"turns": 5, "text": "\x00"}, NOON + timedelta(hours=k), f"Run {k}") for k in range(3)]
    for run in runs:
        assert create_run(store, run) == run
    assert create_run(store, Run("r0", "train", {}, NOON)) == runs[0]
    assert list_runs(store) == runs[::-1]
    assert list_runs(store, limit=1) == runs[2:]
    with pytest.raises(StoreError, match="no run r9"):
        get_run(store, "r9")


def test_the_newest_report_of_a_run_counts(store: Store) -> None:
    assert run_report(store, "r") is None
    finish_run(store, "r", "failed", {"error": "'}]"})
    finish_run(store, "r", "finished", {"pairs": 3})
    assert run_report(store, "r") == ("finished", {"pairs": 3})


def test_training_data_stays_readable_after_later_writes_and_compaction(store: Store, six_pairs: list[str]) -> None:
    before = get_pairs(store, six_pairs)
    items = [(pair_id, before[k].split) for k, pair_id in enumerate(six_pairs[:4])]
    snapshot = pin_snapshot(store, "train")
    write_manifest(store, "train", items)
    pin_snapshot(store, "whole")
    for k in range(2):
        add_pairs(store, [make_pair(f"later {k}"), make_pair("Question 0", source=f"later {k}")])
    assert compact(store, keep_days=0)["snapshots_dropped"] > 0
    kept = {row[0] for row in store.read("SELECT snapshot_id FROM ducklake_snapshots('lake')")}
    assert snapshot in kept
    assert list(pairs_at(store, "train")) == before[:4]
    assert read_manifest(store, "train") == items
    assert {p.id for p in pairs_at(store, "whole")} == set(six_pairs)
    assert len(pair_ids(store, PairFilter())) == 8


def test_a_pin_and_a_manifest_once_made_stay(store: Store, six_pairs: list[str]) -> None:
    first = pin_snapshot(store, "r")
    write_manifest(store, "r", [(six_pairs[0], "train")])
    add_pairs(store, [make_pair("later")])
    write_manifest(store, "r", [(six_pairs[1], "train")])
    assert pin_snapshot(store, "r") == first
    assert read_manifest(store, "r") == [(six_pairs[0], "train")]


def test_a_manifest_of_pairs_that_are_not_in_its_snapshot_is_refused(store: Store, six_pairs: list[str]) -> None:
    pin_snapshot(store, "r")
    late = make_pair("too late")
    add_pairs(store, [late])
    with pytest.raises(StoreError, match=late.pair.id):
        write_manifest(store, "r", [(six_pairs[0], "train"), (late.pair.id, "train")])
    assert read_manifest(store, "r") == []


def test_a_run_without_a_pin_has_no_data(store: Store) -> None:
    with pytest.raises(StoreError, match="pinned no snapshot"):
        list(pairs_at(store, "r"))


def test_the_seeds_a_run_was_trained_on_are_those_of_its_train_split(store: Store, six_pairs: list[str]) -> None:
    write_manifest(store, "r", [(six_pairs[0], "train"), (six_pairs[1], "validation"), (six_pairs[2], "train")])
    assert trained_seeds(store, "r") == {p.seed_id for p in get_pairs(store, [six_pairs[0], six_pairs[2]])}
    assert trained_seeds(store, "nobody") == set()
