"""Small files shared by processes."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jobs.context import Meter
from jobs.files import locked, read_json, tail, write_json
from jobs.folder import Progress, RunFolder
from music_core.errors import RunError


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"n": -1, "text": "a" * 50_000})
    done = threading.Event()

    def write() -> None:
        for n in range(60):
            write_json(path, {"n": n, "text": "a" * 50_000})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        value = read_json(path)
        assert value is not None and len(value["text"]) == 50_000
    writer.join()
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


def test_a_missing_file_is_none_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json") is None
    for text in ('{"half', "[1]"):
        (tmp_path / "bad.json").write_text(text, encoding="utf-8")
        with pytest.raises(RunError, match=r"bad\.json"):
            read_json(tmp_path / "bad.json")


def test_one_at_a_time_holds_a_lock_and_it_dies_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import sys\nfrom pathlib import Path\nfrom jobs.files import locked\n"
        f"with locked(Path({str(path)!r})): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(RunError, match="held by another process"), locked(path, timeout_s=0.1):
        pass
    holder.kill()
    holder.wait()
    with locked(path, timeout_s=5):
        pass
    holder.stdout.close()
    holder.stdin.close()


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    assert tail(path) == ""
    path.write_bytes(b"".join(b"line %d \xff\n" % n for n in range(100)))
    assert tail(path, 2) == "line 98 \ufffd\nline 99 \ufffd"
    assert len(tail(path, 100, max_bytes=50).splitlines()) < 10


def test_the_time_left_counts_this_attempt_only() -> None:
    resumed = Progress(done=60, total=100, at=30.0, base_done=50, base_at=20.0)
    assert resumed.eta_s == pytest.approx(40.0)
    assert Progress(done=50, total=100, at=20.0, base_done=50, base_at=20.0).eta_s is None
    assert Progress().fraction == 0.0


def test_progress_reaches_its_file_at_the_latest_at_the_end(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with Meter(folder) as meter:
        assert folder.progress().total == 0
        for n in range(1000):
            meter.step(n + 1, 1000, f"unit {n}")
    assert (folder.progress().done, folder.progress().note) == (1000, "unit 999")
    assert folder.progress().base_done == 1
