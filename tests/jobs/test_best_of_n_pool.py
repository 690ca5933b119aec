"""Conversations that an earlier Best-of-N run has simulated: taken over when nothing that matters differs, and told."""

import dataclasses
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jobs import api
from jobs.cli import main
from jobs.report.words import reused
from jobs.runner import LocalRunner
from jobs.stages.best_of_n_config import Config
from jobs.stages.best_of_n_pool import JOURNAL, POOL, earlier_calls, note_pool, pool_fingerprint
from jobs.worker import execute
from music_core.config import Endpoint, Settings, load_settings
from music_core.store.connect import Store, open_store
from tests.jobs.conftest import SlowServer, run_here
from tests.jobs.test_best_of_n import rows_of

N_CALLS = 3 * 4 * 3  # prompts, candidates, two replies and the user between them


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = open_store(home)
    yield opened
    opened.close()


@pytest.fixture
def config(seeds_file: Path, slow: SlowServer) -> dict[str, Any]:
    """Three prompts with pools of four, simulated over HTTP by an endpoint that counts what it is asked."""
    seen = {"seeds_file": str(seeds_file), "assistant": "slow", "judge": "scripted", "prompts": 3, "turns": 2, "n_boot": 20}
    return {"a": "longest", "b": ["random"], "n_best": "2,4", **seen}


def simulated(report: dict[str, Any]) -> int:
    """Calls of the simulation that were made."""
    return int(report["calls"] - report["readings"])


def test_a_second_run_takes_the_pool_of_the_first_over_and_says_from_which_run(
    store: Store, config: dict[str, Any], slow: SlowServer
) -> None:
    first = run_here(store, "bon", config, run_id="first")
    assert (simulated(first), first["reused_conversations"], first["reused_calls"]) == (N_CALLS, {}, 0)
    n_asked = len(slow.bodies)
    second = run_here(store, "bon", {**config, "a": "first"}, run_id="second")
    assert len(slow.bodies) == n_asked
    assert (simulated(second), second["reused_conversations"], second["reused_calls"]) == (0, {"first": 12}, N_CALLS)
    assert reused(second) == "12 of 12 conversations reused from run first."
    pools = [(store.home / "runs" / run_id / "pool.jsonl").read_text() for run_id in ("first", "second")]
    assert pools[0] == pools[1]


def test_the_pool_stays_there_when_the_first_run_is_gone_and_its_origin_is_remembered(
    store: Store, config: dict[str, Any], slow: SlowServer
) -> None:
    run_here(store, "bon", config, run_id="first")
    second = run_here(store, "bon", config, run_id="second")
    shutil.rmtree(store.home / "runs" / "first")
    third = run_here(store, "bon", config, run_id="third")
    assert third["reused_conversations"] == second["reused_conversations"] == {"first": 12}
    assert len(slow.bodies) == N_CALLS
    assert rows_of(third) == rows_of(second)


def test_a_partial_pool_is_read_as_far_as_it_got(store: Store, config: dict[str, Any], slow: SlowServer) -> None:
    stop = threading.Event()
    folder = LocalRunner(store.home).create(api.new_run("bon", config, run_id="part"))

    def show(_stage: str, _done: float, _total: float, note: str) -> None:
        if note.startswith("5 of"):
            stop.set()

    assert execute(folder, store, load_settings(), stop=stop, show=show).status == "cancelled"
    journal = folder.path / JOURNAL
    n_kept = journal.read_bytes().count(b"\n")
    with journal.open("ab") as f:
        f.write(b'{"key": {"finger')  # as a kill leaves it
    n_asked = len(slow.bodies)
    report = run_here(store, "bon", config, run_id="whole")
    assert 15 <= n_kept < N_CALLS
    assert report["reused_calls"] == n_kept
    assert len(slow.bodies) - n_asked == simulated(report) == N_CALLS - n_kept
    assert 5 <= report["reused_conversations"]["part"] < 12


def test_a_run_that_took_calls_over_is_resumed_with_the_same_table(store: Store, config: dict[str, Any]) -> None:
    whole = run_here(store, "bon", config, run_id="first")
    stop = threading.Event()
    runner = LocalRunner(store.home)
    folder = runner.create(api.new_run("bon", config, run_id="stopped"))
    assert execute(folder, store, load_settings(), stop=stop, show=lambda *_: stop.set()).status == "cancelled"
    runner.reopen("stopped")
    assert execute(folder, store, load_settings(), stop=threading.Event()).status == "finished"
    report = folder.report() or {}
    assert rows_of(report) == rows_of(whole)
    assert (simulated(report), report["reused_conversations"]) == (0, {"first": 12})
    assert report["replayed"] + report["reused_calls"] == N_CALLS


