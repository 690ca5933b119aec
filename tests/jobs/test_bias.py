"""Raters with a known character, through the real judging path and the store, and what the report says of them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from jobs.stages.bias import Config, report_of
from music_core.chat.scripted import ScriptedChat
from music_core.evaluate.judge import pairwise_judge
from music_core.store.connect import Store
from music_core.store.labels import add_label
from music_core.store.pairs import add_pairs
from music_core.store.readings import add_readings
from music_core.types import BranchName, ContrastPair, LabelEvent, Origin, Reading, SourcedPair, Verdict, conversation
from tests.stores import new_store
from tests.unit.evaluate import judges as fakes

N, N_LABELLED = 24, 8
PLANTED = {"always_first": fakes.always_first, "longer": fakes.longer, "perfect": fakes.perfect, "nonsense": fakes.nonsense}


def pair(n: int) -> ContrastPair:
    """The good reply is longer than the bad one in every other pair."""
    good = fakes.GOOD + " Then cool them at once, so that they stay soft." * (n % 2)
    sides = []
    for reply in (good, fakes.BAD):
        turns = [("user", f"Question {n}?"), ("assistant", "Of course."), ("user", "How long do I boil an egg?"), ("assistant", reply)]
        sides.append(conversation([{"role": role, "content": content} for role, content in turns]))
    return ContrastPair(*sides)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """24 pairs, read by the four planted judges in both forms of a reply, and labelled by two people."""
    opened = new_store(tmp_path_factory.mktemp("bias") / "lake")
    pairs = [pair(n) for n in range(N)]
    add_pairs(opened, [SourcedPair(p, Origin("planted", str(n))) for n, p in enumerate(pairs)])
    said: list[Reading] = []
    resolved: list[Verdict] = []
    for name, script in PLANTED.items():
        for form, as_object in (("object", True), ("line", False)):
            judge = pairwise_judge(ScriptedChat(script, supports_json_schema=as_object), f"{name}-{form}")
            readings, verdicts = fakes.judged(judge, [(p.id, p) for p in pairs])
            said, resolved = said + readings, resolved + list(verdicts.values())
    add_readings(opened, said, resolved)
    for n, p in enumerate(pairs[:N_LABELLED]):
        left: BranchName = "chosen" if n % 3 else "rejected"
        add_label(opened, LabelEvent(f"l{n}", p.id, "lefty", "left", left, True))
        add_label(opened, LabelEvent(f"c{n}", p.id, "careful", "left" if left == "chosen" else "right", left, True))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def report(store: Store) -> dict[str, Any]:
    return report_of(store, Config(n_boot=200))


@pytest.mark.parametrize("form", ["object", "line"])
@pytest.mark.parametrize(
    ("judge", "code", "words"),
    [
        ("always_first", "always_first", "always names the first position: 100 % of 48 readings"),
        ("longer", "follows_length", "follows length: takes the longer side in 100 % of 24 decided pairs"),
        ("nonsense", "unusable", "answers nothing usable: 100 % of 48 readings"),
        ("perfect", "no_bias_found", "no bias found; agrees with construction on 100 % of 24 decided pairs"),
    ],
)
def test_a_planted_judge_is_named(report: dict[str, Any], judge: str, form: str, code: str, words: str) -> None:
    (finding,) = [f for f in report["findings"] if f["rater"] == f"judge:{judge}-{form}"]
    assert finding["code"] == code
    assert finding["text"].startswith(words)


def test_a_person_who_always_votes_left_is_named_and_a_careful_one_is_not(report: dict[str, Any]) -> None:
    codes = {f["rater"]: f["code"] for f in report["findings"] if f["rater"].startswith("person:")}
    assert codes == {"person:lefty": "always_left", "person:careful": "no_bias_found"}


def test_the_figures_of_the_planted_judges_are_as_planted(report: dict[str, Any]) -> None:
    by_rater = {r["rater"]: r for r in report["raters"]}
    first, longer, perfect = (by_rater[f"judge:{name}-line"] for name in ("always_first", "longer", "perfect"))
    assert (first["flips"]["value"], first["position"]["rate"]["value"], first["n_decisive"]) == (1.0, 1.0, 0)
    assert (longer["construction"]["value"], longer["longer"]["balanced"]["value"]) == (0.5, 1.0)
    assert (perfect["people"]["n"], perfect["flips"]["value"], perfect["longer"]["balanced"]["value"]) == (N_LABELLED, 0.0, 0.5)
    assert by_rater["judge:nonsense-line"]["n_unresolved"] == N
    assert (report["n_pairs"], report["n_seeds"]) == (N, N)


def test_a_report_is_json_and_the_same_again(store: Store, report: dict[str, Any]) -> None:
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report_of(store, Config(n_boot=200)) == report


def test_a_selection_without_pairs_reports_nobody(store: Store) -> None:
    assert report_of(store, Config(sources=("elsewhere",))) == {"raters": [], "n_pairs": 0, "n_seeds": 0, "findings": []}
    assert report_of(store, Config(limit=3, n_boot=0))["n_pairs"] == 3
