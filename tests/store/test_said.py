"""The pairs behind a number: a filter by two raters must pass exactly the pairs that the cell of the matrix counted."""

import random
import shutil
from collections.abc import Iterator
from itertools import combinations, permutations
from pathlib import Path
from typing import get_args

import pytest

from jobs.report.slicing import values_of
from music_core.errors import StoreError
from music_core.evaluate.agreement import agreement_cells
from music_core.evaluate.compare import paired_difference
from music_core.evaluate.votes import GROUPS, kind_of, table_of_numbers
from music_core.store.connect import Store, open_store
from music_core.store.facts import pair_facts
from music_core.store.filters import GAPS, Comparison, PairFilter
from music_core.store.info import counts, store_info
from music_core.store.labels import add_labels, undo_label
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs, pair_ids
from music_core.store.readings import add_readings
from music_core.store.runs import pin_snapshot, write_manifest
from music_core.store.said import HELD, RELATIONS, comparable
from music_core.store.traces import add_traces
from music_core.store.votes import vote_columns, votes
from music_core.types import (
    ContrastPair,
    GivenLabel,
    LabelChoice,
    LabelEvent,
    Origin,
    RewardModel,
    RewardTrace,
    Role,
    SourcedPair,
    TurnRecord,
    Verdict,
    VerdictValue,
    Vote,
    conversation,
)

N = 70
PEOPLE = ("Ada", "Ben", 'O\'Neil: "x"')
CHOICES: tuple[LabelChoice, ...] = get_args(LabelChoice)


def record(model: str) -> TurnRecord:
    return TurnRecord("chosen", 1, "assistant", "e", model, "h", {}, 0, "stop", 1, 1, 0, 0.1)


def random_pair(k: int, rng: random.Random) -> SourcedPair:
    """One or two turns, replies of any length, parted at the first or the last; a third has no construction."""
    shared: list[tuple[Role, str]] = [("user", f"Question {k}"), ("assistant", "a" * rng.randrange(30))] * rng.randrange(2)
    texts = ["g" * rng.choice([1, 9, 10, 11, 20, 40]) for _ in range(2)]
    asked: tuple[Role, str] = ("user", f"Question {k // 2}")
    sides = [conversation([*shared, asked, ("assistant", text + end)]) for text, end in zip(texts, "+-", strict=True)]
    method = rng.choice([None, "swap", "votes"])
    turns = tuple(record(m) for m in rng.sample(["m/one", 'é "two"', "three"], rng.randrange(3)))
    return SourcedPair(ContrastPair(*sides), Origin(rng.choice("ab"), str(k), None, method, rng.choice([None, "all", "last"]), turns=turns))


def random_store(home: Path, seed: int) -> Store:
    """Judges, a model with training pairs of its own, and people say anything at all."""
    store, rng = open_store(home), random.Random(seed)
    pairs = [random_pair(k, rng) for k in range(N)]
    add_pairs(store, pairs)
    ids = list(dict.fromkeys(p.pair.id for p in pairs))
    add_pairs(store, [SourcedPair(p.pair, Origin("c", f"again {k}")) for k, p in enumerate(pairs[:9])])
    values: tuple[VerdictValue, ...] = get_args(VerdictValue)
    said = [Verdict(p, j, "pairwise", rng.choice(values), None, 2, 0) for j in ("x", "y", "z") for p in ids if rng.random() < 0.6]
    add_readings(store, [], said)
    for name in ("m1", "m2"):
        run_id = f"train-{name}"
        pin_snapshot(store, run_id)
        write_manifest(store, run_id, [(p, rng.choice(["train", "validation"])) for p in ids if rng.random() < 0.4])
        register_model(store, RewardModel(f"id-{name}", name, "models/x", "base", run_id))
        add_traces(store, [RewardTrace(p, "chosen", f"id-{name}", (float(rng.randrange(3)),)) for p in ids if rng.random() < 0.8])
        add_traces(store, [RewardTrace(p, "rejected", f"id-{name}", (1.0,)) for p in ids])
    events = [
        LabelEvent(
            f"{who} {p}",
            p,
            who,
            rng.choice(CHOICES),
            rng.choice(["chosen", "rejected"]),
            True,
            kind=rng.choice(["label", "label", "label", "adjudication"]),
        )
        for who in PEOPLE
        for p in ids
        if rng.random() < 0.6
    ]
    add_labels(store, [GivenLabel(event) for event in events])
    undo_label(store, events[0].pair_id, events[0].person, "undo")
    return store


