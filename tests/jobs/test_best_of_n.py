"""A Best-of-N run: what it reports and stores, how it resumes, and its command."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from jobs import api
from jobs.cli import main
from jobs.context import RunContext
from jobs.files import locked
from jobs.runner import LocalRunner
from jobs.stages.selectors import FILE, ModelScorer
from jobs.worker import execute
from music_core.config import load_settings
from music_core.errors import ConfigError, StoreError
from music_core.evaluate.selectors import n_assistant_chars
from music_core.store.connect import Store, open_store
from music_core.store.filters import Comparison
from music_core.store.models import register_model
from music_core.store.pairs import PairFilter, iter_pairs, pair_ids
from music_core.store.readings import readings_of, verdicts_by, verdicts_of
from music_core.store.traces import traces_of
from music_core.store.votes import votes
from music_core.types import BranchName, ContrastPair, Conversation, Message, RewardModel
from tests.jobs.conftest import SlowServer, run_here, wait_for
from tests.unit.reward.tiny import backbone, save, tokenizer

COUNTED = ("n_prompts", "wins", "losses", "ties", "flips", "same_pick", "unresolved", "left_out", "win_rate", "interval", "picks")


@pytest.fixture
def config(seeds_file: Path) -> dict[str, Any]:
    """A small evaluation by the scripted fake."""
    seen = {"seeds_file": str(seeds_file), "assistant": "scripted", "judge": "scripted", "prompts": 4, "turns": 2, "n_boot": 50}
    return {"a": "longest", "b": ["random"], "n_best": "2,4", "name": "trial", **seen}


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = open_store(home)
    yield opened
    opened.close()


def register_tiny(store: Store, folder: Path) -> RewardModel:
    torch.set_num_threads(1)  # other tests run on the same two cores
    made = tokenizer("chatml")
    path = save(folder, backbone("llama", len(made), made.pad_token_id, classify=True), made)
    return register_model(store, RewardModel("m_tiny", "tiny", str(path), "tiny"))


def rows_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in COUNTED} for row in report["table"]]


def test_a_model_against_baselines_is_reported_and_its_picks_are_stored_as_neutral_pairs(
    store: Store, config: dict[str, Any], tmp_path: Path
) -> None:
    model = register_tiny(store, tmp_path / "tiny")
    config |= {"a": "tiny", "b": ["longest", "random"], "turn_by_turn": True}
    dry = api.estimate("bon", config, store)
    report = run_here(store, "bon", config, run_id="r")
    assert (report["a"], report["b"], report["source"], report["judge"]) == ("tiny", ["longest", "random"], "trial", "scripted-pairwise")
    assert (report["prompts"], report["conversations"], report["short_pools"]) == (4, 16, 0)
    assert report["judge_is_simulator"] is True
    assert 0 < report["calls"] <= sum(part["calls"] for part in dry["parts"].values()) + 2 * report["pairs"]
    assert [(r["b"], r["mode"], r["n"]) for r in report["table"]] == [
        (b, mode, n) for b in ("longest", "random") for mode in ("conversation", "turn_by_turn") for n in (2, 4)
    ]
    written = [json.loads(line) for line in (store.home / "runs" / "r" / "picks.jsonl").read_text().splitlines()]
    stored = {p.id: p for p in iter_pairs(store, PairFilter(sources=("trial",)))}
    assert len(stored) == report["pairs"] == report["new"]
    for row in report["table"]:
        met = {"run_ids": ("r",), "picked_by": (row["a"], row["b"]), "n_candidates": row["n"], "pick_mode": row["mode"]}
        listed = pair_ids(store, PairFilter(**met))
        assert set(listed) == {p["pair_id"] for p in row["picks"] if p["pair_id"]}
        for selector, outcome in ((row["a"], "wins"), (row["b"], "losses")):
            won = Comparison(f"judge:{report['judge']}", f"pick:{selector}", "agree")
            assert len(pair_ids(store, PairFilter(**met, compared=won))) == row[outcome]
    assert {w["pair_id"] for w in written} - {None} == set(stored)
    for row in report["table"]:
        assert row["n_prompts"] == len(row["picks"]) == 4
        assert row["n_prompts"] == row["wins"] + row["losses"] + row["ties"] + row["same_pick"] + row["unresolved"]
        assert sum(p["outcome"] == "win" for p in row["picks"]) == row["wins"]
    for pair in stored.values():
        (origin,) = pair.origins
        assert (origin.method, origin.run_id) == ("best_of_n", "r")
        assert {t.branch for t in origin.turns} == {"chosen", "rejected"}
        assert len(readings_of(store, pair.id)) == 2
        assert [v.judge for v in verdicts_of(store, pair.id)] == ["scripted-pairwise"]
        assert {t.model_id for t in traces_of(store, pair.id)} == {model.id}
    assert {v.rater for v in votes(store, PairFilter(sources=("trial",)))} == {"judge:scripted-pairwise", "model:tiny"}
    rewards = {(t.pair_id, t.branch): t.rewards[-1] for i in stored for t in traces_of(store, i)}
    for w in (w for w in written if w["pair_id"]):
        meeting = next(m for m in stored[w["pair_id"]].origins[0].meta["meetings"] if m["n"] == w["n"] and m["mode"] == w["mode"])
        assert set(meeting["sides"].values()) <= {"tiny", "longest", "random"}
        if w["mode"] == "conversation" and w["b"] == "longest":
            couple = stored[w["pair_id"]].pair
            side: BranchName = w["a_side"]
            other: BranchName = "rejected" if side == "chosen" else "chosen"
            talks = {"chosen": couple.chosen, "rejected": couple.rejected}
            assert rewards[w["pair_id"], side] >= rewards[w["pair_id"], other]
            assert n_assistant_chars(talks[other]) >= n_assistant_chars(talks[side])


def test_the_same_couple_is_not_judged_again_in_another_run_and_the_order_of_selectors_mirrors_the_table(
    store: Store, config: dict[str, Any]
) -> None:
    first = run_here(store, "bon", config)
    turned = run_here(store, "bon", {**config, "a": "random", "b": ["longest"]})
    assert first["readings"] > 0
    assert (turned["readings"], turned["new"], turned["judged_before"]) == (0, 0, first["pairs"])
    for here, there in zip(first["table"], turned["table"], strict=True):
        assert (here["wins"], here["losses"], here["ties"], here["same_pick"]) == (
            there["losses"], there["wins"], there["ties"], there["same_pick"],
        )  # fmt: skip
        assert here["win_rate"] == pytest.approx(1 - there["win_rate"])
        for p, q in zip(here["picks"], there["picks"], strict=True):
            assert (p["pair_id"], p["candidates"]["a"], p["candidates"]["b"]) == (q["pair_id"], q["candidates"]["b"], q["candidates"]["a"])


def test_a_stopped_run_goes_on_with_the_same_table_and_repeats_no_call(store: Store, config: dict[str, Any], tmp_path: Path) -> None:
    register_tiny(store, tmp_path / "tiny")
    config |= {"a": "tiny", "b": ["longest"], "turn_by_turn": True, "name": "", "fresh": True}
    whole = run_here(store, "bon", config, run_id="whole")
    runner = LocalRunner(store.home)
    folder = runner.create(api.new_run("bon", config, run_id="stopped"))
    n_stopped = 0
    seen: set[float] = set()
    for stop_at in ("simulating", "scoring", "turn by turn", "scripted-pairwise"):
        stop = threading.Event()

        def show(_stage: str, _done: float, total: float, note: str, word: str = stop_at, event: threading.Event = stop) -> None:
            seen.add(total)
            if word in note:
                event.set()

        state = execute(folder, store, load_settings(), stop=stop, show=show)
        n_stopped += state.status == "cancelled"
        if state.status == "finished":
            break
        runner.reopen("stopped")
    else:
        assert execute(folder, store, load_settings(), stop=threading.Event(), show=None).status == "finished"
    report = folder.report() or {}
    assert n_stopped >= 3
    assert len(seen) == 1
    assert rows_of(report) == rows_of(whole)
    journal = [json.loads(line) for line in (folder.path / "journal.jsonl").read_text().splitlines()]
    keys = [json.dumps(line["key"], sort_keys=True) for line in journal]
    assert len(keys) == len(set(keys)) == whole["calls"] - whole["readings"]
    assert report["readings"] == 0  # all judged by the whole run: the couples are the same pairs


def test_a_run_killed_in_the_background_is_resumed_and_repeats_no_finished_call(
    home: Path, store: Store, config: dict[str, Any], runner: LocalRunner, slow: SlowServer
) -> None:
    slow.latency_s = 0.05
    config |= {"assistant": "slow"}
    run_id = runner.submit(api.new_run("bon", config)).run_id
    journal = home / "runs" / run_id / "journal.jsonl"
    wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 12)
    owner = json.loads((home / "runs" / run_id / "state.json").read_text())["owner"]
    os.kill(owner["pid"], signal.SIGKILL)
    wait_for(lambda: runner.status(run_id).status == "dead")
    with locked(runner.folder(run_id).lock_path):
        pass  # the last of the killed process's threads has let go of it
    n_kept = journal.read_bytes().count(b"\n")
    time.sleep(2 * slow.latency_s)  # requests that were still on their way to the server
    n_asked = len(slow.bodies)
    slow.latency_s = 0.0
    runner.reopen(run_id)
    assert execute(runner.folder(run_id), store, load_settings(), stop=threading.Event()).status == "finished"
    report = runner.folder(run_id).report() or {}
    assert report["replayed"] == n_kept
    assert len(slow.bodies) - n_asked == report["calls"] - report["readings"] == 4 * 4 * 3 - n_kept
    again = run_here(store, "bon", {**config, "fresh": True}, run_id="undisturbed")
    assert again["reused_conversations"] == {}
    assert rows_of(again) == rows_of(report)


def test_impossible_settings_are_refused_before_anything_runs(store: Store, config: dict[str, Any]) -> None:
    for change, words in (
        ({"a": ""}, "Two selectors are compared"),
        ({"b": ["longest"]}, "cannot be compared with itself"),
        ({"n_best": "1,2"}, "nothing to pick"),
        ({"n_best": "two"}, "list of numbers"),
        ({"temperature": 0.0}, "temperature 0"),
        ({"judge_kind": "coin"}, "no kind of judge"),
        ({"judge_kind": "score"}, "no kind of judge"),
        ({"prompts": 0}, "prompts must be at least 1"),
    ):
        with pytest.raises(ConfigError, match=words):
            api.new_run("bon", {**config, **change})
    with pytest.raises(StoreError, match="no reward model 'nobody'"):
        api.estimate("bon", {**config, "a": "nobody"}, store)
    with pytest.raises(AssertionError, match="no reward model 'nobody'"):
        run_here(store, "bon", {**config, "a": "nobody"})


def test_the_command_counts_dry_and_prints_the_table(home: Path, seeds_file: Path) -> None:
    words = ["evaluate", "bon", "--a", "longest", "--b", "first", "--b", "random", "--n-best", "2,4", "--turns", "2", "--n", "3"]
    words += ["--assistant", "scripted", "--judge", "scripted", "--seeds-file", str(seeds_file), "--name", "cli"]
    dry = json.loads(CliRunner().invoke(main, [*words, "--dry-run", "--json"]).stdout.splitlines()[-1])
    assert dry["parts"]["assistant"]["calls"] == 3 * 4 * 2
    assert dry["parts"]["user"]["calls"] == 3 * 4
    assert {"calls", "tokens_in", "tokens_out", "cost", "hours", "seeds", "conversations", "rates"} <= set(dry)
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "longest  first" in result.stdout
    assert "The judge is the model that wrote the conversations" in result.stdout
    assert "as source 'cli'" in result.stdout
    wrong = CliRunner().invoke(main, ["evaluate", "bon", "--a", "longest", "--b", "longest", "--json"])
    assert wrong.exit_code == 1
    assert "with itself" in json.loads(wrong.stdout.splitlines()[-1])["error"]


def test_a_checklist_may_judge_and_verdicts_of_one_judge_are_read_together(store: Store, config: dict[str, Any]) -> None:
    report = run_here(store, "bon", {**config, "judge_kind": "checklist"})
    dry = api.estimate("bon", {**config, "judge_kind": "checklist"}, store)
    assert report["readings"] == 2 * 2 * report["pairs"]
    assert dry["parts"]["judge"]["calls"] == round(4 * 2 * 2 * (1 / 2 + 3 / 4))
    assert all(row["flips"] == 0 and row["first_rate"] is None for row in report["table"])
    ids = [p["pair_id"] for row in report["table"] for p in row["picks"] if p["pair_id"]]
    found = verdicts_by(store, "scripted-checklist", ids)
    assert set(found) == set(ids)
    assert all(verdicts_of(store, i) == [found[i]] for i in ids)
    assert verdicts_by(store, "nobody", ids) == verdicts_by(store, "scripted-checklist", []) == {}


def test_rewards_kept_by_an_earlier_attempt_are_taken_up_and_a_torn_line_is_scored_again(store: Store, tmp_path: Path) -> None:
    register_tiny(store, tmp_path / "tiny")
    talks = [Conversation((Message("user", "Hi"), Message("assistant", text))) for text in ("Hello.", "Good day to you.", "Hello.")]
    ctx = RunContext(store, "r", tmp_path, load_settings(), "bon", lambda _done, _total, _note: None)

    def scorer() -> ModelScorer:
        made = ModelScorer(store, "m_tiny", batch_tokens=256, dtype="float32", device="cpu")
        made.attach(ctx)
        return made

    first = scorer()(talks)
    assert first[0] == first[2] != first[1]
    kept = tmp_path / FILE
    whole = kept.read_bytes()
    assert whole.count(b"\n") == 2
    kept.write_bytes(whole[:-7])
    assert scorer()(talks) == pytest.approx(first)
    assert kept.read_bytes().count(b"\n") == 2
    last = scorer()
    assert last(talks) == pytest.approx(first)
    assert kept.read_bytes().count(b"\n") == 2
    pair = ContrastPair(talks[0], talks[1])
    traces = last.traces(pair.id, pair)
    assert [t.branch for t in traces] == ["chosen", "rejected"]
    assert [t.rewards[-1] for t in traces] == pytest.approx(first[:2])
