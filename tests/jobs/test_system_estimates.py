"""Win rates of named systems from a queue's labels, on pools small enough to reckon by hand."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jobs.cli import main
from jobs.report.estimating import table_markup, title
from jobs.stages.estimates import Answer, estimates_of
from jobs.stages.system_estimates import Systems, mean_scores
from music_core.store.connect import Store, open_store
from music_core.store.pairs import PairFilter, add_pairs
from music_core.store.sides import matchups
from music_core.types import ContrastPair, Origin, SourcedPair, VerdictValue
from tests.jobs.test_queues import half_drawn, judge, label
from tests.store.conftest import make_pair
from tests.stores import new_store

A, B, C = "alpha", "<b>beta</b>", "gamma"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = open_store(home)
    yield opened
    opened.close()


def put(store: Store, sides: list[tuple[str, str]], *, turned: bool = False) -> list[str]:
    """Pairs of two systems' answers, one for each (chosen, rejected), each of its own seed; `turned` exchanges answers and names."""
    items, ids = [], []
    for k, (chosen, rejected) in enumerate(sides):
        pair = make_pair(f"Question {k}").pair
        if turned:
            pair, chosen, rejected = ContrastPair(pair.rejected, pair.chosen), rejected, chosen
        items.append(SourcedPair(pair, Origin("votes", str(k), method="votes", meta={"sides": {"chosen": chosen, "rejected": rejected}})))
        ids.append(pair.id)
    add_pairs(store, items)
    return ids


def systems(store: Store, queue: str = "q") -> dict[tuple[str, str], dict[str, Any]]:
    estimates = estimates_of(store, queue).as_dict()["estimates"]
    return {(e["system"], e["against"]): e for e in estimates if e["question"] == "system"}


def said(store: Store, ids: list[str], values: Mapping[int, VerdictValue]) -> None:
    judge(store, "j", {ids[k]: value for k, value in values.items()})


def test_the_win_rate_of_a_system_is_what_one_reckons_by_hand_whichever_side_it_wrote(store: Store) -> None:
    """For alpha f = 1, 1, 1, 0 and y = 1, ·, ·, 0: λ = 1, mean f + Σ w (y − f) / Σ w = 3/4 + 0; labels alone 1/2."""
    ids = put(store, [(A, B), (B, A), (A, B), (B, A)])
    said(store, ids, {0: "chosen", 1: "rejected", 2: "chosen", 3: "chosen"})
    half_drawn(store, sorted(ids), {sorted(ids).index(ids[0]), sorted(ids).index(ids[3])})
    label(store, ids[0], "left")
    label(store, ids[3], "left")
    found = systems(store)
    assert set(found) == {(A, ""), (B, "")}
    one, other = found[A, ""], found[B, ""]
    assert (one["lam"], one["estimate"], one["classical"]) == pytest.approx((1.0, 0.75, 0.5))
    assert (other["lam"], other["estimate"], other["classical"]) == pytest.approx((1.0, 0.25, 0.5))
    assert (one["n_pool"], one["n_labelled"], one["n_excluded"], one["rater"]) == (4, 2, 0, "judge:j")
    assert any("Only 2 pairs are labelled" in w for w in one["warnings"])


def test_labels_alone_give_the_share_of_wins_and_half_of_the_ties(store: Store) -> None:
    ids = put(store, [(A, B), (A, B), (B, A), (B, A)])
    half_drawn(store, ids, set(range(4)))
    for pair_id, choice in zip(ids, ["left", "tie", "right", "left"], strict=True):
        label(store, pair_id, choice)
    found = systems(store)
    assert (found[A, ""]["estimate"], found[B, ""]["estimate"]) == (0.625, 0.375)
    assert found[A, ""]["rater"] == ""


def test_of_three_systems_each_is_held_against_all_others_and_against_each_that_it_met(store: Store) -> None:
    ids = put(store, [(A, B), (A, C), (B, C), (C, A)])
    half_drawn(store, ids, set(range(4)))
    for pair_id, choice in zip(ids, ["left", "left", "tie", "left"], strict=True):
        label(store, pair_id, choice)
    found = systems(store)
    assert {who: e["estimate"] for who, e in found.items()} == {
        (A, ""): pytest.approx(2 / 3),
        (B, ""): 0.25,
        (C, ""): 0.5,
        (B, A): 0.0,
        (B, C): 0.5,
        (A, C): 0.5,
    }
    assert (found[A, ""]["n_pool"], found[A, ""]["n_excluded"]) == (3, 1)
    assert "1 pairs without these systems are left out" in found[A, ""]["note"]


