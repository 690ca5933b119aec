"""The `music` command: JSON keys, errors, foreground and background."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jobs import api
from jobs.cli import main
from jobs.runner import LocalRunner
from tests.jobs.conftest import SlowServer, wait_for

ROWS = [
    {
        "chosen": f"\n\nHuman: What is {n} plus one?\n\nAssistant: {n + 1}.",
        "rejected": f"\n\nHuman: What is {n} plus one?\n\nAssistant: {n}.",
    }
    for n in range(8)
]


@pytest.fixture
def preferences(tmp_path: Path) -> Path:
    path = tmp_path / "sums.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in [*ROWS, {"chosen": "", "rejected": ""}]), encoding="utf-8")
    return path


def music(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


def answer(*words: str, exit_code: int = 0) -> dict[str, Any]:
    result = music(*words, "--json")
    assert result.exit_code == exit_code, result.output
    value: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return value


def test_import_counts_rows_pairs_drops_and_what_is_new(home: Path, preferences: Path) -> None:
    first = answer("import", str(preferences))
    assert list(first) == ["rows", "rows_used", "pairs", "chats", "dropped", "left_out", "new", "labels", "readings", "verdicts"]
    assert first["rows"] == 9 == first["rows_used"] + sum(first["dropped"].values())
    assert first["new"] == first["pairs"] == 8
    assert answer("import", str(preferences))["new"] == 0
    said = music("import", str(preferences)).stdout
    assert "9 rows read as hh, 8 used: 8 pairs, 0 of them new" in said


def test_a_file_that_cannot_be_read_ends_with_one_message_and_nothing_stored(home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(json.dumps(ROWS[0]) + "\nnot json\n", encoding="utf-8")
    result = music("import", str(bad), "--json")
    assert result.exit_code == 1
    assert "bad.jsonl" in result.stderr and "line 2" in result.stderr and "Traceback" not in result.stderr
    last = json.loads(result.stdout.splitlines()[-1])
    assert set(last) == {"error", "hint"}
    assert answer("store", "info")["counts"]["pairs"] == 0


def test_an_unknown_setting_file_model_or_run_is_one_message(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (("jobs", "show", "x"), ("score", "--model", "x"), ("judge", "--endpoint", "x"), ("models", "register", "m", "/tmp")):
        result = music(*words)
        assert result.exit_code == 1
        assert result.stderr.splitlines()[-2:-1] or "Error: " in result.stderr
        assert "Traceback" not in result.output
    monkeypatch.setenv("MUSIC_CONFIG", "nowhere.toml")
    assert "There is no settings file nowhere.toml." in music("store", "info").stderr


def test_a_home_that_cannot_be_used_is_one_message_for_every_command(
    tmp_path: Path, preferences: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MUSIC_HOME", str(tmp_path / "file"))
    for words in (("import", str(preferences)), ("store", "info"), ("agreement",), ("sample", "load")):
        result = music(*words)
        assert result.exit_code == 1
        assert "Error: " in result.stderr and "file" in result.stderr
        assert "Traceback" not in result.output


def test_judging_agreement_export_and_re_import_on_the_command_line(home: Path, preferences: Path, tmp_path: Path) -> None:
    answer("import", str(preferences))
    dry = answer("judge", "--endpoint", "scripted", "--kind", "pairwise", "--dry-run")
    assert {"calls", "tokens_in", "tokens_out", "cost", "hours", "rates"} == set(dry)
    judged = answer("judge", "--endpoint", "scripted", "--kind", "pairwise")
    assert judged["readings"] == dry["calls"] == 16
    (cell,) = [c for c in answer("agreement", "--bootstrap", "20")["cells"] if c["b"] == "judge:scripted-pairwise"]
    assert {"a", "b", "n", "agree", "n_non_tie", "agree_non_tie", "kappa", "alpha", "interval"} <= set(cell)
    assert "construction" in music("agreement", "--bootstrap", "20").stdout
    out = tmp_path / "out.jsonl"
    assert answer("export", str(out), "--source", "sums", "--limit", "3")["rows"] == 3
    assert answer("import", str(out))["new"] == 0
    assert answer("export", str(tmp_path / "labels.jsonl"), "--labels")["rows"] == 0
    assert answer("store", "check") == {"problems": []}
    assert set(answer("store", "compact")) == {"rows_moved", "files_merged", "snapshots_dropped", "files_removed"}
    assert [r["kind"] for r in answer("jobs", "list")["runs"]] == ["import", "judge", "import"]


def test_generation_in_the_foreground_then_its_run_and_log(home: Path, generation: dict[str, Any]) -> None:
    words = ["generate", "--n", "4", "--turns", "2", "--method", "swap", "--assistant", "scripted"]
    words += ["--seeds-file", generation["seeds_file"], "--name", "made"]
    dry = answer(*words, "--dry-run")
    assert {"calls", "tokens_in", "tokens_out", "cost", "hours"} <= set(dry)
    report = answer(*words)
    assert report["source"] == "made"
    shown = answer("jobs", "show", "generate")
    assert (shown["status"], shown["report"]["pairs"]) == ("finished", report["pairs"])
    assert "generate starts" in music("jobs", "logs", "generate", "-f").stdout
    assert answer("jobs", "logs", "generate")["lines"]
    assert music("jobs", "cancel", "generate").exit_code == 1
    assert music("jobs", "resume", "generate").exit_code == 1


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(home: Path, slow: SlowServer, generation: dict[str, Any]) -> None:
    slow.latency_s = 0.3
    words = ["generate", "--n", "6", "--turns", "2", "--method", "swap", "--assistant", "slow", "--seeds-file", generation["seeds_file"]]
    with subprocess.Popen(
        [sys.executable, "-m", "jobs", *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        wait_for(lambda: bool(slow.bodies))
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    last = json.loads(out.splitlines()[-1])
    assert last["error"] == "cancelled"
    assert f"music jobs resume {last['run_id']}" in err
    assert "Traceback" not in err
    slow.latency_s = 0.0
    assert answer("jobs", "resume", last["run_id"])["pairs"] > 0


def test_detached_runs_wait_in_the_queue(home: Path, preferences: Path, generation: dict[str, Any]) -> None:
    runner = LocalRunner(home)
    blocker = runner.create(api.new_run("generate", generation, run_id="blocker"))
    from jobs.folder import State
    from jobs.owner import this_process

    blocker.set_state(State("running", owner=this_process()))
    words = ["generate", "--detach", "--assistant", "scripted", "--seeds-file", generation["seeds_file"]]
    os.environ["MUSIC_SLOTS"] = "1"
    try:
        queued = answer(*words)
        assert queued["status"] == "queued"
        assert answer("jobs", "cancel", queued["run_id"])["status"] == "cancelled"
    finally:
        del os.environ["MUSIC_SLOTS"]


def test_the_sample_comes_and_goes_by_command(home: Path, preferences: Path, tmp_path: Path) -> None:
    answer("import", str(preferences))
    out = str(tmp_path / "sample")
    assert answer("sample", "write", "--out", out, "--source", "sums")["pairs"] == 8
    assert answer("sample", "load", "--from", out) == {"pairs": 0, "models": 0, "readings": 0, "traces": 0}
    assert music("sample", "write", "--out", out, "--source", "nothing").exit_code == 1


def test_the_committed_sample_loads(home: Path) -> None:
    assert answer("sample", "load")["pairs"] >= 24
    assert answer("sample", "load")["pairs"] == 0


def test_the_app_refuses_a_port_that_is_taken(slow_server: SlowServer, home: Path) -> None:
    port = slow_server.url.split(":")[2].split("/")[0]
    result = music("app", "--port", port)
    assert result.exit_code == 1
    assert f"Port {port} is taken" in result.stderr
