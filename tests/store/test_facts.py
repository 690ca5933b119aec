"""What reports on bias read: facts, counts of replies, readings, verdicts and labels of many pairs at once."""

import re
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from music_core.evaluate.bias.style import CODE_BLOCK, PATTERNS
from music_core.facts import PairFacts
from music_core.store.connect import Store
from music_core.store.facts import pair_facts, reply_counts, selected_labels, selected_readings, selected_verdicts
from music_core.store.labels import add_label, undo_label
from music_core.store.pairs import PairFilter, add_pairs
from music_core.store.readings import add_readings
from music_core.types import ContrastPair, LabelEvent, Origin, Reading, SourcedPair, TurnRecord, Verdict, conversation
from tests.store.conftest import make_pair


def record(model: str) -> TurnRecord:
    return TurnRecord("chosen", 1, "user", "e", model, "h", {"stop": ['"model":"no"']}, 1, "stop", 1, 1, 0, 0.1)


def item(chosen: list[str], rejected: list[str], text: str = "Hi?", **origin: Any) -> SourcedPair:
    """A pair of replies to one repeated question."""
    sides = [conversation([m for reply in side for m in (("user", text), ("assistant", reply))]) for side in (chosen, rejected)]
    return SourcedPair(ContrastPair(*sides), Origin(**{"source": "a", "locator": text, **origin}))


def test_facts_count_replies_from_the_divergence_on(store: Store) -> None:
    pair = item(["same", "abc", "é\U0001f600"], ["same", "abcdef"])
    add_pairs(store, [pair])
    assert pair_facts(store) == [PairFacts(pair.pair.id, pair.pair.seed.id, pair.pair.seed.split, 3, 2, 5, 6, sources=("a",))]


def test_facts_gather_the_names_of_all_origins(store: Store) -> None:
    pair = item(["x"], ["y"], method="swap", schedule="all", turns=(record("b\ud800"), record('a"b'), record("b\ud800")))
    again = replace(pair, origin=replace(pair.origin, source="0", method="votes", schedule=None, turns=(record("c"),)))
    add_pairs(store, [pair, again])
    (found,) = pair_facts(store)
    assert (found.sources, found.methods, found.schedules) == (("0", "a"), ("swap", "votes"), ("all",))
    assert (found.simulators, found.built) == (('a"b', "b\ud800", "c"), True)


def test_authors_are_known_where_origins_name_them_and_agree(store: Store) -> None:
    def neutral(text: str, sides: Any, **more: Any) -> SourcedPair:
        return item(["x"], ["y"], text, method="votes", meta={"sides": sides, "note": "\ud800"}, **more)

    named, odd = neutral("1", {"chosen": "m\ud800", "rejected": "k"}), neutral("2", ["m", "k"])
    half = neutral("3", {"chosen": "m", "rejected": 3})
    twice = [neutral("4", {"chosen": a, "rejected": "k"}, source=a) for a in ("m", "n")]
    add_pairs(store, [named, odd, half, *twice])
    authors = {f.pair_id: (f.authors, f.built) for f in pair_facts(store)}
    expected = {named.pair.id: ("m\ud800", "k"), odd.pair.id: None, half.pair.id: None, twice[0].pair.id: None}
    assert authors == {pair_id: (sides, False) for pair_id, sides in expected.items()}


def test_only_selected_pairs_are_read(store: Store, six_pairs: list[str]) -> None:
    f = PairFilter(sources=("a",))
    readings = [Reading(p, "j", "pairwise", "first", "raw", "h", "e", "m", order="chosen_first", tokens_in=3) for p in six_pairs]
    decided = [Verdict(p, "j", "pairwise", "chosen", 1.0, 2, 0, 0.5) for p in six_pairs]
    add_readings(store, readings, decided)
    for k, pair_id in enumerate(six_pairs[:3]):
        add_label(store, LabelEvent(f"t{k}", pair_id, "ann", "left", "rejected", True, turn_marks={1: "left"}))
    undo_label(store, six_pairs[2], "ann", "u")
    selected = sorted(six_pairs[::2])
    assert [x.pair_id for x in pair_facts(store, f)] == selected
    assert selected_verdicts(store, f) == sorted(decided[::2], key=lambda v: v.pair_id)
    labels = selected_labels(store, f)
    assert [(e.pair_id, e.choice, e.left_branch) for e in labels] == [
        (p, None if p == six_pairs[2] else "left", "rejected") for p in selected if p != six_pairs[4]
    ]
    assert sorted(reply_counts(store, ["x"], without="y", f=f)) == selected
    found = selected_readings(store, f)
    assert {r.id for r in found} == {r.id for r in readings[::2]}
    assert {(r.raw, r.label, r.order, r.model, r.finish_reason) for r in found} == {("", "first", "chosen_first", "m", "stop")}


def test_an_empty_store_has_no_facts(store: Store) -> None:
    assert (pair_facts(store), selected_readings(store), selected_verdicts(store), selected_labels(store)) == ([], [], [], [])
    assert reply_counts(store, ["x"], without="y") == {}


def counted(replies: list[str]) -> tuple[int, ...]:
    """The same counts by Python's own regular expressions."""
    plain = [re.sub(CODE_BLOCK, "", reply) for reply in replies]
    return (sum(map(len, replies)), *(sum(len(re.findall(p, reply)) for reply in plain) for p in PATTERNS.values()))


MARKDOWN = st.lists(st.sampled_from(["#", "##", " ", "\n", "\t", "- ", "1. ", "**", "__", "*", "b", "```", "x\n", "é"]), max_size=25).map(
    "".join
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.lists(MARKDOWN, min_size=1, max_size=3), st.lists(MARKDOWN, min_size=1, max_size=3)), min_size=4, max_size=12))
def test_property_the_database_counts_markdown_as_python_does(store: Store, sides: list[tuple[list[str], list[str]]]) -> None:
    items = [item(chosen, rejected) for chosen, rejected in sides]
    add_pairs(store, items)
    found = reply_counts(store, tuple(PATTERNS.values()), without=CODE_BLOCK)
    facts = {f.pair_id: (f.chars_chosen, f.chars_rejected) for f in pair_facts(store)}
    for pair in (i.pair for i in items):
        start = max(pair.divergence - 1, 0)
        # The text of a conversation is the first that came with its normalised form, which these texts may share.
        if all(m.content == m.content.strip() for side in (pair.chosen, pair.rejected) for m in side.messages):
            replies = [[m.content for m in side.messages if m.role == "assistant"][start:] for side in (pair.chosen, pair.rejected)]
            assert found[pair.id] == (counted(replies[0]), counted(replies[1]))
            assert facts[pair.id] == (found[pair.id][0][0], found[pair.id][1][0])


def test_a_pair_without_a_divergence_counts_all_its_replies(store: Store) -> None:
    add_pairs(store, [make_pair("q"), item(["**a**", "b"], ["**a**", "b"], "Same?")])
    counts = reply_counts(store, [PATTERNS["bold"]], without=CODE_BLOCK)
    (same,) = (f for f in pair_facts(store) if f.divergence == 0)
    assert counts[same.pair_id] == ((6, 1), (6, 1))
