"""Exports by a run."""

import json
import threading
from pathlib import Path

from jobs import api
from jobs.runner import LocalRunner
from jobs.worker import execute
from music_core.config import load_settings
from music_core.store.connect import open_store
from music_core.store.labels import add_label
from music_core.store.pairs import add_pairs
from music_core.types import LabelEvent
from tests.jobs.conftest import run_here
from tests.store.conftest import make_pair


def test_a_run_writes_what_its_filter_lets_through_and_replaces_no_file(home: Path) -> None:
    store = open_store(home)
    items = [make_pair("one?", source="a"), make_pair("two?", source="b")]
    add_pairs(store, items)
    add_label(store, LabelEvent("t", items[1].pair.id, "Ada", "left", "chosen", True))
    report = run_here(store, "export", {"name": "a.jsonl", "filter": {"sources": ["a"], "turns": [1, 9]}})
    path = home / "exports" / "a.jsonl"
    assert (report["rows"], report["path"], report["bytes"]) == (1, str(path), path.stat().st_size)
    assert json.loads(path.read_text())["music"]["pair_id"] == items[0].pair.id
    assert run_here(store, "export", {"name": "labels.jsonl", "what": "labels"})["rows"] == 1
    before = path.read_bytes()
    folder = LocalRunner(home).create(api.new_run("export", {"name": "a.jsonl"}))
    again = execute(folder, store, load_settings(), stop=threading.Event())
    assert again.status == "failed"
    assert "already" in again.note
    assert path.read_bytes() == before
    store.close()
