"""Queues made of what judges said, and estimates from their labels, on pools small enough to reckon by hand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from jobs.cli import main
from jobs.stages.estimates import estimates_of
from jobs.stages.queues import Config, Known, disagreement, extend_queue, make_queue, planned
from music_core.errors import ConfigError, StoreError
from music_core.store.connect import Store, open_store
from music_core.store.guidelines import guidelines
from music_core.store.labels import add_label
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs
from music_core.store.queues import PoolPair, QueueHead, create_queue
from music_core.store.readings import add_readings
from music_core.store.runs import create_run, write_manifest
from music_core.store.traces import add_traces
from music_core.types import BRANCHES, Origin, RewardModel, RewardTrace, Run, SourcedPair, Verdict, VerdictValue, Vote
from music_core.types import LabelEvent as Event
from tests.app.samples import plain_pair
from tests.store.conftest import make_pair

SCORES: dict[VerdictValue, float | None] = {"chosen": 1.0, "rejected": -1.0, "tie": 0.0, "unresolved": None}


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = open_store(home)
    yield opened
    opened.close()


@pytest.fixture
def ids(store: Store) -> list[str]:
    """Ids of twelve stored pairs, each of a seed of its own, in order."""
    pairs = [plain_pair(k, 2 + k % 3) for k in range(12)]
    add_pairs(store, [SourcedPair(p, Origin("ab"[k % 4 == 0], str(k), method="swap")) for k, p in enumerate(pairs)])
    return sorted(p.id for p in pairs)


def judge(store: Store, name: str, said: dict[str, VerdictValue]) -> None:
    add_readings(store, [], [Verdict(pair_id, name, "pairwise", value, SCORES[value], 2, 0) for pair_id, value in said.items()])


def half_drawn(store: Store, ids: list[str], drawn: set[int], name: str = "q") -> None:
    """A queue over `ids` with π = 0.5."""
    create_queue(store, QueueHead(name, "uniform", 0, {"labels": len(drawn)}), [PoolPair(i, 0.5, k in drawn) for k, i in enumerate(ids)])


def label(store: Store, pair_id: str, choice: str, person: str = "ann", queue: str = "q", **more: Any) -> None:
    """A label with the chosen side on the left."""
    add_label(store, Event(f"{person} {pair_id} {queue}", pair_id, person, choice, "chosen", True, queue=queue, **more))  # type: ignore[arg-type]


def found(store: Store, question: str, rater: str = "judge:j", queue: str = "q") -> dict[str, Any]:
    estimates: list[dict[str, Any]] = estimates_of(store, queue).as_dict()["estimates"]
    (one,) = [e for e in estimates if (e["question"], e["rater"]) == (question, rater)]
    return one


def test_the_win_rate_of_a_tiny_pool_is_what_one_reckons_by_hand(store: Store, ids: list[str]) -> None:
    """f = 1, 1, 1, 0 and y = 1, ·, ·, 0: λ = (1/4) / (1/4), mean f + Σ w (y − f) / Σ w = 3/4 + 0."""
    judge(store, "j", dict(zip(ids[:4], ["chosen", "chosen", "chosen", "rejected"], strict=True)))
    half_drawn(store, ids[:4], {0, 3})
    label(store, ids[0], "left")
    label(store, ids[3], "right")
    one = found(store, "win_rate")
    assert (one["lam"], one["estimate"], one["classical"]) == pytest.approx((1.0, 0.75, 0.5))
    assert (one["n_pool"], one["n_labelled"], one["n_waiting"], one["n_excluded"]) == (4, 2, 0, 0)
    assert any("Only 2 pairs are labelled" in w for w in one["warnings"])


def test_the_accuracy_of_a_judge_is_predicted_by_whoever_says_the_same(store: Store, ids: list[str]) -> None:
    """The construction says 1 on every pair: f = 1, 1, 1, 0. People say the judge is right on the first, wrong on the last."""
    judge(store, "j", dict(zip(ids[:4], ["chosen", "chosen", "chosen", "rejected"], strict=True)))
    half_drawn(store, ids[:4], {0, 3})
    label(store, ids[0], "left")
    label(store, ids[3], "left")
    one = found(store, "accuracy")
    assert (one["lam"], one["estimate"], one["classical"]) == pytest.approx((1.0, 0.75, 0.5))
    assert found(store, "win_rate")["estimate"] == pytest.approx(1.0)


def test_pairs_without_a_verdict_are_left_out_of_accuracy_and_counted(store: Store, ids: list[str]) -> None:
    judge(store, "j", {ids[0]: "chosen", ids[1]: "chosen", ids[2]: "unresolved"})
    half_drawn(store, ids[:4], {0, 1, 2, 3})
    for pair_id in ids[:4]:
        label(store, pair_id, "left")
    one = found(store, "accuracy")
    assert (one["n_pool"], one["n_excluded"], one["n_labelled"], one["estimate"]) == (2, 2, 2, 1.0)
    assert "2 pairs without a verdict are predicted a tie" in found(store, "win_rate")["note"]


def test_a_model_says_nothing_about_pairs_that_it_was_trained_on(store: Store, ids: list[str]) -> None:
    create_run(store, Run("t", "train", {}, datetime(2026, 1, 1, tzinfo=UTC), "m"))
    write_manifest(store, "t", [(ids[0], "train")])
    register_model(store, RewardModel("m_1", "m", "", "tiny", "t"))
    add_traces(store, [RewardTrace(i, b, "m_1", (1.0 if b == "chosen" else 0.0,)) for i in ids[:4] for b in BRANCHES])
    half_drawn(store, ids[:4], {0, 1, 2, 3})
    one = found(store, "accuracy", "model:m")
    assert (one["n_pool"], one["n_excluded"]) == (3, 1)
    assert "1 of them the model was trained on." in one["note"]
    assert estimates_of(store, "q", ["model:m"]).answers[0].rater == "model:m"
    with pytest.raises(ConfigError, match=r"judge:x has said nothing.*model:m"):
        estimates_of(store, "q", ["judge:x"])


def test_pairs_that_nobody_built_have_no_win_rate_of_the_built_side(store: Store, ids: list[str]) -> None:
    neutral = [make_pair(f"Question {k}").pair for k in range(2)]
    add_pairs(store, [SourcedPair(p, Origin("v", str(k), method="votes")) for k, p in enumerate(neutral)])
    judge(store, "j", {p.id: "chosen" for p in neutral})
    half_drawn(store, sorted(p.id for p in neutral), {0, 1})
    only = estimates_of(store, "q")
    assert [a.question for a in only.answers] == ["accuracy"]
    assert "no pair of this pool was built" in only.notes[0]
    half_drawn(store, sorted([neutral[0].id, *ids[:3]]), {0, 1, 2, 3}, "mixed")
    assert (found(store, "win_rate", queue="mixed")["n_pool"], found(store, "win_rate", queue="mixed")["n_excluded"]) == (3, 1)


def test_what_is_to_be_known_about_the_labels_is_counted_and_warned_of(store: Store, ids: list[str]) -> None:
    half_drawn(store, ids[:6], {0, 1, 2, 3})
    label(store, ids[0], "left")
    label(store, ids[1], "skip")
    label(store, ids[2], "tie", queue="all", guideline="0")
    label(store, ids[5], "left")
    add_label(store, Event("seen", ids[0], "bob", "right", "chosen", False, queue="q"))
    report = estimates_of(store, "q").as_dict()
    assert report["labels"] == {
        "n": 2,
        "n_wanted": 4,
        "n_people": 2,
        "n_skips": 1,
        "n_informed": 1,
        "n_elsewhere": 1,
        "guidelines": {"0": 1, "1": 2},
        "n_adjudicated": 0,
        "n_beyond": 0,
    }
    assert [w.split()[0] for w in report["warnings"]] == ["1", "The", "1"]
    (one,) = report["estimates"]
    assert (one["rater"], one["n_labelled"], one["n_skipped"], one["n_waiting"], one["n_not_drawn"]) == ("", 2, 1, 1, 1)
    assert one["estimate"] == pytest.approx(0.5)
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_disagreement_is_that_of_any_two_raters_on_average() -> None:
    said = [Vote("p", "s", r, v) for r, v in (("a", 1), ("b", -1), ("c", 0))] + [Vote("q", "s", "a", 1), Vote("q", "s", "b", 1)]
    assert disagreement([*said, Vote("alone", "s", "a", 1)]) == {"p": pytest.approx((1 + 0.5 + 0.5) / 3), "q": 0.0}


KNOWN = st.dictionaries(st.text("abc", min_size=1, max_size=4), st.one_of(st.none(), st.floats(0, 1)), min_size=4, max_size=20)


@given(KNOWN, st.sampled_from(["uniform", "stratified", "disagreement", "uncertainty"]), st.floats(0.1, 1), st.floats(0.1, 1))
def test_more_labels_give_no_pair_a_smaller_probability(scores: dict[str, float | None], kind: str, a: float, b: float) -> None:
    known = {k: Known(v, k[0]) for k, v in scores.items()}
    fewer, more = (planned(kind, known, share * len(known), floor=0.05, mix=0.5) for share in sorted((a, b)))
    assert all(more[k] >= fewer[k] - 1e-9 for k in known)


def test_a_queue_goes_by_what_was_known_when_it_was_frozen(store: Store, ids: list[str]) -> None:
    judge(store, "j", dict.fromkeys(ids, "chosen"))
    judge(store, "k", {i: "rejected" if n < 4 else "chosen" for n, i in enumerate(ids[:-1])})
    first = make_queue(store, Config(name="d", plan="disagreement", labels=4, seed=3))
    chance = {p.pair_id: p.probability for p in first.pool}
    assert min(chance[i] for i in ids[:4]) > chance[ids[-1]] > max(chance[i] for i in ids[4:-1])
    assert sum(chance.values()) == pytest.approx(4)
    assert first.head.settings["n_unknown"] == 1
    judge(store, "k", dict.fromkeys(ids, "chosen"))
    more = extend_queue(store, "d-2", extends="d", labels=8, created_by="Ann")
    assert set(first.drawn) <= set(more.drawn)
    assert [p.score for p in more.pool] == [p.score for p in first.pool]
    assert (more.head.seed, more.head.plan, more.head.extends, more.head.settings["labels"]) == (3, "disagreement", "d", 8)
    with pytest.raises(ConfigError, match="more than 8"):
        extend_queue(store, "d-3", extends="d-2", labels=8)


def test_labels_of_a_queue_count_for_the_one_that_extends_it(store: Store, ids: list[str]) -> None:
    first = make_queue(store, Config(name="a", labels=6, seed=1))
    for pair_id, probability in first.drawn.items():
        label(store, pair_id, "left", queue="a", probability=probability)
    extend_queue(store, "b", extends="a", labels=12)
    given = estimates_of(store, "b").given
    assert (given.n, given.n_elsewhere, given.n_wanted) == (len(first.drawn), 0, 12)


def test_strata_and_uncertainty_decide_the_probabilities(store: Store, ids: list[str]) -> None:
    by_source = make_queue(store, Config(name="s", plan="stratified", by=("source",), labels=6))
    assert {p.stratum: p.probability for p in by_source.pool} == pytest.approx({"a": 1 / 3, "b": 1.0})
    judge(store, "j", {i: "tie" if n < 3 else "chosen" for n, i in enumerate(ids)})
    unsure = make_queue(store, Config(name="u", plan="uncertainty", by=("judge:j",), labels=6))
    chance = {p.pair_id: p.probability for p in unsure.pool}
    assert min(chance[i] for i in ids[:3]) > max(chance[i] for i in ids[3:])


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"plan": "other"}, "no plan 'other'"),
    ({"by": ("source",)}, "goes by nothing"),
    ({"plan": "stratified"}, "source, schedule, turns"),
    ({"plan": "disagreement"}, "two raters or more.*construction"),
    ({"plan": "disagreement", "by": ("construction", "judge:x")}, "'judge:x' has said nothing"),
    ({"plan": "disagreement", "by": ("construction", "person:ann")}, "must not depend on labels"),
    ({"plan": "uncertainty", "by": ("people",)}, "must not depend on labels"),
    ({"plan": "uncertainty"}, "judge:NAME or --by model:NAME"),
    ({"plan": "uncertainty", "by": ("model:x",)}, "no score"),
    ({"labels": 100}, "Ask for at most 12"),
    ({"labels": 0.1}, "at least 1 labels"),
]


def test_a_plan_that_cannot_be_made_is_refused_with_what_to_do(store: Store, ids: list[str]) -> None:
    for settings, words in REFUSED:
        with pytest.raises(ConfigError, match=words):
            make_queue(store, Config(**{"name": "q", "labels": 4, **settings}))


def test_the_pool_is_the_selection(store: Store, ids: list[str]) -> None:
    queue = make_queue(store, Config(name="q", labels=2, sources=("b",), limit=2))
    assert queue.head.n_pool == 2
    assert queue.head.settings["selection"] == {"sources": ["b"], "limit": 2}


def music(*words: str, exit_code: int = 0) -> tuple[dict[str, Any], str]:
    """JSON of a command, and what it says to people."""
    result = CliRunner().invoke(main, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout.splitlines()[-1]), result.stderr


def test_the_command_line_makes_lists_and_shows_queues_and_estimates(store: Store, ids: list[str]) -> None:
    judge(store, "j", dict.fromkeys(ids, "chosen"))
    made, _ = music("queue", "make", "pilot", "--labels", "6", "--seed", "5", "--author", "Ann")
    assert (made["plan"], made["n_pool"], made["created_by"], made["n_wanted"]) == ("uniform", 12, "Ann", made["n_drawn"])
    pool = music("queue", "show", "pilot")[0]["pool"]
    assert [p["probability"] for p in pool] == [0.5] * 12
    assert sum(p["drawn"] for p in pool) == made["n_drawn"]
    for n, pair_id in enumerate(p["pair_id"] for p in pool if p["drawn"]):
        label(store, pair_id, "left" if n % 2 else "tie", queue="pilot", probability=0.5)
    more, _ = music("queue", "make", "pilot-2", "--extends", "pilot", "--labels", "9")
    assert more["extends"] == "pilot"
    listed = {q["name"]: (q["n_given"], q["n_wanted"]) for q in music("queue", "list")[0]["queues"]}
    assert listed == {"pilot": (made["n_drawn"],) * 2, "pilot-2": (made["n_drawn"], more["n_drawn"])}
    report, _ = music("estimate", "--queue", "pilot", "--judge", "j", "--half-width", "0.2", "--bootstrap", "200")
    assert [(e["question"], e["rater"]) for e in report["estimates"]] == [("win_rate", "judge:j"), ("accuracy", "judge:j")]
    assert report["estimates"][0]["labels_needed"]["half_width"] == 0.2
    text = CliRunner().invoke(main, ["estimate", "--queue", "pilot"]).stdout
    assert "people prefer the built side  judge:j" in text
    assert "- Only" in text


def test_what_the_command_line_refuses_is_one_message(store: Store, ids: list[str]) -> None:
    assert "No queues yet" in CliRunner().invoke(main, ["queue", "list"]).stdout
    music("queue", "make", "a", "--labels", "6")
    for words, message in (
        (("queue", "make", "a", "--labels", "6"), "a queue 'a' already"),
        (("queue", "make", "b", "--labels", "9", "--extends", "a", "--plan", "uniform", "--source", "b"), "--plan, --source cannot"),
        (("queue", "make", "b", "--labels", "6", "--source", "nowhere"), "No pairs are selected"),
        (("queue", "show", "gone"), "no queue 'gone'"),
        (("estimate", "--queue", "gone"), "no queue 'gone'"),
        (("estimate", "--queue", "a", "--model", "x"), "model:x has said nothing"),
    ):
        assert message in music(*words, exit_code=1)[1]


def test_an_estimate_of_a_queue_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="none yet"):
        estimates_of(store, "q")


def test_a_queue_of_disagreements_takes_what_nobody_has_settled(store: Store, ids: list[str]) -> None:
    assert "no two people disagree" in music("queue", "make", "settle", "--adjudicate", exit_code=1)[1]
    for pair_id in ids[:3]:
        label(store, pair_id, "left")
        label(store, pair_id, "right", "bob")
    label(store, ids[0], "left", "cid", kind="adjudication")
    made, _ = music("queue", "make", "settle", "--adjudicate")
    assert (made["plan"], made["n_pool"], made["n_drawn"], made["overlap"]) == ("adjudicate", 2, 2, 1)
    assert made["n_given"] == 0
    label(store, ids[1], "right", "cid", "settle", kind="adjudication")
    assert music("queue", "show", "settle")[0]["n_given"] == 1
    assert "--labels, --plan cannot" in music("queue", "make", "o", "--adjudicate", "--labels", "3", "--plan", "uniform", exit_code=1)[1]
    assert "How many pairs" in music("queue", "make", "other", exit_code=1)[1]


def test_an_adjudication_stands_for_the_labels_of_its_pair_unless_the_plain_ones_are_asked_for(store: Store, ids: list[str]) -> None:
    half_drawn(store, ids, {0, 1})
    for person, choice in (("ann", "left"), ("bob", "right")):
        label(store, ids[0], choice, person)
        label(store, ids[1], "left", person)
    label(store, ids[0], "right", "cid", kind="adjudication")
    plain, settled = (estimates_of(store, "q", n_boot=0, adjudicated=a).answers[0].found.classical for a in (False, True))
    assert settled == pytest.approx(0.5)
    assert plain == pytest.approx((1 / 3 + 1) / 2)
    assert estimates_of(store, "q", n_boot=0).given.n_adjudicated == 1


def test_a_guideline_of_ones_own_is_named_by_its_text(store: Store, ids: list[str], tmp_path: Path) -> None:
    file = tmp_path / "guideline.md"
    file.write_text("# Decide\n\nby **truth** alone.\n", encoding="utf-8")
    made, _ = music("queue", "make", "own", "--labels", "6", "--guideline", str(file))
    assert guidelines(store)[made["guideline"]] == "# Decide\n\nby **truth** alone."
    assert made["settings"]["repeats"] == 0.05
    file.write_bytes(b"\xff\xfe\x00")
    assert "no text in UTF-8" in music("queue", "make", "bad", "--labels", "6", "--guideline", str(file), exit_code=1)[1]


def test_a_share_of_repeats_that_makes_no_sense_is_refused(store: Store, ids: list[str]) -> None:
    assert make_queue(store, Config(name="none", labels=6, repeats=0)).head.repeats == 0
    with pytest.raises(ConfigError, match="share of pairs that come back"):
        make_queue(store, Config(name="all", labels=6, repeats=0.9))


def test_agreement_says_how_consistent_each_person_is(store: Store, ids: list[str]) -> None:
    first = add_label(store, Event("first", ids[0], "ann", "left", "chosen", True))
    add_label(store, Event("again", ids[0], "ann", "right", "rejected", False, kind="repeat", shown={"repeats": first.id}))
    (own,) = music("agreement")[0]["consistency"]
    assert (own["person"], own["n"], own["same"], own["interval"], own["n_exchanged"]) == ("ann", 1, 1.0, None, 1)
