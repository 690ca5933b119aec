"""The store that benchmarks are run on."""

from pathlib import Path

import pytest

from benchmarks.synthetic import fill
from music_core.store.connect import open_store
from music_core.store.pairs import PairFilter, get_pairs, list_pairs, pair_ids


def test_copies_are_pairs_of_their_own_with_all_that_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill, "ORIGINALS", 12)
    monkeypatch.setattr(fill, "N_LABELS", 5)
    fill.synthetic_store(tmp_path, 30, 0, lambda _: None)
    store = open_store(tmp_path)
    ids = pair_ids(store, PairFilter())
    assert len(set(ids)) == 30
    found = [(item.pair.chosen.messages, item.pair.rejected.messages, bool(item.origins)) for item in get_pairs(store, ids)]
    assert sorted(found.count(item) for item in found) == [2] * 12 + [3] * 18
    assert all(has_origin for *_, has_origin in found)
    rows = list_pairs(store, PairFilter(model_id="model-a"), limit=100).rows
    said = {(row.opening, row.margin, tuple(sorted(row.verdicts.items()))) for row in rows}
    assert (len(rows), len(said)) == (30, 12)
    store.close()
