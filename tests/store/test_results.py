"""Models, traces, readings, verdicts and the votes made of them."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.evidence import Evidence, evidence_of
from music_core.store.labels import add_label, undo_label
from music_core.store.models import free_name, get_model, list_models, register_model
from music_core.store.pairs import PairFilter, add_pairs, list_pairs
from music_core.store.readings import add_readings, read_ids, readings_of, verdicts_of
from music_core.store.runs import write_manifest
from music_core.store.traces import add_traces, traced_ids, traces_of
from music_core.store.votes import excluded_votes, votes
from music_core.types import LabelEvent, Reading, RewardModel, RewardTrace, Verdict, VerdictValue, Vote
from tests.store.conftest import make_pair


def test_a_model_comes_back_and_is_found_by_id_and_name(store: Store) -> None:
    model = RewardModel("m1", "tiny", "models/tiny", "SmolLM2", "r1", {"accuracy": 0.9}, datetime(2026, 1, 2, tzinfo=UTC))
    assert register_model(store, model) == model
    assert register_model(store, model) == model
    assert get_model(store, "m1") == get_model(store, "tiny") == model
    assert list_models(store) == [model]


def test_two_models_never_share_a_name(store: Store) -> None:
    for k in range(3):
        register_model(store, RewardModel(f"m{k}", "tiny", "", ""))
    assert sorted(m.name for m in list_models(store)) == ["tiny", "tiny-2", "tiny-3"]
    with pytest.raises(StoreError, match=r"no reward model 'big'.*tiny-2"):
        get_model(store, "big")


@given(st.sets(st.sampled_from(["a", "a-2", "a-3", "a-4"])))
def test_a_free_name_is_free(taken: set[str]) -> None:
    assert free_name("a", taken) not in taken


def test_traces_come_back_to_the_last_digit_and_stay_the_first(store: Store, six_pairs: list[str]) -> None:
    awkward = (0.1, -1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, -0.0, 123456789.12345679)
    trace = RewardTrace(six_pairs[0], "chosen", "m", awkward, one_pass=False)
    assert add_traces(store, [trace]) == 1
    assert add_traces(store, [trace, RewardTrace(six_pairs[0], "chosen", "m", (7.0,))]) == 0
    assert traces_of(store, six_pairs[0]) == [trace]
    assert traced_ids(store, "m") == set()
    add_traces(store, [RewardTrace(six_pairs[0], "rejected", "m", (0.0,))])
    assert traced_ids(store, "m") == {six_pairs[0]}


def test_a_reward_that_is_no_number_is_refused(store: Store, six_pairs: list[str]) -> None:
    for bad in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(StoreError, match="finite"):
            add_traces(store, [RewardTrace(six_pairs[0], "chosen", "m", (1.0, bad))])
    assert traces_of(store, six_pairs[0]) == []


def reading(pair_id: str, order: str, label: str = "first", raw: str = "A") -> Reading:
    return Reading(pair_id, "j", "pairwise", label, raw, "h", "local", "m", order=order)  # type: ignore[arg-type]


def test_a_reading_is_kept_as_first_answered_and_a_verdict_as_last(store: Store, six_pairs: list[str]) -> None:
    pair_id = six_pairs[0]
    both = [reading(pair_id, "chosen_first", raw="'}]\x00 {"), reading(pair_id, "rejected_first")]
    step = Reading(pair_id, "c", "checklist", "yes", "yes", "h", "e", "m", branch="chosen", turn=1, p_yes=0.7, tokens_in=5, cost=0.001)
    points = Reading(pair_id, "s", "score", "scored", "Score: 7", "h", "e", "m", branch="chosen", repeat=2, grade=7.0)
    assert add_readings(store, [*both, step, points], [Verdict(pair_id, "j", "pairwise", "flip", 0.0, 2, 0, 1.0)]) == 4
    again = reading(pair_id, "chosen_first", "second", "B")
    newer = Verdict(pair_id, "j", "pairwise", "chosen", 1.0, 4, 1, 0.5)
    assert add_readings(store, [again], [newer]) == 0
    assert readings_of(store, pair_id) == [step, *both, points]
    assert verdicts_of(store, pair_id) == [newer]
    assert read_ids(store, "j") == {r.id for r in both}
    add_readings(store, [], [newer])
    assert store.read("SELECT count(*) FROM lake.verdict_rows") == [(2,)]


def test_votes_leave_out_what_is_no_decision_and_count_it(store: Store, six_pairs: list[str]) -> None:
    values: tuple[VerdictValue, ...] = ("chosen", "rejected", "tie", "flip", "split", "unresolved")
    add_readings(store, [], [Verdict(p, "j", "pairwise", v, None, 2, 0) for p, v in zip(six_pairs, values, strict=True)])
    for k, (choice, left) in enumerate(
        [("left", "rejected"), ("right", "rejected"), ("both_bad", "chosen"), ("skip", "chosen"), ("tie", "chosen")]
    ):
        add_label(store, LabelEvent(f"t{k}", six_pairs[k], "ann", choice, left, True))  # type: ignore[arg-type]
    undo_label(store, six_pairs[4], "ann", "u")
    cast = Counter((v.rater, v.value) for v in votes(store))
    assert cast == {
        ("construction", 1): 6,
        ("judge:j", 1): 1,
        ("judge:j", -1): 1,
        ("judge:j", 0): 3,
        ("person:ann", -1): 1,
        ("person:ann", 1): 1,
        ("person:ann", 0): 1,
    }
    assert excluded_votes(store) == {"judge:j": {"unresolved": 1}, "person:ann": {"skipped": 1, "taken back": 1}}
    assert {v.pair_id for v in votes(store, PairFilter(sources=("a",)))} == set(six_pairs[::2])


def test_construction_has_no_vote_on_a_pair_whose_sides_are_two_systems_answers(store: Store) -> None:
    neutral, built, both = (make_pair(f"Which is better, {k}?") for k in range(3))
    as_votes = [replace(item, origin=replace(item.origin, method="votes")) for item in (neutral, both)]
    again = replace(both, origin=replace(both.origin, source="elsewhere", method="swap"))
    add_pairs(store, [*as_votes, built, again])
    assert {v.pair_id for v in votes(store) if v.rater == "construction"} == {built.pair.id, both.pair.id}


def test_a_models_votes_on_its_training_pairs_are_marked(store: Store, six_pairs: list[str]) -> None:
    register_model(store, RewardModel("m", "tiny", "", "", run_id="r1"))
    write_manifest(store, "r1", [(six_pairs[0], "train"), (six_pairs[1], "validation")])
    for pair_id, margin in zip(six_pairs, (1.0, -2.0, 0.0), strict=False):
        add_traces(store, [RewardTrace(pair_id, "chosen", "m", (margin,)), RewardTrace(pair_id, "rejected", "m", (0.0,))])
    by_pair = {v.pair_id: v for v in votes(store) if v.rater == "model:tiny"}
    assert [by_pair[p].value for p in six_pairs[:3]] == [1, -1, 0]
    assert [by_pair[p].trained_on for p in six_pairs[:3]] == [True, False, False]
    assert all(isinstance(v, Vote) and v.seed_id.startswith("s_") for v in by_pair.values())


def test_evidence_is_what_verdicts_and_traces_say_and_as_new_as_the_index(store: Store, six_pairs: list[str]) -> None:
    pair_id, other_id = six_pairs[:2]
    first = Verdict(pair_id, "j", "pairwise", "flip", 0.25, 2, 1, 1.0)
    add_readings(
        store, [], [first, Verdict(pair_id, "a", "checklist", "unresolved", None, 6, 6), Verdict(other_id, "j", "score", "tie", 0.0, 2, 0)]
    )
    both = [RewardTrace(pair_id, "chosen", "m", (0.5, 1.25)), RewardTrace(pair_id, "rejected", "m", (2.0, -0.1))]
    add_traces(store, [*both, RewardTrace(pair_id, "chosen", "half", (3.0,)), RewardTrace(other_id, "chosen", "m", (9.0,))])
    found = evidence_of(store, pair_id)
    assert found == Evidence(tuple(verdicts_of(store, pair_id)), {"m": 1.25 + 0.1})
    newer = replace(first, value="chosen", n_readings=4)
    add_readings(store, [], [newer])
    assert evidence_of(store, pair_id).verdicts[1] == first
    list_pairs(store, PairFilter())  # looks at the lake
    assert evidence_of(store, pair_id).verdicts[1] == newer
    assert evidence_of(store, six_pairs[2]) == Evidence((), {})
