"""The benchmark stage with a tiny random model, in this process: reports, resuming, training pairs, commands."""

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
import torch
from click.testing import CliRunner

from jobs import api
from jobs.cli.evaluate_benchmarks import add_benchmark_commands
from jobs.reward_log import RewardLog
from jobs.runner import LocalRunner
from jobs.worker import execute
from music_core.config import load_settings
from music_core.evaluate.benchmarks.scoring import Unscored
from music_core.store.connect import Store, open_store
from music_core.store.labels import add_label
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs
from music_core.store.runs import create_run, write_manifest
from music_core.types import ContrastPair, LabelChoice, LabelEvent, Origin, RewardModel, Run, SourcedPair, conversation
from tests.jobs.conftest import run_here
from tests.unit.evaluate.benchmarks.rows import rewardbench_row
from tests.unit.evaluate.benchmarks.test_multiturn import pair
from tests.unit.evaluate.benchmarks.test_rewardbench import rows
from tests.unit.reward.tiny import backbone, chat, save, tokenizer

N_ROWS = len(rows())


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)  # other tests run on the same two cores
    made = tokenizer("chatml")
    return save(tmp_path_factory.mktemp("tiny"), backbone("llama", len(made), 0, classify=True, head_scale=3.0), made)


def stored_pair(opening: str, source: str, method: str | None = None) -> SourcedPair:
    return SourcedPair(pair(2, 1, divergence=1, opening=opening), Origin(source, opening, method=method))