def test_two_systems_without_a_labelled_pair_have_no_row_of_their_own(store: Store) -> None:
    ids = put(store, [(A, B), (A, C), (B, C)])
    half_drawn(store, ids, {0, 1})
    label(store, ids[0], "left")
    assert set(systems(store)) == {(A, ""), (B, ""), (C, ""), (B, A)}


def test_exchanging_the_sides_of_all_pairs_changes_no_systems_win_rate(tmp_path: Path) -> None:
    """Answers and names change places together, so `chosen` is the other one everywhere; labels and verdicts name the same answers."""
    sides = [(A, B), (B, A), (A, B), (B, A), (A, B), (A, B)]
    values: list[VerdictValue] = ["chosen", "chosen", "tie", "rejected", "chosen", "rejected"]
    choices = ["left", "left", "tie", "right", "right", "left"]
    flipped: dict[VerdictValue, VerdictValue] = {"chosen": "rejected", "rejected": "chosen", "tie": "tie"}
    found = []
    for turned in (False, True):
        store = new_store(tmp_path / str(turned))
        ids = put(store, sides, turned=turned)
        said(store, ids, {k: flipped[v] if turned else v for k, v in enumerate(values)})
        half_drawn(store, ids, set(range(5)))
        for pair_id, choice in list(zip(ids, choices, strict=True))[:5]:
            label(store, pair_id, {"left": "right", "right": "left"}.get(choice, choice) if turned else choice)
        found.append(systems(store))
        store.close()
    for who, plain in found[0].items():
        assert found[1][who]["estimate"] == pytest.approx(plain["estimate"])
        assert found[1][who]["lam"] == pytest.approx(plain["lam"])
        assert found[1][who]["pool_interval"] == pytest.approx(plain["pool_interval"])
    a, b = found[0][A, ""], found[0][B, ""]
    assert a["estimate"] + b["estimate"] == pytest.approx(1)
    assert a["pool_interval"][0] + b["pool_interval"][1] == pytest.approx(1)


def test_conversations_that_met_several_times_count_for_every_couple_but_not_for_a_system_on_both_sides() -> None:
    found = Systems({"p": frozenset({(A, B), (A, C)}), "q": frozenset({(A, B), (B, A)})})
    assert found.sides(A) == {"p": "chosen"}
    assert found.sides(B) == {"p": "rejected"}
    assert found.sides(B, C) == {}
    assert found.sides(A, C) == {"p": "chosen"}
    assert found.couples({"p"}) == [(B, A), (A, C)]
    assert found.couples(set()) == []


def test_picks_of_best_of_n_are_read_with_all_their_meetings_and_built_pairs_are_left_out(store: Store) -> None:
    pair, built = make_pair("One").pair, make_pair("Two").pair
    sides = {"chosen": A, "rejected": B}
    meetings = [{"sides": sides}, {"sides": {"chosen": A, "rejected": C}}, {"sides": {"chosen": A, "rejected": A}}, "odd"]
    meta = {"sides": sides, "meetings": meetings}
    add_pairs(store, [SourcedPair(pair, Origin("bon", "1", method="best_of_n", meta=meta))])
    add_pairs(store, [SourcedPair(built, Origin("made", "1", method="swap", meta=meta))])
    assert matchups(store) == {pair.id: {(A, B), (A, C)}}
    assert matchups(store, PairFilter(sources=("made",))) == {}


def test_the_prediction_of_several_raters_is_the_mean_of_what_is_known() -> None:
    assert mean_scores([{"p": 1.0, "q": None}, {"p": 0.0, "r": -1.0}]) == {"p": 0.5, "r": -1.0}
    assert mean_scores([]) == {}


def test_the_command_and_the_table_name_the_systems(store: Store) -> None:
    ids = put(store, [(A, B), (B, A)])
    said(store, ids, {0: "chosen", 1: "chosen"})
    judge(store, "k", {ids[0]: "tie"})
    half_drawn(store, ids, {0, 1})
    label(store, ids[0], "left")
    estimates = estimates_of(store, "q")
    one = next(a for a in estimates.answers if a.question == "system")
    assert title(one) == f"People prefer {B} to the others, predicted by judges"
    assert title(Answer("system", "", one.found, A, B)) == f"People prefer {A} to {B}"
    shown = table_markup(estimates, 0.05)
    assert "People prefer &lt;b&gt;beta&lt;/b&gt; to the others" in shown
    assert "<b>" not in shown
    store.close()
    result = CliRunner().invoke(main, ["estimate", "--queue", "q"])
    assert f"people prefer {A} to the others" in result.output
    printed = json.loads(CliRunner().invoke(main, ["estimate", "--queue", "q", "--judge", "j", "--json"]).stdout.splitlines()[-1])
    assert {(e["system"], e["rater"]) for e in printed["estimates"] if e["question"] == "system"} == {(A, "judge:j"), (B, "judge:j")}