def test_more_prompts_candidates_and_turns_go_on_from_what_is_there(store: Store, config: dict[str, Any]) -> None:
    run_here(store, "bon", {**config, "prompts": 2, "n_best": "2", "turns": 1}, run_id="small")
    large = run_here(store, "bon", config, run_id="large")
    assert large["reused_calls"] == 2 * 2
    assert large["reused_conversations"] == {}  # every conversation has a second turn, which is new
    assert simulated(large) == N_CALLS - 4


def test_fresh_simulates_anew_and_a_later_run_takes_the_newest(store: Store, config: dict[str, Any]) -> None:
    run_here(store, "bon", config, run_id="first")
    fresh = run_here(store, "bon", {**config, "fresh": True}, run_id="fresh")
    assert (simulated(fresh), fresh["reused_calls"]) == (N_CALLS, 0)
    assert run_here(store, "bon", config, run_id="later")["reused_conversations"] == {"fresh": 12}


def test_a_run_with_another_parameter_takes_nothing_over(store: Store, config: dict[str, Any]) -> None:
    config |= {"prompts": 1, "n_best": "2"}
    run_here(store, "bon", config, run_id="first")
    for change in ({"temperature": 0.7}, {"user": "scripted"}):
        other = run_here(store, "bon", {**config, **change}, run_id=next(iter(change)))
        assert (other["reused_calls"], other["reused_conversations"]) == (0, {})
        assert simulated(other) > 0


def test_every_setting_that_may_change_a_message_changes_the_fingerprint_and_no_other_does() -> None:
    endpoint = Endpoint("here", "m", ("http://127.0.0.1:1/v1",))
    config = Config(a="longest", assistant="here")

    def of(changed: Config = config, **facts: Any) -> str:
        return pool_fingerprint(changed, Settings(Path(), Path(), endpoints={"here": dataclasses.replace(endpoint, **facts)}))

    sampled: dict[str, Any] = {
        "seed": 1,
        "temperature": 0.7,
        "reply_words": 61,
        "user_words": 31,
        "reply_tokens": 100,
        "user_tokens": 40,
        "attempts": 2,
    }
    assert len({of(), *(of(dataclasses.replace(config, **{name: value})) for name, value in sampled.items())}) == 1 + len(sampled)
    other_server = {"model": "n"}, {"base_urls": ("http://127.0.0.1:2/v1",)}, {"system_role": False}, {"context_tokens": 1024}
    different = [of(**facts) for facts in other_server]
    assert len({of(), *different}) == 1 + len(different)
    reached = {"timeout_s": 1.0}, {"max_concurrency": 1}, {"max_retries": 0}, {"price_in": 1.0}, {"api_key_env": "KEY"}
    assert {of(**facts) for facts in reached} == {of()}
    of_picks: dict[str, Any] = {
        "a": "first",
        "b": ("random", "first"),
        "judge": "j",
        "judge_kind": "checklist",
        "n_boot": 3,
        "fresh": True,
        "turn_by_turn": True,
    }
    of_amount = {"prompts": 7, "turns": 5, "n_best": "2,16"}
    for name, value in (of_picks | of_amount).items():
        assert of(dataclasses.replace(config, **{name: value})) == of(), name


def test_a_journal_kept_under_several_fingerprints_or_none_is_no_pool(tmp_path: Path) -> None:
    def noted() -> str:
        return str(json.loads((tmp_path / POOL).read_text())["fingerprint"])

    note_pool(tmp_path, "x")
    note_pool(tmp_path, "x")
    assert noted() == "x"
    note_pool(tmp_path, "y")
    assert noted() == ""
    note_pool(tmp_path, "y")
    assert noted() == ""
    (tmp_path / POOL).unlink()
    (tmp_path / JOURNAL).write_text("{}\n")
    note_pool(tmp_path, "x")
    assert noted() == ""


def test_a_damaged_note_beside_a_pool_hinders_nobody(tmp_path: Path) -> None:
    for name, note in (("first", "no JSON"), ("second", "[]"), ("third", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / POOL).write_text(note)
        (tmp_path / name / JOURNAL).write_text("{}\n")
    config = Config(a="longest", assistant="scripted")
    assert len(earlier_calls(tmp_path / "mine", config, load_settings(environ={}))) == 0


def test_the_command_says_what_was_reused_and_fresh_reuses_nothing(store: Store, config: dict[str, Any]) -> None:
    words = ["evaluate", "bon", "--a", "longest", "--n-best", "2,4", "--turns", "2", "--n", "3", "--assistant", "slow"]
    words += ["--judge", "scripted", "--seeds-file", str(config["seeds_file"])]
    run_here(store, "bon", {**config, "b": ["first"]}, run_id="first")
    result = CliRunner().invoke(main, words)
    assert "12 of 12 conversations reused from run first." in result.stdout, result.output
    assert "reused" not in CliRunner().invoke(main, [*words, "--fresh"]).stdout
