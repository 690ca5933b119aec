"""What the stages store and report, executed in this process with the scripted fake and a tiny random backbone."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from jobs import api
from jobs.estimate import priced
from jobs.runner import LocalRunner
from jobs.stages.demo import DRAW, SEEDS, Config
from jobs.stages.sample import load_sample, write_sample
from jobs.stages.seeds import draw, read_seeds
from jobs.worker import execute
from music_core.config import Endpoint, load_settings
from music_core.errors import ConfigError, RunError, SourceError, StoreError
from music_core.store.connect import Store, open_store
from music_core.store.models import get_model
from music_core.store.pairs import PairFilter, add_pairs, iter_pairs, pair_ids
from music_core.store.readings import readings_of, verdicts_of
from music_core.store.runs import read_manifest
from music_core.store.traces import traces_of
from music_core.types import NEUTRAL_METHODS
from tests.jobs.conftest import PROMPTS, run_here
from tests.store.conftest import make_pair
from tests.stores import new_store
from tests.unit.reward.tiny import backbone, save, tokenizer


@dataclass(frozen=True)
class World:
    """A store in which every stage has run once, and what each reported."""

    store: Store
    generation: dict[str, Any]
    training: dict[str, Any]
    reports: dict[str, dict[str, Any]]
    estimates: dict[str, dict[str, Any]]

    @property
    def home(self) -> Path:
        return self.store.home


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    torch.set_num_threads(1)  # other tests run on the same two cores
    made = tokenizer("chatml")
    base = save(folder / "tiny", backbone("llama", len(made), made.pad_token_id, classify=False), made)
    (folder / "music.toml").write_text("", encoding="utf-8")
    (folder / "tiny.toml").write_text(f'[train]\nbase = "{base}"\nsteps = 4\nbatch_pairs = 2\nlearning_rate = 1e-3\n', encoding="utf-8")
    (folder / "seeds.jsonl").write_text("".join(json.dumps({"prompt": p}) + "\n" for p in PROMPTS), encoding="utf-8")
    generation = {"n": 10, "turns": 2, "method": "swap", "assistant": "scripted", "seeds_file": str(folder / "seeds.jsonl"), "name": "made"}
    training = {"name": "tiny", "recipe": str(folder / "tiny.toml")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSIC_HOME", str(folder / "home"))
        patch.setenv("MUSIC_CONFIG", str(folder / "music.toml"))
        store = new_store(folder / "home")
        reports = {"generate": run_here(store, "generate", generation, run_id="g")}
        estimates = {
            "judge": api.estimate("judge", {"endpoint": "scripted", "allow_simulator": True}, store),
            "train": api.estimate("train", training, store),
        }
        reports["judge"] = run_here(store, "judge", {"endpoint": "scripted", "allow_simulator": True})
        reports["train"] = run_here(store, "train", training, run_id="t")
        estimates["score"] = api.estimate("score", {"model": "tiny"}, store)
        reports["score"] = run_here(store, "score", {"model": "tiny", "limit": 4})
        yield World(store, generation, training, reports, estimates)
        store.close()


def test_generation_records_its_run_and_the_contrasts(world: World) -> None:
    report = world.reports["generate"]
    made = list(iter_pairs(world.store, PairFilter(sources=("made",))))
    assert len(made) == report["pairs"] == report["new"] > 0
    assert report["pairs"] + sum(report["dropped"].values()) == report["seeds"] == 10
    assert report["calls"] > 0 and report["cost"] == 0
    assert all(o.run_id == "g" and o.method == "swap" and o.contrasts for p in made for o in p.origins)
    assert run_here(world.store, "generate", world.generation)["new"] == 0


def test_judging_asks_nothing_twice_and_tells_pairs_that_its_own_model_made(world: World) -> None:
    ids = pair_ids(world.store, PairFilter())
    first = world.reports["judge"]
    assert first["calls"] == world.estimates["judge"]["calls"] == sum(len(readings_of(world.store, i)) for i in ids)
    assert {v.judge for i in ids for v in verdicts_of(world.store, i)} == {"scripted-pairwise", "scripted-checklist"}
    assert first["judged_by_their_simulator"] == len(ids)
    again = run_here(world.store, "judge", {"endpoint": "scripted", "allow_simulator": True})
    assert (again["calls"], again["judged_before"]) == (0, 2 * len(ids))
    dry = api.estimate("judge", {"endpoint": "scripted", "allow_simulator": True, "name": "other"}, world.store)
    assert {r["basis"] for r in dry["rates"].values()} == {"measured"}


def test_training_pins_its_data_and_registers_the_model(world: World) -> None:
    assert world.reports["train"]["trained_steps"] == 4
    assert (Path(get_model(world.store, "tiny").path) / "config.json").is_file()
    splits = {p.id: p.split for p in iter_pairs(world.store, PairFilter())}
    assert dict(read_manifest(world.store, "t")) == {i: s for i, s in splits.items() if s != "test"}
    dry = world.estimates["train"]
    assert dry["tokens_in"] > 0 and dry["hours"] > 0 and dry["memory_gb_per_device"] > 0
    assert dry["rates"]["training"]["basis"] == "assumed"
    assert api.estimate("train", {**world.training, "name": "next"}, world.store)["rates"]["training"]["basis"] == "measured"
    with pytest.raises(AssertionError, match="a model named 'tiny' already"):
        run_here(world.store, "train", world.training)


def test_training_leaves_out_pairs_that_were_not_built_to_have_a_better_side(empty: Store, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text('[train]\nbase = "none"\nsteps = 4\n', encoding="utf-8")
    training = {"name": "tiny", "recipe": str(tmp_path / "tiny.toml")}
    pairs = [p for p in (make_pair(f"Which is better, {k}?") for k in range(8)) if p.pair.seed.split == "train"]
    neutral = [replace(p, origin=replace(p.origin, method=method)) for p, method in zip(pairs, NEUTRAL_METHODS, strict=False)]
    add_pairs(empty, neutral)
    with pytest.raises(RunError, match="No pairs are selected"):
        api.estimate("train", training, empty)
    add_pairs(empty, [pairs[-1]])
    assert api.estimate("train", training, empty)["pairs"] == 1
    assert set(pair_ids(empty, PairFilter(built=False))) == {p.pair.id for p in neutral}


def test_scoring_traces_both_branches_and_goes_on_with_the_rest(world: World) -> None:
    ids = pair_ids(world.store, PairFilter())
    assert world.estimates["score"]["pairs"] == len(ids)
    assert world.reports["score"]["traced"] == 4
    rest = run_here(world.store, "score", {"model": "tiny"})
    assert (rest["traced"], rest["traced_before"]) == (len(ids) - 4, 4)
    traces = traces_of(world.store, ids[0])
    assert {t.branch for t in traces} == {"chosen", "rejected"}
    assert all(len(t.rewards) == 2 for t in traces)
    cells = run_here(world.store, "agreement", {"n_boot": 50})["cells"]
    assert any({c["a"], c["b"]} == {"construction", "model:tiny"} for c in cells)


def test_a_stopped_training_goes_on_from_its_checkpoint(world: World) -> None:
    stop = threading.Event()
    runner = LocalRunner(world.home)
    folder = runner.create(api.new_run("train", {**world.training, "name": "slow"}, run_id="stopped"))

    def ask_to_stop(_stage: str, done: float, _total: float, _note: str) -> None:
        if done == 2:
            stop.set()

    assert execute(folder, world.store, load_settings(), stop=stop, show=ask_to_stop).status == "cancelled"
    steps: list[float] = []
    runner.reopen("stopped")
    state = execute(folder, world.store, load_settings(), stop=threading.Event(), show=lambda _s, done, _t, _n: steps.append(done))
    assert state.status == "finished", state.note
    assert [s for s in steps if s] == [3, 4]


def test_a_training_that_cannot_begin_leaves_its_name_free(world: World, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(AssertionError, match="cannot be loaded"):
            run_here(world.store, "train", {**world.training, "name": "again", "base": str(tmp_path)})


def test_a_sample_written_from_one_store_loads_into_another_once(world: World, tmp_path: Path) -> None:
    written = write_sample(world.store, tmp_path / "sample", ["made"])
    assert min(written.values()) > 0
    other = new_store(tmp_path / "other")
    assert load_sample(other, tmp_path / "sample") == {k: n for k, n in written.items() if k not in ("verdicts", "manifests")}
    assert set(load_sample(other, tmp_path / "sample").values()) == {0}
    ids = pair_ids(world.store, PairFilter())
    assert sorted(ids) == sorted(pair_ids(other, PairFilter()))
    for i in ids:
        assert readings_of(world.store, i) == readings_of(other, i)
        assert verdicts_of(world.store, i) == verdicts_of(other, i)
        assert traces_of(world.store, i) == traces_of(other, i)
    model = get_model(other, "tiny")
    assert model.path == ""
    assert read_manifest(other, model.run_id or "") == read_manifest(world.store, model.run_id or "") != []
    with pytest.raises(AssertionError, match="came with the sample, without weights"):
        run_here(other, "score", {"model": "tiny"})
    other.close()


def test_seeds_come_from_a_file_or_the_store_and_errors_name_the_line(world: World, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"prompt": "Hello"}\n{"prompt": ""}\n', encoding="utf-8")
    with pytest.raises(SourceError, match=r"bad\.jsonl, line 2"):
        read_seeds(bad)
    dry = api.estimate("generate", {"assistant": "scripted", "sources": ["made"], "n": 4, "turns": 2}, world.store)
    assert (dry["seeds"], dry["cost"]) == (4, 0)
    assert dry["calls"] == 4 * 6  # two branches: two replies and one user message each


@pytest.fixture
def empty(home: Path) -> Iterator[Store]:
    opened = open_store(home)
    yield opened
    opened.close()


def test_a_damaged_sample_is_named_and_stores_nothing(empty: Store, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no sample"):
        load_sample(empty, tmp_path)
    row = {"chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    row["rejected"] = [row["chosen"][0], {"role": "assistant", "content": "Bye"}]
    (tmp_path / "one.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (tmp_path / "readings.jsonl").write_text('{"pair_id": "p_1", "whatever": 2}\n', encoding="utf-8")
    with pytest.raises(SourceError, match=r"readings\.jsonl, line 1"):
        load_sample(empty, tmp_path)
    assert pair_ids(empty, PairFilter()) == []


def test_an_empty_store_says_what_to_do(empty: Store) -> None:
    with pytest.raises(SourceError, match="no first messages"):
        api.estimate("generate", {"assistant": "scripted"}, empty)
    with pytest.raises(RunError, match="No pairs are selected"):
        api.estimate("judge", {"endpoint": "scripted", "allow_simulator": True}, empty)
    with pytest.raises(StoreError, match="no reward model 'x'"):
        api.estimate("score", {"model": "x"}, empty)
    with pytest.raises(RunError, match="cannot be tried dry"):
        api.estimate("agreement", {}, empty)
    assert pair_ids(empty, PairFilter()) == []


def test_impossible_settings_are_refused_before_a_run_starts() -> None:
    for kind, config in (("judge", {"kinds": ["gut feeling"]}), ("train", {"name": "../x"}), ("score", {}), ("demo", {"pairs": 1})):
        with pytest.raises(ConfigError):
            api.new_run(kind, config)


def test_a_price_is_known_computed_or_left_open() -> None:
    url = ("http://127.0.0.1:1/v1",)
    assert priced(Endpoint("far", "m", url, price_in=1.0, price_out=4.0), 1_000_000, 500_000) == 3.0
    assert priced(Endpoint("far", "m", url), 1, 1) is None
    assert priced(Endpoint("embedded", "m"), 1, 1) == 0.0


def test_forms_learn_the_settings_of_every_kind() -> None:
    kinds = api.kinds()
    every = {"import", "generate", "judge", "train", "score", "agreement", "bias", "benchmark", "bon", "demo", "sample", "export"}
    assert set(kinds) == every
    assert kinds["generate"].settings["turns"] == 5
    assert list(kinds["train"].required) == ["name"]
    assert [k for k, info in kinds.items() if info.estimated] == ["generate", "judge", "train", "score", "benchmark", "bon"]


def test_the_first_messages_of_the_demo_lie_in_every_split() -> None:
    drawn = draw(read_seeds(SEEDS), Config().pairs, DRAW)
    assert {s.split for s in drawn} == {"train", "validation", "test"}