@pytest.fixture(scope="module", params=[1, 2])
def any_store(request: pytest.FixtureRequest, empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home = tmp_path_factory.mktemp("said") / "lake"
    shutil.copytree(empty_store, home)
    store = random_store(home, request.param)
    yield store
    store.close()


def listed(store: Store, **values: object) -> set[str]:
    """Ids of the pairs that pass a filter."""
    return set(pair_ids(store, PairFilter(**values)))  # type: ignore[arg-type]


@pytest.mark.parametrize("with_training_pairs", [False, True])
@pytest.mark.parametrize("source", [(), ("a",)])
def test_the_pairs_of_a_cell_are_as_many_as_it_counted(any_store: Store, source: tuple[str, ...], with_training_pairs: bool) -> None:
    said = votes(any_store, PairFilter(sources=source))
    if with_training_pairs:
        said = [Vote(v.pair_id, v.seed_id, v.rater, v.value, final=v.final) for v in said]
    cells = [c for c in agreement_cells(said, n_boot=0) if c.a != c.b]
    assert len(cells) > 20
    assert with_training_pairs or any(c.n_trained_on for c in cells)
    for cell in cells:
        found = {
            relation: listed(any_store, sources=source, compared=Comparison(cell.a, cell.b, relation, None, with_training_pairs))
            for relation in RELATIONS
        }
        n_agree = 0 if cell.agree is None else round(cell.agree * cell.n)
        n_named = 0 if cell.agree_non_tie is None else round(cell.agree_non_tie * cell.n_non_tie)
        expected = {
            "both": cell.n,
            "agree": n_agree,
            "differ": cell.n - n_agree,
            "opposed": cell.n_non_tie - n_named,
            "tie": cell.n - cell.n_non_tie,
        }
        assert {name: len(ids) for name, ids in found.items()} == expected, (cell.a, cell.b)
        assert found["agree"] | found["differ"] == found["both"]
        assert found["opposed"] <= found["differ"]


def test_the_pairs_of_two_raters_against_a_third_are_as_many_as_the_difference_counted(any_store: Store) -> None:
    said = votes(any_store)
    names = sorted({v.rater for v in said} | {"judges", "people"})
    n_seen = 0
    for k, (a, b, reference) in enumerate(permutations(names, 3)):
        # A group is no side beside its own member, and some of all orders says enough.
        if k % 13 or {GROUPS.get(kind_of(r)) for r in (a, b, reference)} & {a, b}:
            continue
        found = paired_difference(said, a, b, reference, n_boot=0)
        counts = {relation: len(listed(any_store, compared=Comparison(a, b, relation, reference))) for relation in HELD}
        assert counts == {"both": found.n, "only_a": found.only_a, "only_b": found.only_b}, (a, b, reference)
        n_seen += 1
    assert n_seen > 15


@pytest.mark.parametrize("group", ["people", "judges"])
def test_a_group_with_itself_lists_pairs_by_whether_any_two_members_differ(any_store: Store, group: str) -> None:
    said: dict[str, list[int]] = {}
    for vote in votes(any_store):
        if GROUPS.get(kind_of(vote.rater)) == group:
            said.setdefault(vote.pair_id, []).append(vote.value)
    several = {p: v for p, v in said.items() if len(v) > 1}
    expected = {
        "both": set(several),
        "agree": {p for p, v in several.items() if len(set(v)) == 1},
        "differ": {p for p, v in several.items() if len(set(v)) > 1},
        "opposed": {p for p, v in several.items() if {-1, 1} <= set(v)},
        "tie": {p for p, v in several.items() if 0 in v},
    }
    assert {relation: listed(any_store, compared=Comparison(group, group, relation)) for relation in RELATIONS} == expected
    (cell,) = [c for c in agreement_cells(votes(any_store), n_boot=0) if (c.a, c.b) == (group, group)]
    assert sum(len(v) * (len(v) - 1) // 2 for v in several.values()) == cell.n


@pytest.mark.parametrize("source", [(), ("a",)])
def test_the_pairs_of_a_slice_are_those_that_it_holds(any_store: Store, source: tuple[str, ...]) -> None:
    facts = pair_facts(any_store, PairFilter(sources=source))
    names = {by: {n for f in facts for n in values_of(f, by)} for by in ("length_gap", "simulator", "schedule", "source")}
    assert len(names["length_gap"]) > 3
    for by, found in names.items():
        for name in found:
            stated = "" if name == "not stated" else name
            f = {"length_gap": {"gaps": (name,)}, "simulator": {"simulators": (stated,)}}.get(by, {"also": ((by, stated),)})
            expected = {fact.pair_id for fact in facts if name in values_of(fact, by)}
            assert listed(any_store, sources=source, **f) == expected, (by, name)
    gap = {f.pair_id: f.chars_chosen - f.chars_rejected for f in facts}
    assert listed(any_store, sources=source, gap_chars=(-10, 4)) == {p for p, n in gap.items() if -10 <= n <= 4}
    longer = listed(any_store, sources=source, compared=Comparison("construction", "longer", "agree"))
    assert longer == {f.pair_id for f in facts if f.built and gap[f.pair_id] > 0}
    assert names["length_gap"] <= set(GAPS)


def test_labels_are_found_by_person_by_what_was_said_and_by_how_many_people(any_store: Store) -> None:
    current = [v for v in votes(any_store) if v.rater.startswith("person:")]
    by_pair: dict[str, set[str]] = {}
    for v in current:
        by_pair.setdefault(v.pair_id, set()).add(v.rater)
    every = listed(any_store)
    for who in PEOPLE:
        own = {v.pair_id: v.value for v in current if v.rater == f"person:{who}"}
        assert listed(any_store, labeller=who) == set(own)
        assert listed(any_store, labeller=who, said=("chosen",)) == {p for p, v in own.items() if v == 1}
        assert listed(any_store, labeller=who, said=("rejected",)) == {p for p, v in own.items() if v == -1}
        ties = {p for p, v in own.items() if v == 0}
        assert listed(any_store, labeller=who, said=("tie", "both_bad")) == ties
        named = [listed(any_store, labeller=who, said=(side,)) for side in ("left", "right")]
        assert named[0] | named[1] == set(own) - ties
        assert not listed(any_store, labeller=who, said=("skip",)) & set(own)
    for low, high in combinations(range(4), 2):
        assert listed(any_store, n_people=(low, high)) == {p for p in every if low <= len(by_pair.get(p, ())) <= high}


def test_what_cannot_be_asked_for_is_refused(any_store: Store) -> None:
    wrong = [
        Comparison("construction", "construction"),
        Comparison("judge:", "people"),
        Comparison("teacher:x", "people"),
        Comparison("judge:x", "people", "only_a"),
        Comparison("judge:x", "people", "differ", "construction"),
        Comparison("judge:x", "judge:x", "both", "construction"),
    ]
    for comparison in wrong:
        assert not comparable(comparison)
        with pytest.raises(StoreError, match="no comparison of raters"):
            listed(any_store, compared=comparison)
    for values in ({"said": ("maybe",)}, {"gaps": ("huge",)}, {"also": (("colour", "x"),)}):
        with pytest.raises(StoreError, match=r"no label|no length gap|cannot be asked"):
            listed(any_store, **values)


def test_raters_that_the_store_does_not_know_have_no_pairs(any_store: Store) -> None:
    for rater in ("judge:gone", "model:gone", "person:gone", "pick:gone"):
        assert listed(any_store, compared=Comparison(rater, "construction", "both")) == set()


@pytest.mark.parametrize("source", [(), ("a",), ("nothing",)])
def test_votes_as_numbers_give_the_same_matrix_as_votes_one_by_one(any_store: Store, source: tuple[str, ...]) -> None:
    f = PairFilter(sources=source)
    found = vote_columns(any_store, f)
    table = table_of_numbers(found.raters, found.rater, found.pair, found.value, found.trained_on, found.final, found.seed)
    assert agreement_cells(table, n_boot=50) == agreement_cells(votes(any_store, f), n_boot=50)


def test_the_index_counts_what_the_lake_holds(any_store: Store) -> None:
    assert counts(any_store) == store_info(any_store)["counts"]
