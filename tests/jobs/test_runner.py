"""Runs in processes of their own: queue, cancel, kill, resume."""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from jobs import api
from jobs.folder import State
from jobs.owner import Owner, this_process
from jobs.runner import LocalRunner
from music_core.errors import ConfigError, RunError
from music_core.store.connect import open_store
from music_core.store.pairs import PairFilter, iter_pairs
from music_core.store.runs import run_report
from tests.jobs.conftest import SlowServer, ended, run_here, submit, wait_for
from tests.stores import new_store


def made_pairs(home: Path) -> dict[str, object]:
    store = open_store(home)
    try:
        return {p.id: [(c.turn, c.instruction) for o in p.origins for c in o.contrasts] for p in iter_pairs(store, PairFilter())}
    finally:
        store.close()


def journal_lines(runner: LocalRunner, run_id: str) -> int:
    path = runner.folder(run_id).path / "journal.jsonl"
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def test_a_killed_run_is_dead_and_resumes_to_the_same_pairs_without_repeating_a_finished_call(
    tmp_path: Path, home: Path, slow: SlowServer, generation: dict[str, Any]
) -> None:
    config = {**generation, "assistant": "slow"}
    calm = new_store(tmp_path / "calm")
    undisturbed = run_here(calm, "generate", config)
    calm.close()
    n_calls = len(slow.bodies)
    assert n_calls == undisturbed["calls"]

    slow.latency_s = 0.1
    runner = LocalRunner(home)
    run_id = submit(runner, config)
    wait_for(lambda: journal_lines(runner, run_id) > n_calls // 2)
    owner = runner.folder(run_id).state().owner
    assert owner is not None
    os.kill(owner.pid, signal.SIGKILL)
    wait_for(lambda: runner.status(run_id).status == "dead")
    assert runner.status(run_id).resumable
    n_kept = journal_lines(runner, run_id)
    assert n_kept < n_calls
    time.sleep(2 * slow.latency_s)  # requests that were still on their way to the server
    n_sent = len(slow.bodies)

    slow.latency_s = 0.0
    runner.resume(run_id)
    assert ended(runner, run_id).status == "finished", runner.logs(run_id)
    report = runner.folder(run_id).report()
    assert report is not None
    # A line that the kill tore off was not acknowledged, so its call counts as not made.
    assert report["replayed"] in (n_kept, n_kept - 1)
    assert report["calls"] + report["replayed"] == n_calls
    assert len(slow.bodies) - n_sent == report["calls"]
    assert made_pairs(home) == made_pairs(tmp_path / "calm")


def test_a_run_that_does_not_stop_is_ended_by_force(home: Path, slow: SlowServer, generation: dict[str, Any]) -> None:
    runner = LocalRunner(home, grace_s=0.2)
    slow.latency_s = 0.5
    run_id = submit(runner, {**generation, "assistant": "slow"})
    wait_for(lambda: bool(slow.bodies))
    owner = runner.folder(run_id).state().owner
    assert owner is not None
    os.kill(owner.pid, signal.SIGSTOP)
    assert runner.cancel(run_id, wait_s=20).status == "cancelled"
    assert not Path(f"/proc/{owner.pid}").exists() or runner.status(run_id).ended


def test_runs_wait_for_a_slot_and_a_cancelled_one_can_be_resumed(home: Path, slow: SlowServer, generation: dict[str, Any]) -> None:
    runner = LocalRunner(home, slots=1)
    slow.latency_s = 0.3
    first = submit(runner, {**generation, "assistant": "slow"}, run_id="first")
    second = submit(runner, {**generation, "seed": 1}, run_id="second")
    third = submit(runner, {**generation, "seed": 2}, run_id="third")
    assert [runner.status(i).status for i in (first, second, third)] == ["running", "queued", "queued"]
    assert runner.cancel(third).status == "cancelled"
    wait_for(lambda: journal_lines(runner, first) > 3)
    assert runner.cancel(first).note == "stopping"
    # Nobody looks: the first run starts the second when it ends. The files alone are read here.
    wait_for(lambda: runner.folder(second).state().status == "finished")
    begun, over = runner.folder(second).state().started_at, runner.folder(first).state().finished_at
    assert begun is not None and over is not None and begun >= over
    assert runner.status(second).progress.fraction == 1.0
    assert "generate starts" in runner.logs(second)
    report = api.report(second)
    assert report is not None
    assert report["pairs"] + sum(report["dropped"].values()) == 6
    assert runner.status(first).status == "cancelled"
    with pytest.raises(RunError, match="cancelled already"):
        runner.cancel(first)
    slow.latency_s = 0.0
    runner.resume(first)
    state = ended(runner, first)
    assert (state.status, state.attempt) == ("finished", 2)
    with pytest.raises(RunError, match="finished"):
        runner.resume(first)
    store = open_store(home)
    assert run_report(store, second) == ("finished", report)
    store.close()


def test_many_lookers_at_once_start_a_run_once_and_a_failure_says_why(home: Path) -> None:
    runners = [LocalRunner(home, slots=2) for _ in range(6)]
    run = api.new_run("import", {"path": "nowhere.jsonl"})
    runners[0].create(run)
    threads = [threading.Thread(target=r.enqueue, args=(run.id,)) for r in runners[:1]]
    threads += [threading.Thread(target=r.advance) for r in runners[1:]]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    state = ended(runners[0], run.id)
    assert state.status == "failed"
    assert "nowhere.jsonl" in state.note
    assert runners[0].logs(run.id).count("import starts") == 1


def test_a_process_number_given_to_another_program_does_not_deceive(runner: LocalRunner, generation: dict[str, Any]) -> None:
    me = this_process()
    folder = runner.create(api.new_run("generate", generation, run_id="old"))
    folder.set_state(State("running", owner=Owner(me.pid, me.started - 3600, me.host, False)))
    assert runner.status("old").status == "dead"
    folder.set_state(State("running", owner=me))
    assert runner.status("old").status == "running"


def test_a_silent_run_of_another_machine_counts_as_dead(runner: LocalRunner, generation: dict[str, Any]) -> None:
    folder = runner.create(api.new_run("generate", generation, run_id="far"))
    folder.set_state(State("running", owner=Owner(1, 1.0, "elsewhere", True)))
    state = runner.status("far")
    assert (state.status, state.note) == ("dead", "no sign of life from elsewhere")


def test_what_cannot_be_run_is_refused_at_once(home: Path, runner: LocalRunner, generation: dict[str, Any]) -> None:
    with pytest.raises(RunError, match="no kind of run named 'bake'"):
        api.submit("bake", {})
    with pytest.raises(ConfigError, match="unknown setting turnz"):
        api.submit("generate", {**generation, "turnz": 3})
    with pytest.raises(ConfigError, match="no schedule 'often'"):
        api.submit("generate", {**generation, "schedule": "often"})
    with pytest.raises(RunError, match="no run"):
        api.status("nothing")
    with pytest.raises(RunError, match="no run id"):
        api.status("../secret")
    runner.create(api.new_run("generate", generation, run_id="twice"))
    with pytest.raises(RunError, match="already"):
        runner.create(api.new_run("generate", generation, run_id="twice"))
    assert [s.run_id for s in api.list_runs()] == ["twice"]


def test_a_run_whose_store_cannot_be_opened_says_so(home: Path, runner: LocalRunner) -> None:
    (home / "catalog.sqlite").write_text("this is no database, however long it may be" * 100, encoding="utf-8")
    state = ended(runner, submit(runner, {"path": "nowhere.jsonl"}, kind="import"))
    assert state.status == "failed"
    assert state.note


def test_a_run_that_lost_its_process_before_it_began_can_be_resumed(runner: LocalRunner, generation: dict[str, Any]) -> None:
    runner.create(api.new_run("generate", generation, run_id="early"))
    assert runner.reopen("early").state().attempt == 2


def test_slots_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("MUSIC_SLOTS", "3")
    assert LocalRunner(home).slots == 3
    monkeypatch.setenv("MUSIC_SLOTS", "many")
    with pytest.raises(RunError, match="MUSIC_SLOTS is 'many'"):
        LocalRunner(home)
