"""Judging runs: who judges by what, whose own pairs are left out, how far it is, what is left open, trials on one pair."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jobs import api
from jobs.cli import main
from jobs.runner import LocalRunner
from jobs.stages.judge import Config, Trial, try_one
from jobs.worker import execute
from music_core.config import load_settings
from music_core.errors import ConfigError, RunError, StoreError
from music_core.store.connect import Store, open_store
from music_core.store.pairs import add_pairs
from music_core.store.readings import readings_of, verdicts_of
from music_core.types import BranchName, Origin, SourcedPair, TurnRecord
from tests.jobs.conftest import SlowServer, run_here
from tests.unit.chat.conftest import completion
from tests.unit.evaluate.judges import pair_of

PAIRS = [pair_of(n) for n in range(4)]
IDS = sorted(p.id for p in PAIRS)


def written_by(model: str) -> TurnRecord:
    branch: BranchName = "chosen"
    return TurnRecord(branch, 1, "assistant", "e", model, "h", {}, 0, "stop", 1, 1, 0, 0.1)


def filled(home: Path) -> Store:
    """A store with four pairs; the fake wrote one of them."""
    opened = open_store(home)
    add_pairs(
        opened,
        [SourcedPair(p, Origin("made", str(n), turns=(written_by("other" if n else "scripted"),))) for n, p in enumerate(PAIRS)],
    )
    return opened


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = filled(home)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store for tests that store nothing."""
    folder = tmp_path_factory.mktemp("untouched")
    (folder / "music.toml").write_text("", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSIC_HOME", str(folder / "home"))
        patch.setenv("MUSIC_CONFIG", str(folder / "music.toml"))
        opened = filled(folder / "home")
        yield opened
        opened.close()


def judge(store: Store, **config: Any) -> dict[str, Any]:
    return run_here(store, "judge", {"endpoint": "scripted", **config})


def tried(store: Store, pair_id: str, *, keep: bool = False, **config: Any) -> Trial:
    return try_one(Config(**{"endpoint": "scripted", **config}), store, load_settings(), pair_id, keep=keep)


def test_pairs_that_the_judges_model_wrote_are_left_out_and_counted_unless_that_is_allowed(store: Store) -> None:
    own = PAIRS[0].id
    dry = api.estimate("judge", {"endpoint": "scripted", "kinds": ["pairwise"]}, store)
    report = judge(store, kinds=["pairwise"])
    assert dry["calls"] == report["calls"] == 6
    assert dry["left_out_by_simulator"] == report["left_out_by_simulator"] == {"scripted": 1}
    assert report["judged_by_their_simulator"] == 0
    assert readings_of(store, own) == []
    allowed = judge(store, kinds=["pairwise"], allow_simulator=True)
    assert (allowed["calls"], allowed["judged_before"], allowed["left_out_by_simulator"]) == (2, 3, {})
    assert allowed["judged_by_their_simulator"] == 1
    assert len(readings_of(store, own)) == 2


def test_a_run_that_would_judge_nothing_but_its_own_words_says_so(home: Path) -> None:
    opened = open_store(home)
    add_pairs(opened, [SourcedPair(PAIRS[0], Origin("made", "0", turns=(written_by("scripted"),)))])
    with pytest.raises(AssertionError, match=r"All 1 pairs were simulated by the judge's own model, scripted"):
        judge(opened)
    opened.close()


def test_every_endpoint_judges_by_every_rubric_under_a_name_of_its_own_and_asks_nothing_twice(store: Store, slow: SlowServer) -> None:
    config = {"endpoint": ["scripted", "slow"], "rubrics": ["per_turn", "overall", "score"], "scale": "five"}
    report = judge(store, **config)
    names = {f"{e}-{way}" for e in ("scripted", "slow") for way in ("pairwise-five", "per_turn-five", "score")}
    assert set(report["judges"]) == names
    assert report["judges"]["slow-per_turn-five"]["rubric"] == "per_turn"
    assert report["calls"] == 3 * 6 + 4 * 6  # the fake leaves out its own pair, two calls for each rubric
    assert {v.judge for v in verdicts_of(store, PAIRS[1].id)} == names
    # The slow server keeps to no form, whether or not it was asked by schema; the fake keeps to the schema.
    assert {r.label == "unparsed" for r in readings_of(store, PAIRS[1].id) if r.endpoint == "slow"} == {True}
    assert {r.label == "unparsed" for r in readings_of(store, PAIRS[1].id) if r.endpoint == "scripted"} == {False}
    again = judge(store, **config)
    assert (again["calls"], again["judged_before"]) == (0, 3 * 3 + 4 * 3)
    more = judge(store, **config, repeats=2)
    assert more["calls"] == report["calls"]
    assert {v.n_readings for v in verdicts_of(store, PAIRS[1].id)} == {4}


def test_the_total_is_known_before_the_first_pair_is_done(store: Store) -> None:
    steps: list[tuple[float, float]] = []
    folder = LocalRunner(store.home).create(api.new_run("judge", {"endpoint": "scripted", "kinds": ["pairwise", "score"]}))
    execute(folder, store, load_settings(), stop=threading.Event(), show=lambda _s, done, total, _n: steps.append((done, total)))
    assert (steps[0], steps[-1]) == ((0, 8), (8, 8))
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def dying(server: SlowServer, home: Path, after: int) -> None:
    """The endpoint `slow` answers so many calls, one at a time, and then fails."""
    text = (home.parent / "music.toml").read_text(encoding="utf-8")
    (home.parent / "music.toml").write_text(text.replace("max_concurrency = 4", "max_concurrency = 1\nmax_retries = 0"), encoding="utf-8")

    def script(_body: dict[str, Any]) -> tuple[int, Any]:
        return (200, completion("So.\nVerdict: A", "stop")) if len(server.bodies) <= after else (500, {"error": {"message": "gone"}})

    server.script = script


def test_pairs_left_open_by_an_endpoint_that_died_near_the_end_are_counted(store: Store, slow: SlowServer, home: Path) -> None:
    dying(slow, home, after=7)
    report = judge(store, endpoint="slow", kinds=["pairwise"])
    assert (report["left_open"], report["readings"], report["verdicts"]) == (1, 7, {"slow-pairwise": {"flip": 3}})
    assert "1 pairs left open" in LocalRunner(home).folders()[0].log_tail()


def test_an_endpoint_that_fails_lets_the_others_end_before_the_run_fails(store: Store, slow: SlowServer, home: Path) -> None:
    dying(slow, home, after=0)
    with pytest.raises(AssertionError, match="endpoint 'slow' gave no answer"):
        judge(store, endpoint=["slow", "scripted"], kinds=["pairwise"])
    assert [v.judge for v in verdicts_of(store, PAIRS[1].id)] == ["scripted-pairwise"]


def test_a_misspelt_endpoint_fails_before_any_other_is_asked(store: Store) -> None:
    with pytest.raises(AssertionError, match="no endpoint named 'scirpted'"):
        judge(store, endpoint=["scripted", "scirpted"])
    assert verdicts_of(store, PAIRS[1].id) == []


def test_a_persons_own_rubric_is_asked_kept_with_the_run_and_read_again_when_it_changed(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "promises.md"
    path.write_text("Who keeps promises?\n$boundary $first $second $form", encoding="utf-8")
    report = judge(store, rubrics=[str(path)])
    assert set(report["judges"]) == {"scripted-promises"}
    assert report["calls"] == 6
    kept = LocalRunner(store.home).folders()[0].path / "rubrics" / "promises.md"
    assert kept.read_text(encoding="utf-8").startswith("Who keeps promises?")
    assert judge(store, rubrics=[str(path)])["calls"] == 0
    before = [verdicts_of(store, i) for i in IDS]
    path.write_text("Who keeps them best?\n$boundary $first $second $form", encoding="utf-8")
    assert judge(store, rubrics=[str(path)])["calls"] == 6
    assert [verdicts_of(store, i) for i in IDS] != before
    path.write_text("Who keeps promises?\n$boundary $first $second $form", encoding="utf-8")
    assert judge(store, rubrics=[str(path)])["calls"] == 0
    assert [verdicts_of(store, i) for i in IDS] == before


@pytest.mark.parametrize(
    "config",
    [
        {"endpoint": []},
        {"kinds": ["checklist"], "rubrics": ["per_turn"]},
        {"kinds": ["checklist"], "scale": "five"},
        {"scale": "seven"},
        {"rubrics": ["gut"]},
        {"rubrics": ["nowhere.md"]},
        {"repeats": 0},
        {"repeats": 3, "temperature": 0.0},
    ],
)
def test_settings_that_contradict_each_other_are_refused_before_a_run_starts(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        api.new_run("judge", config)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.md").write_text("$boundary $conversation $form", encoding="utf-8")
    with pytest.raises(ConfigError, match="Two rubrics are called 'mine'"):
        Config(rubrics=(str(tmp_path / "a/mine.md"), str(tmp_path / "b/mine.md")))


def test_the_kinds_are_those_of_the_rubrics_where_none_are_named() -> None:
    assert Config().kinds == ("pairwise", "checklist")
    assert Config(rubrics=("per_turn",)).kinds == ("pairwise",)
    named = Config(kinds=("score", "pairwise"), rubrics=("per_turn",))
    assert [r.name for r in named.ways()] == ["per_turn", "score"]


def test_a_trial_shows_prompts_replies_and_verdict_and_stores_nothing(untouched: Store) -> None:
    trial = tried(untouched, PAIRS[1].id, kinds=("pairwise", "checklist", "score"), scale="five")
    assert [j.name for j in trial.judges] == ["scripted-pairwise-five", "scripted-checklist", "scripted-score"]
    for one in trial.judges:
        assert one.verdict is not None and not one.own_pair
        assert all(q.reading is not None and not q.stored and PAIRS[1].chosen.messages[0].content in q.prompt for q in one.questions)
    text = trial.text()
    assert all(q.prompt in text and q.reading and q.reading.raw in text for one in trial.judges for q in one.questions)
    assert not readings_of(untouched, PAIRS[1].id)
    assert not verdicts_of(untouched, PAIRS[1].id)
    json.dumps(trial.as_dict())


def test_a_trial_that_is_kept_is_not_asked_again_by_a_run_nor_by_a_trial(store: Store) -> None:
    kept = tried(store, "2", keep=True, kinds=("pairwise",))
    assert kept.pair_id == IDS[1]
    assert [v.judge for v in verdicts_of(store, IDS[1])] == ["scripted-pairwise"]
    again = tried(store, IDS[1], kinds=("pairwise",))
    assert all(q.stored for q in again.judges[0].questions)
    assert again.judges[0].verdict == kept.judges[0].verdict
    assert judge(store, kinds=["pairwise"], allow_simulator=True)["calls"] == 6


def test_a_trial_shows_its_own_pairs_but_keeps_none_unless_that_is_allowed(store: Store) -> None:
    own = PAIRS[0].id
    assert tried(store, own, kinds=("score",)).judges[0].own_pair
    with pytest.raises(RunError, match="simulated by scripted itself"):
        tried(store, own, keep=True)
    assert tried(store, own, keep=True, allow_simulator=True).kept


@pytest.mark.parametrize(
    ("pair_id", "words"), [("p_none", "no pair p_none"), ("5", "no pair number 5 among the 4"), ("0", "no pair number 0")]
)
def test_a_trial_of_a_pair_that_is_not_there_is_refused(untouched: Store, pair_id: str, words: str) -> None:
    with pytest.raises((StoreError, RunError), match=words):
        tried(untouched, pair_id)


def test_a_trial_on_the_command_line(untouched: Store) -> None:
    words = ["judge", "--endpoint", "scripted", "--rubric", "per_turn", "--scale", "five", "--try", PAIRS[1].id]
    shown = CliRunner().invoke(main, words, catch_exceptions=False)
    assert shown.exit_code == 0
    assert shown.stdout.count("Go through both conversations turn by turn.") == 2
    assert "Verdict of scripted-per_turn-five" in shown.stdout
    assert "Nothing was stored." in shown.stdout
    last = json.loads(CliRunner().invoke(main, [*words, "--json"], catch_exceptions=False).stdout.splitlines()[-1])
    assert last["judges"][0]["questions"][0]["reading"]["grade"] in (0.0, 0.5, 1.0)
    for wrong in (["--keep"], ["--try", "1", "--dry-run"], ["--try", "1", "--detach"]):
        assert CliRunner().invoke(main, ["judge", "--endpoint", "scripted", *wrong]).exit_code == 1
