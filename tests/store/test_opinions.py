"""Disagreement between people, adjudication, repeats of one person, and guidelines."""

import dataclasses
import random

import pytest

from music_core.errors import ConfigError, StoreError
from music_core.evaluate.agreement import agreement_cells
from music_core.evaluate.consistency import consistency
from music_core.guideline import TEXT, VERSION
from music_core.store.connect import Store
from music_core.store.export import export_labels
from music_core.store.guidelines import add_guideline, guidelines
from music_core.store.labels import (
    SaidSoFar,
    add_label,
    all_labels,
    current_label,
    label_history,
    label_of_id,
    labelled_ids,
    newest_standing,
    said_so_far,
    undo_label,
)
from music_core.store.opinions import disagreements, own_round, repeats_given
from music_core.store.queues import PoolPair, QueueHead, create_queue
from music_core.store.votes import votes
from music_core.types import LabelEvent


def say(store: Store, pair_id: str, person: str, choice: str, **more: object) -> str:
    """Store a decision with the chosen branch on the left; its id."""
    made = LabelEvent(f"{len(label_history(store, pair_id))} {pair_id} {person}", pair_id, person, "left", "chosen", True)
    return add_label(store, dataclasses.replace(made, choice=choice, **more)).id  # type: ignore[arg-type]


def again(store: Store, pair_id: str, person: str, choice: str, of: str, **more: object) -> str:
    """Store a repeat of the label `of`."""
    return say(store, pair_id, person, choice, kind="repeat", shown={"repeats": of}, **more)


def test_pairs_on_which_two_people_differ_by_branch_are_disagreements(store: Store, six_pairs: list[str]) -> None:
    a, b, c, d, *_ = six_pairs
    for pair_id, second in ((a, "right"), (b, "left"), (c, "skip"), (d, "both_bad")):
        say(store, pair_id, "ann", "left" if pair_id != d else "tie")
        say(store, pair_id, "bob", second)
    assert disagreements(store) == {a: False}
    say(store, a, "cid", "right", kind="adjudication")
    assert disagreements(store) == {a: True}
    undo_label(store, a, "cid", "u")
    assert disagreements(store) == {a: False}


def test_an_adjudication_is_what_people_say_and_the_plain_majority_stays_to_be_had(store: Store, six_pairs: list[str]) -> None:
    target = six_pairs[0]
    for person, choice in (("ann", "left"), ("bob", "left"), ("cid", "right")):
        say(store, target, person, choice)
    say(store, target, "dan", "right", kind="adjudication")

    def people_with_construction(adjudicated: bool) -> float | None:
        found = votes(store, adjudicated=adjudicated)
        cells = agreement_cells(found, n_boot=0)
        return next(c.agree for c in cells if (c.a, c.b) == ("construction", "people") and c.n)

    assert people_with_construction(adjudicated=True) == 0.0
    say(store, target, "eva", "left")
    assert people_with_construction(adjudicated=True) == 0.0
    assert people_with_construction(adjudicated=False) == 1.0


def test_a_repeat_never_becomes_the_label_and_enters_no_count(store: Store, six_pairs: list[str], tmp_path: object) -> None:
    target = six_pairs[0]
    first = say(store, target, "ann", "left")
    said = votes(store)
    second = again(store, target, "ann", "right", first)
    label = current_label(store, target, "ann")
    assert label is not None
    assert label.id == first
    assert votes(store) == said
    assert [e.event.supersedes for e in label_history(store, target)] == [None, None]
    assert own_round(store, "ann", six_pairs).repeated == {target}
    standing = newest_standing(store, "ann")
    assert standing is not None
    assert standing.id == second


def test_undo_takes_back_the_repeat_and_leaves_the_label(store: Store, six_pairs: list[str]) -> None:
    target = six_pairs[0]
    first = say(store, target, "ann", "left")
    second = again(store, target, "ann", "right", first)
    undo = undo_label(store, target, "ann", "u1")
    assert undo is not None
    assert (undo.event.kind, undo.event.supersedes) == ("repeat", second)
    assert labelled_ids(store, "ann") == {target}
    assert own_round(store, "ann", six_pairs).repeated == frozenset()
    undo_label(store, target, "ann", "u2")
    assert labelled_ids(store, "ann") == set()


