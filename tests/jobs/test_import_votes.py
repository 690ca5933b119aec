"""`music import` of votes made elsewhere: people and judges meet on the Agreement page at once."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from music_core.store.connect import Store, open_store
from music_core.store.export import export_labels, export_pairs
from music_core.store.labels import add_label, all_labels, label_history
from music_core.store.maintain import check
from music_core.store.pairs import PairFilter, add_pairs, iter_pairs
from music_core.store.readings import readings_of, verdicts_of
from music_core.store.votes import votes
from music_core.types import LabelEvent, SourcedPair
from tests.jobs.conftest import run_here
from tests.jobs.test_cli import answer, music
from tests.unit.sources.mt_bench_files import GPT4, HUMAN, games, vote, write_folder, write_lines
from tests.unit.sources.test_mt_bench import hub_row, swapped
from tests.unit.sources.test_vote_sets import ALPACA_ROW, PANDALM_ROW

FULL = {"labels": 13, "readings": 10, "verdicts": 5}
NOTHING = {"new": 0, "labels": 0, "readings": 0, "verdicts": 0}


def use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands work on the store in `home`, with no settings of the machine."""
    monkeypatch.setenv("MUSIC_HOME", str(home))
    monkeypatch.delenv("MUSIC_CONFIG", raising=False)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new store, closed; tests that write copy it, since creating one takes a second."""
    home = tmp_path_factory.mktemp("empty") / "home"
    open_store(home).close()
    return home


@pytest.fixture
def own(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store of the test's own, which MUSIC_HOME names."""
    shutil.copytree(empty, tmp_path / "home")
    use(tmp_path / "home", monkeypatch)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def first(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """A store, the folder that was imported into it, and what the command answered. Tests that share it change nothing in it."""
    top = tmp_path_factory.mktemp("first")
    shutil.copytree(empty, top / "home")
    folder = write_folder(top / "mt_bench")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(top / "home", monkeypatch)
        return top / "home", folder, answer("import", str(folder), "--format", "mt-bench")


@pytest.fixture
def home(first: tuple[Path, Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store with the folder in it, which MUSIC_HOME names."""
    use(first[0], monkeypatch)
    return first[0]


@pytest.fixture
def folder(first: tuple[Path, Path, dict[str, Any]]) -> Path:
    return first[1]


def stored_votes(store: Store) -> set[tuple[str, str, int]]:
    return {(v.pair_id, v.rater, v.value) for v in votes(store)}


def test_an_mt_bench_folder_gives_human_and_judge_agreement_at_once(home: Path, first: tuple[Path, Path, dict[str, Any]]) -> None:
    dropped = {"answer of a system is missing": 1, "identical conversations": 1, "unknown winner": 1}
    assert first[2] == {"rows": 21, "rows_used": 18, "pairs": 5, "chats": 0, "dropped": dropped, "left_out": {}, "new": 5, **FULL}

    cells = {(c["a"], c["b"]): c for c in answer("agreement", "--bootstrap", "20")["cells"]}
    assert not any("construction" in key for key in cells)

    def counts(a: str, b: str) -> tuple[int, float, int, float]:
        c = cells[a, b]
        return c["n"], c["agree"], c["n_non_tie"], c["agree_non_tie"]

    # Every two people on a pair (the votes stand in mt_bench_files):
    #   ++0 gives ++ equal, +0 and +0 not: 1 of 3;  −0: 0 of 1;  +−: 0 of 1;  −−−: 3 of 3;  −−, the second vote counts: 1 of 1.
    #   5 of 9 in all. Without ties ++, +−, −−− and −− are left: 1 + 0 + 3 + 1 = 5 of 1 + 1 + 3 + 1 = 6.
    assert counts("people", "people") == pytest.approx((9, 5 / 9, 6, 5 / 6))
    # GPT-4 says +, flip (0), split (0), + and nothing; most people +, 0 (divided), 0 (divided), −: 3 of 4.
    # Neither says tie on the first and the fourth: 1 of 2.
    assert counts("judge:gpt-4-pair", "people") == pytest.approx((4, 3 / 4, 2, 1 / 2))
    # expert_1 alone says +, −, +, − where GPT-4 says +, 0, 0, +: 1 of 4.
    assert counts("judge:gpt-4-pair", "person:expert_1") == pytest.approx((4, 1 / 4, 2, 1 / 2))
    # expert_1 and expert_2: ++, −0, +−, −− and −−: 3 of 5, without the tie 3 of 4.
    assert counts("person:expert_1", "person:expert_2") == pytest.approx((5, 3 / 5, 4, 3 / 4))


def test_importing_a_folder_again_or_with_a_and_b_swapped_changes_nothing(home: Path, folder: Path, tmp_path: Path) -> None:
    store = open_store(home)
    before = stored_votes(store), all_labels(store)
    assert "21 rows read as mt-bench, 18 used: 5 pairs, 0 of them new, as source 'mt_bench'." in music("import", str(folder)).stdout
    turned = write_folder(tmp_path / "mt_bench", [swapped(v) for v in HUMAN], [swapped(g) for g in GPT4])
    for path, source in ((folder, "other"), (turned, "mt_bench")):
        report = run_here(store, "import", {"path": str(path), "name": source})
        assert {k: report[k] for k in NOTHING} == NOTHING
    assert (stored_votes(store), all_labels(store)) == before
    assert check(store) == []
    store.close()


def test_verdicts_follow_from_both_games_by_our_own_rule(home: Path) -> None:
    store = open_store(home)
    by_pair = {label.event.pair_id: label.event.shown for label in all_labels(store)}
    found = {(s["question_id"], s["turn"]): verdicts_of(store, pair_id)[0] for pair_id, s in by_pair.items()}
    assert {key: (v.value, v.score, v.n_readings, v.n_unparsed, v.first_rate) for key, v in found.items()} == {
        ("81", 1): ("chosen", 1.0, 2, 0, 0.5),
        ("81", 2): ("flip", 0.0, 2, 0, 1.0),
        ("82", 1): ("split", -0.5, 2, 0, 0.5),
        ("82", 2): ("chosen", 1.0, 2, 0, 0.5),
        ("101", 1): ("unresolved", None, 2, 1, 0.0),
    }
    twice = next(pair_id for pair_id, s in by_pair.items() if s["question_id"] == "101")
    assert [(h.event.value, h.event.supersedes is None) for h in label_history(store, twice, "expert_1")] == [
        ("chosen", True),
        ("rejected", False),
    ]
    store.close()


def test_games_that_come_later_replace_a_verdict_that_came_without_them(own: Path, tmp_path: Path) -> None:
    store = open_store(own)
    rows = write_lines(tmp_path / "gpt4_pair.jsonl", [hub_row(judge="gpt4_pair", winner="tie (inconsistent)")])
    assert run_here(store, "import", {"path": str(rows)})["verdicts"] == 1
    (pair_id,) = {v.pair_id for v in votes(store)}
    assert (verdicts_of(store, pair_id)[0].value, readings_of(store, pair_id)) == ("flip", [])
    later = write_folder(tmp_path / "mt_bench", [], [games(81, 1, "beta", "alpha", ("tie", "model_2"))])
    report = run_here(store, "import", {"path": str(later)})
    assert (report["new"], report["readings"], report["verdicts"]) == (0, 2, 1)
    assert verdicts_of(store, pair_id)[0].value == "split"
    # The same questions once more with other answers, and resolved: what was read first stays, and the verdict with it.
    resolved = [hub_row(judge="gpt4_pair", winner="model_a"), games(81, 1, "beta", "alpha", ("model_1", "model_1"))]
    other = write_folder(tmp_path / "again", [], resolved)
    assert run_here(store, "import", {"path": str(other)})["verdicts"] == 0
    assert verdicts_of(store, pair_id)[0].value == "split"
    store.close()


def test_pandalm_and_alpacaeval_rows_are_people_and_judges(own: Path, tmp_path: Path) -> None:
    panda = write_lines(tmp_path / "testset.jsonl", [PANDALM_ROW | {"pandalm_result": 1}])
    said = answer("import", str(panda))
    counts = {"rows": 1, "rows_used": 1, "pairs": 1, "chats": 0, "new": 1, "labels": 3, "readings": 0, "verdicts": 1}
    assert said == {**counts, "dropped": {}, "left_out": {}}
    cells = {(c["a"], c["b"]): c for c in answer("agreement", "--bootstrap", "20")["cells"]}
    # +, 0 and − of three people: no two agree; PandaLM's verdict is against the mode, a tie.
    assert (cells["people", "people"]["n"], cells["people", "people"]["agree"]) == (3, 0.0)
    assert cells["judge:pandalm-7b", "people"]["agree"] == 0.0
    alpaca = write_lines(tmp_path / "annotations.jsonl", [ALPACA_ROW, ALPACA_ROW | {"annotator_index": 4}])
    assert {k: v for k, v in answer("import", str(alpaca)).items() if k in NOTHING} == {"new": 1, "labels": 1, "readings": 0, "verdicts": 1}


def test_labels_exported_and_imported_again_change_nothing_and_fill_another_store(home: Path, own: Path, tmp_path: Path) -> None:
    store, other = open_store(home), open_store(own)
    labels, pairs = tmp_path / "labels.jsonl", tmp_path / "pairs.jsonl"
    item = next(iter_pairs(store, PairFilter()))
    add_pairs(other, [SourcedPair(item.pair, item.origins[0])])
    about: dict[str, Any] = {"reasons": ("clear",), "comment": "tab\t\x00", "turn_marks": {1: "left"}, "seconds": 2.5, "probability": 0.1}
    mine = add_label(other, LabelEvent("own", item.id, "Ann \ud800", "right", "rejected", True, **about))
    add_label(other, LabelEvent("again", item.id, "Ann \ud800", None, "rejected", True))
    before = all_labels(other)
    assert export_labels(other, labels) == 2
    report = run_here(other, "import", {"path": str(labels)})
    assert report == report | {"rows": 2, "rows_used": 2, "pairs": 0, "dropped": {}, "format": "labels"} | NOTHING
    assert all_labels(other) == before and before[0] == mine

    before = all_labels(store)
    assert (export_labels(store, labels), export_pairs(store, PairFilter(), pairs)) == (13, 5)
    missing = sum(label.event.pair_id != item.id for label in before)
    report = run_here(other, "import", {"path": str(labels)})
    assert report == report | {"rows": 13, "rows_used": 13 - missing, "dropped": {"pair is not in this store": missing}}
    run_here(other, "import", {"path": str(pairs)})
    assert run_here(other, "import", {"path": str(labels), "fmt": "labels"})["labels"] == missing
    by_token = {label.event.token: label for label in all_labels(other)}
    assert [by_token[label.event.token] for label in before] == before
    assert check(other) == []
    store.close()
    other.close()


def test_nothing_of_a_damaged_folder_is_stored(own: Path, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "mt_bench")
    file = folder / "model_judgment" / "gpt-4_pair.jsonl"
    file.write_text(file.read_text(encoding="utf-8") + '{"question_id": 81,\n', encoding="utf-8")
    result = music("import", str(folder), "--json")
    assert result.exit_code == 1
    assert "gpt-4_pair.jsonl, line 6 is not valid JSON" in json.loads(result.stdout.splitlines()[-1])["error"]
    store = open_store(own)
    assert (list(iter_pairs(store, PairFilter())), all_labels(store)) == ([], [])
    store.close()


def test_three_thousand_votes_are_few_commits(own: Path, tmp_path: Path) -> None:
    people = [f"voter_{k}" for k in range(250)]
    human = [vote(q, t, a, b, "model_a", p) for p in people for q, t, a, b in _PLACES]
    store = open_store(own)
    before = store.version()
    report = run_here(store, "import", {"path": str(write_folder(tmp_path / "big", human, []))})
    assert (report["labels"], report["pairs"]) == (3000, 12)
    # One commit of pairs and three of labels; the run itself is recorded in a few more.
    assert store.version() - before < 12
    store.close()


_PLACES = [(q, t, *two) for q in (81, 101) for t in (1, 2) for two in (("alpha", "beta"), ("gamma", "alpha"), ("beta", "gamma"))]
