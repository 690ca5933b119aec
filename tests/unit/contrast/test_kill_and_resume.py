"""A run killed with kill -9 and resumed ends with the pairs of an undisturbed run and repeats no finished call."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.unit.contrast.make_pairs import N_SEEDS, run


def lines(path: Path) -> list[dict[str, str]]:
    """The whole lines of a file that may end in the middle of one."""
    if not path.exists():
        return []
    return [json.loads(raw) for raw in path.read_bytes().split(b"\n")[:-1]]


def start(folder: Path) -> "subprocess.Popen[bytes]":
    folder.mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, "-m", "tests.unit.contrast.make_pairs", str(folder), "0.02"], env=os.environ)


def test_a_run_killed_twice_and_resumed_ends_with_the_same_pairs_and_repeats_no_finished_call(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    asyncio.run(run(whole, 0.0))
    n_whole = len(lines(whole / "calls.jsonl"))
    done_before: set[str] = set()
    for share in (0.25, 0.6):
        process = start(killed)
        while len(lines(killed / "journal.jsonl")) < share * n_whole:
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        done_before = {json.dumps(line["key"], sort_keys=True) for line in lines(killed / "journal.jsonl")}
    assert not (killed / "pairs.txt").exists()
    n_calls_before = len(lines(killed / "calls.jsonl"))
    asyncio.run(run(killed, 0.0))

    expected = (whole / "pairs.txt").read_text().splitlines()
    assert (killed / "pairs.txt").read_text().splitlines() == expected
    assert len(expected) == N_SEEDS
    assert any(line.startswith("p_") for line in expected)
    keys = [json.dumps(line["key"], sort_keys=True) for line in lines(killed / "journal.jsonl")]
    assert len(keys) == len(set(keys)) == n_whole
    # The calls made after the last kill are exactly those that the journal did not hold.
    assert len(lines(killed / "calls.jsonl")) - n_calls_before == n_whole - len(done_before)
    # What was answered but not yet journaled when the kill came may be asked again: at most one call per place at the endpoint.
    assert n_whole <= len(lines(killed / "calls.jsonl")) <= n_whole + 2 * 6
    assert {json.dumps(line["key"], sort_keys=True) for line in lines(whole / "journal.jsonl")} == set(keys)


def test_a_run_that_was_finished_makes_no_call_when_started_again(tmp_path: Path) -> None:
    asyncio.run(run(tmp_path, 0.0))
    first = (tmp_path / "pairs.txt").read_text()
    n_calls = len(lines(tmp_path / "calls.jsonl"))
    asyncio.run(run(tmp_path, 0.0))
    assert (tmp_path / "pairs.txt").read_text() == first
    assert len(lines(tmp_path / "calls.jsonl")) == n_calls
