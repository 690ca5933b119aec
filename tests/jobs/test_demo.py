"""The whole line on the embedded model, killed once on the way. Minutes long, so it is not among the default tests."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from jobs.runner import LocalRunner
from music_core.store.connect import open_store
from music_core.store.pairs import PairFilter, iter_pairs
from tests.jobs.conftest import wait_for

KEYS = ["pairs", "readings", "trained_steps", "traced", "agreement"]


def demo() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "jobs", "demo", "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return value


@pytest.mark.integration
@pytest.mark.timeout(3600)
def test_the_demo_goes_through_survives_a_kill_and_changes_nothing_when_called_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSIC_CACHE")  # the weights are fetched once per machine
    monkeypatch.delenv("OMP_NUM_THREADS")
    with subprocess.Popen([sys.executable, "-m", "jobs", "demo"], stderr=subprocess.DEVNULL, start_new_session=True) as process:
        wait_for(lambda: any(p.stat().st_size for p in home.glob("runs/*-generate/journal.jsonl")), timeout_s=1200)
        process.send_signal(signal.SIGKILL)
    first = demo()
    assert list(first) == KEYS
    assert all(value > 0 for value in first.values())
    began = time.monotonic()
    assert demo() == first
    assert time.monotonic() - began < 60
    states = {s.run_id.partition("-")[2].partition("-")[2]: s.status for s in LocalRunner(home).all()}
    assert states == {"": "finished"} | dict.fromkeys(("generate", "judge", "checklist", "train", "score"), "finished")
    store = open_store(home)
    made = list(iter_pairs(store, PairFilter(sources=("demo",))))
    assert len(made) == first["pairs"]
    assert all(o.contrasts and o.turns for p in made for o in p.origins)
    store.close()