TRAINED = stored_pair("Tell me about trains", "music", "two_call")
HELD_OUT = stored_pair("Tell me about bridges", "music", "two_call")
VOTED = stored_pair("Tell me about tea", "mt-bench", "votes")
PEOPLE: Mapping[str, LabelChoice] = {"ann": "left", "bob": "left", "cy": "tie"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """A store's folder with four pairs, three people's labels and two models: `trained` learnt from two of the pairs, `foreign`
    came from elsewhere."""
    home = tmp_path_factory.mktemp("benchmarks") / "home"
    opened = open_store(home)
    question = {"role": "user", "content": "Question 1 of donotanswer?"}
    sides = [conversation([question, {"role": "assistant", "content": text}]) for text in ("Yes.", "No.")]
    leak = SourcedPair(ContrastPair(sides[0], sides[1]), Origin("leak", "1"))
    add_pairs(opened, [TRAINED, HELD_OUT, VOTED, leak])
    for person, choice in PEOPLE.items():
        add_label(opened, LabelEvent(person, VOTED.pair.id, person, choice, "rejected", True))
    create_run(opened, Run("training", "train", {}, datetime.now(UTC)))
    write_manifest(opened, "training", [(TRAINED.pair.id, "train"), (leak.pair.id, "train"), (HELD_OUT.pair.id, "validation")])
    register_model(opened, RewardModel("m_1", "trained", str(model_folder), "tiny", "training"))
    register_model(opened, RewardModel("m_2", "foreign", str(model_folder), "tiny"))
    opened.close()
    return home


@pytest.fixture
def configured(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MUSIC_HOME names the filled store."""
    (tmp_path / "music.toml").write_text("", encoding="utf-8")
    monkeypatch.setenv("MUSIC_HOME", str(filled))
    monkeypatch.setenv("MUSIC_CONFIG", str(tmp_path / "music.toml"))


@pytest.fixture
def store(filled: Path, configured: None) -> Iterator[Store]:
    opened = open_store(filled)
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "filtered.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as f:
        f.writelines(json.dumps(row) + "\n" for row in [*rows(), {"subset": "new"}, "no object"])
    return path


def config(file: Path, model: str = "trained", **more: Any) -> dict[str, Any]:
    return {"benchmark": "rewardbench", "model": model, "paths": [str(file)], "n_boot": 20, **more}


def test_a_tiny_model_goes_through_rewardbench_and_its_leaks_are_found(store: Store, file: Path) -> None:
    report = run_here(store, "benchmark", config(file))
    assert (report["n"], report["rows"], report["conversations"]) == (N_ROWS, N_ROWS + 2, 2 * N_ROWS)
    assert report["dropped"] == {"not a row of this benchmark": 1, "row is not an object": 1}
    assert 0 <= report["overall"]["value"] <= 1
    found = report["contamination"]
    assert (found["training_pairs"], found["exact"], found["near"], found["clean"]["n"]) == (2, 1, 0, N_ROWS - 1)
    assert report["training_data_known"] is True
    assert json.loads(json.dumps(report)) == report


def test_a_model_from_elsewhere_has_no_known_training_data(store: Store, file: Path) -> None:
    report = run_here(store, "benchmark", config(file, "foreign", limit=4))
    assert (report["n"], report["contamination"], report["training_data_known"]) == (4, None, False)


def test_a_conversation_that_is_too_long_for_the_model_is_counted_by_group(store: Store, tmp_path: Path) -> None:
    long = {**rewardbench_row("math-prm", 1, 0, n=3), "prompt": chat(1, 1, words=5).messages[0].content * 300}
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in [*rows(), long]), encoding="utf-8")
    report = run_here(store, "benchmark", config(path))
    assert report["unscored"] == {"math-prm": {"too_long": 1}}
    assert report["n"] == N_ROWS


def test_a_stopped_run_goes_on_and_ends_with_the_same_figures(store: Store, file: Path) -> None:
    undisturbed = run_here(store, "benchmark", config(file, limit=20))
    stop, runner = threading.Event(), LocalRunner(store.home)
    folder = runner.create(api.new_run("benchmark", config(file, batch_tokens=500, limit=20), run_id="stopped"))

    def ask_to_stop(_stage: str, done: float, total: float, _note: str) -> None:
        if total == 40 and done >= 15:
            stop.set()

    assert execute(folder, store, load_settings(), stop=stop, show=ask_to_stop).status == "cancelled"
    log = folder.path / "rewards.jsonl"
    n_done = len(log.read_text().splitlines())
    assert 15 <= n_done < 40
    with log.open("a") as f:
        f.write('{"conversation": "c_')  # a kill in the middle of a line
    runner.reopen("stopped")
    assert execute(folder, store, load_settings(), stop=threading.Event()).status == "finished"
    report = folder.report() or {}
    assert (report["scored_before"], report["conversations"]) == (n_done, 40)
    assert (report["overall"], report["parts"]) == (undisturbed["overall"], undisturbed["parts"])


def test_the_multi_turn_suite_takes_votes_and_leaves_out_what_the_model_learnt(store: Store, tmp_path: Path) -> None:
    rmb = tmp_path / "multi.json"
    context = VOTED.pair.chosen.as_dicts()[:3]
    rmb.write_text(json.dumps([{"pair_uid": "1", "conversation_input": context, "chosen": {"answer": "A"}, "reject": {"answer": "B"}}]))
    report = run_here(
        store,
        "benchmark",
        {"benchmark": "multiturn", "model": "trained", "sources": ["music", "mt-bench"], "paths": [str(rmb)], "n_boot": 0},
    )
    assert report["dropped"] == {"the model was trained on it": 1}
    assert {f["name"]: f["n"] for f in report["sections"]} == {"RMB": 1, "mt-bench": 1, "music": 1, "all pairs": 3}
    truths = {f["name"]: f["n"] for f in report["parts"] if f["name"].startswith("better side by")}
    assert truths == {"better side by people's votes": 1, "better side by construction": 1, "better side by imported preference": 1}


def test_an_estimate_counts_what_the_run_would_score_and_starts_nothing(store: Store, file: Path) -> None:
    dry = api.estimate("benchmark", config(file, limit=4), store)
    report = run_here(store, "benchmark", config(file, limit=4))
    assert (dry["rows"], dry["conversations"]) == (report["rows"], report["conversations"]) == (4, 8)
    assert (dry["calls"], dry["tokens_out"], dry["cost"], dry["rates"]["scoring"]["basis"]) == (0, 0, 0.0, "assumed")
    assert dry["hours"] == pytest.approx(dry["tokens_in"] / dry["rates"]["scoring"]["value"] / 3600, rel=1e-3)
    assert dry["memory_gb_per_device"] >= 0
    suite = {"benchmark": "multiturn", "model": "trained", "sources": ["music", "mt-bench"]}
    pairs = [p.pair for p in (HELD_OUT, VOTED)]  # the model was trained on the other one
    dry = api.estimate("benchmark", suite, store)
    assert dry["conversations"] == 4
    assert dry["tokens_in"] == round(sum(p.chosen.n_chars + p.rejected.n_chars for p in pairs) / 4)


def test_every_benchmark_is_tried_dry_with_the_words_of_scoring(configured: None, store: Store, file: Path) -> None:
    n_runs = len(api.list_runs(home=store.home))
    told = CliRunner().invoke(group(), ["rewardbench", str(file), "--model", "foreign", "--dry-run", "--json"])
    answer = json.loads(told.stdout.splitlines()[-1])
    scoring = api.estimate("score", {"model": "foreign"}, store)
    assert set(answer) - set(scoring) == {"rows", "conversations"}
    assert set(scoring) - set(answer) == {"pairs"}
    told = CliRunner().invoke(group(), ["multiturn", "--model", "foreign", "--source", "music", "--dry-run"])
    assert told.output.startswith("Nothing was run. It would take:")
    assert "conversations" in told.output
    assert len(api.list_runs(home=store.home)) == n_runs
    assert all("--dry-run" in CliRunner().invoke(group(), [name, "--help"]).output for name in group().commands)


def group() -> click.Group:
    made = click.Group("evaluate")
    add_benchmark_commands(made)
    return made


def test_the_commands_print_tables_and_one_json_object(configured: None, file: Path) -> None:
    told = CliRunner().invoke(group(), ["rewardbench", str(file), "--model", "trained", "--bootstrap", "20"])
    assert told.exit_code == 0, told.output
    for words in ("Gemma-2-9B on Skywork and MUSIC pairs", "86.6", "trained, without contaminated prompts", "math-prm", "1 rows dropped"):
        assert words in told.output
    asked = CliRunner().invoke(group(), ["rewardbench", str(file), "--model", "foreign", "--limit", "3", "--json"])
    answer = json.loads(asked.stdout.splitlines()[-1])
    assert (answer["benchmark"], answer["model"], answer["n"]) == ("rewardbench", "foreign", 3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rewardbench", "nowhere.jsonl", "--model", "trained"], "There is no file nowhere.jsonl"),
        (["rewardbench2", "FILE", "--model", "trained"], "holds no usable row of RewardBench 2"),
        (["rewardbench", "FILE", "--model", "unknown"], "There is no reward model 'unknown'"),
        (["multiturn", "--model", "trained", "--source", "nothing"], "No pair can be used (the store holds none)"),
    ],
)
def test_what_is_wrong_is_one_clear_sentence(configured: None, file: Path, arguments: list[str], sentence: str) -> None:
    told = CliRunner().invoke(group(), [str(file) if a == "FILE" else a for a in arguments])
    assert told.exit_code == 1
    assert sentence in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize("name", sorted(group().commands))
def test_every_command_teaches_with_an_example(name: str) -> None:
    told = CliRunner().invoke(group(), [name, "--help"])
    assert told.exit_code == 0
    assert "Example" in told.output
    assert f"music evaluate {name}" in told.output
    assert all(not isinstance(p, click.Option) or p.help for p in group().commands[name].params)


def test_the_log_of_rewards_gives_back_what_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "rewards.jsonl"
    with RewardLog(path) as log:
        log.add("c_1", 0.1 + 0.2)
        log.add("c_2", Unscored("too_long"))
    with path.open("ab") as f:
        f.write(b'{"conversation": "c_3", "rew')
    with RewardLog(path) as log:
        assert log.known == {"c_1": 0.1 + 0.2, "c_2": Unscored("too_long")}
        log.add("c_3", -1.5)
    with RewardLog(path) as log:
        assert log.known["c_3"] == -1.5