def test_repeats_are_held_against_the_label_that_they_repeat_by_branch(store: Store, six_pairs: list[str]) -> None:
    a, b, c, _, _, _ = six_pairs
    firsts = {pair_id: say(store, pair_id, "ann", "left") for pair_id in (a, b, c)}
    again(store, a, "ann", "left", firsts[a])
    again(store, b, "ann", "left", firsts[b], left_branch="rejected")  # the same side of the screen, the other branch
    again(store, c, "ann", "skip", firsts[c])
    say(store, a, "ann", "right")  # what became of the label since does not matter
    (found,) = consistency(repeats_given(store))
    assert (found.person, found.n, found.same, found.n_exchanged, found.same_exchanged) == ("ann", 2, 0.5, 1, 0.0)
    assert repeats_given(store, person="bob") == []


def test_exchanging_the_names_of_the_branches_changes_no_consistency(store: Store, six_pairs: list[str]) -> None:
    for k, pair_id in enumerate(six_pairs):
        first = say(store, pair_id, "ann", "left")
        again(store, pair_id, "ann", ("left", "right", "tie")[k % 3], first, left_branch=("chosen", "rejected")[k % 2])
    found = repeats_given(store)
    turned = [dataclasses.replace(r, first=-r.first, again=-r.again) for r in found]
    assert consistency(turned) == consistency(found)


def test_a_guideline_is_stored_once_under_the_hash_of_its_text(store: Store) -> None:
    version = add_guideline(store, "  Prefer the shorter.\r\nAlways.\n", "ann")
    assert add_guideline(store, "Prefer the shorter.\nAlways.") == version
    assert add_guideline(store, TEXT) == VERSION
    assert guidelines(store) == {VERSION: TEXT, version: "Prefer the shorter.\nAlways."}


@pytest.mark.parametrize("text", ["", " \n", "x" * 50_001])
def test_a_guideline_that_nobody_can_follow_is_refused(store: Store, text: str) -> None:
    with pytest.raises(ConfigError, match="guideline"):
        add_guideline(store, text)


def test_the_name_of_the_queue_that_is_always_there_cannot_be_taken(store: Store, six_pairs: list[str]) -> None:
    with pytest.raises(StoreError, match="already means all pairs on which people disagree"):
        create_queue(store, QueueHead("disagreements", "uniform", 0), [PoolPair(six_pairs[0], 1.0, True)])


def test_an_export_marks_no_repeat_as_current(store: Store, six_pairs: list[str], tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "labels.jsonl"
    first = say(store, six_pairs[0], "ann", "left", turn_marks={2: "left:good right:bad"}, left_branch="rejected")
    again(store, six_pairs[0], "ann", "left", first)
    assert export_labels(store, path) == 2
    import json

    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(r["kind"], r["current"]) for r in rows] == [("label", True), ("repeat", False)]
    assert rows[0]["marks_by_branch"] == {"2": {"rejected": "good", "chosen": "bad"}}


def test_where_a_person_stands_is_the_same_by_the_index_as_by_the_labels(store: Store, six_pairs: list[str]) -> None:
    rng, firsts = random.Random(5), dict[str, str]()
    for k in range(40):
        target, person = rng.choice(six_pairs), rng.choice(["ann", "bob"])
        if rng.random() < 0.3:
            undo_label(store, target, person, f"undo {k}")
        elif target in firsts and person == "ann" and rng.random() < 0.4:
            again(store, target, "ann", rng.choice(["left", "right", "skip"]), firsts[target])
        else:
            found = say(store, target, person, rng.choice(["left", "tie", "skip"]))
            firsts.setdefault(target, found)
        events = [label.event for label in all_labels(store)]
        for who in ("ann", "bob", "nobody"):
            standing = newest_standing(store, who)
            touched = {event.pair_id for event in events if event.person == who}
            newest_id = None if standing is None else standing.id
            assert said_so_far(store, who) == SaidSoFar(frozenset(touched), frozenset(labelled_ids(store, who)), newest_id)
            assert newest_id is None or label_of_id(store, newest_id) == standing
    with pytest.raises(StoreError, match="There is no label"):
        label_of_id(store, "l_gone")
