"""Picks, couples and pairs of Best-of-N."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.best_of_n import Meeting, couples, meetings, pick, sourced_pairs
from music_core.evaluate.selectors import BASELINES, FIRST, LONGEST, RANDOM, baseline, best
from music_core.types import NEUTRAL_METHODS
from tests.unit.evaluate.bon import candidates, met, picked, prompt, talk

TEXTS = ("Yes.", "Yes, of course you can do that.", "No.", "Perhaps, if it rains.")
SCORES = st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False, width=16), min_size=1, max_size=8)


def test_the_best_is_the_highest_the_first_of_equal_ones_and_never_one_without_a_score() -> None:
    assert best([0.5, 2.0, 1.0]) == (1, False)
    assert best([2.0, None, 2.0]) == (0, True)
    assert best([None, -3.0]) == (1, False)
    assert best([None, float("nan")]) is None
    assert best([]) is None


def test_longest_takes_the_most_text_of_the_assistant_and_first_the_first_drawn() -> None:
    everything = [c.conversation for c in candidates(1, *TEXTS)]
    assert best(baseline(LONGEST, 0)(everything)) == (1, False)
    assert best(baseline(FIRST, 0)(everything)) == (0, True)


def test_random_depends_on_seed_and_text_alone_and_takes_every_place_about_equally_often() -> None:
    scorer = baseline(RANDOM, 7)
    taken = [0, 0, 0, 0]
    for n in range(400):
        everything = [c.conversation for c in candidates(n, *TEXTS)]
        assert scorer(everything) == scorer(everything[::-1])[::-1]
        top = best(scorer(everything))
        assert top is not None
        taken[top.at] += 1
    # 100 expected of each place, standard deviation 8.7: four of them are allowed.
    assert all(65 <= n <= 135 for n in taken)
    assert scorer([talk(1, "Yes.")]) != baseline(RANDOM, 8)([talk(1, "Yes.")])
    assert set(BASELINES) == {RANDOM, LONGEST, FIRST}
    with pytest.raises(KeyError):
        baseline("none", 0)


@given(SCORES, st.sets(st.integers(1, 8), min_size=1))
def test_property_a_pick_among_n_sees_the_first_n_alone(scores: list[float | None], ns: set[int]) -> None:
    pool = candidates(1, *(f"Reply {i}." for i in range(len(scores))))
    found = {p.n: p for p in pick("s", "c", "A", pool, scores, sorted(ns))}
    for n in ns:
        alone = pick("s", "c", "A", pool[:n], scores[:n], [n])
        assert ([found[n]] if n in found else []) == alone
        known = [s for s in scores[:n] if s is not None]
        assert (n in found) == (len(scores) >= n and bool(known))
        if n in found:
            assert scores[found[n].indexes[0]] == max(known)


def test_a_pick_names_the_draw_and_not_the_place_in_the_pool() -> None:
    pool = (candidates(1, *TEXTS)[0], candidates(1, *TEXTS)[3])
    (found,) = pick("s", "c", "A", pool, [0.0, 1.0], [2])
    assert found.indexes == (3,)
    assert pick("s", "c", "A", pool, [0.0, 1.0], [4]) == []


def test_two_selectors_meet_where_both_have_a_pick_of_the_same_prompt_mode_and_n() -> None:
    picks = [picked("A", 1, "Yes."), picked("A", 2, "Yes."), picked("B", 1, "No."), picked("B", 2, "No.", n=2), picked("C", 2, "Yes.")]
    found = meetings(picks, [("A", "B"), ("A", "C"), ("B", "nobody")])
    assert [(m.a.selector, m.b.selector, m.a.seed_id) for m in found] == [("A", "B", prompt(1).id), ("A", "C", prompt(2).id)]
    assert [m.same for m in found] == [False, True]


@given(st.sampled_from(TEXTS), st.sampled_from(TEXTS))
def test_property_a_couple_is_one_pair_whoever_picked_which(one: str, other: str) -> None:
    here = met(1, one, other)
    there = Meeting(here.b, here.a)
    assert here.same == there.same == (one == other)
    assert here.pair == there.pair
    assert {here.pair.chosen.id, here.pair.rejected.id} == {talk(1, one).id, talk(1, other).id}
    for meeting in (here, there):
        side = meeting.pair.chosen if meeting.a_side == "chosen" else meeting.pair.rejected
        assert side == meeting.a.conversation
        assert {b: p.conversation for b, p in meeting.sides.items()} == {"chosen": here.pair.chosen, "rejected": here.pair.rejected}
    assert one == other or here.a_side != there.a_side


def test_a_couple_that_meets_again_is_stored_once_with_whose_side_is_whose_each_time() -> None:
    here = met(1, "Yes.", "No.", n=2)
    turned = met(1, "No.", "Yes.", n=4)
    same = met(1, "Yes.", "Yes.", n=8)
    other = met(2, "Yes.", "No.")
    assert {k: len(v) for k, v in couples([here, turned, same, other]).items()} == {here.pair.id: 2, other.pair.id: 1}
    stored = sourced_pairs([here, turned, same, other], source="trial", run_id="r", meta={"turns": 1})
    assert [s.pair.id for s in stored] == [here.pair.id, other.pair.id]
    origin = stored[0].origin
    assert (origin.method, origin.source, origin.run_id) == ("best_of_n", "trial", "r")
    assert origin.method in NEUTRAL_METHODS
    assert origin.meta["turns"] == 1
    assert [m["n"] for m in origin.meta["meetings"]] == [2, 4]
    for meeting, written in zip((here, turned), origin.meta["meetings"], strict=True):
        own, others = ("chosen", "rejected") if meeting.a_side == "chosen" else ("rejected", "chosen")
        assert written["sides"] == {own: "A", others: "B"}
        assert written["candidates"] == ([[1], [2]] if own == "chosen" else [[2], [1]])
    assert {k: origin.meta[k] for k in ("sides", "n", "candidates")} == {
        k: origin.meta["meetings"][0][k] for k in ("sides", "n", "candidates")
    }


def test_a_meeting_written_down_leads_to_its_pair_and_draws() -> None:
    meeting = met(1, "Yes.", "No.")
    row = meeting.as_dict()
    assert row["pair_id"] == meeting.pair.id
    assert row["candidates"] == {"a": [1], "b": [2]}
    assert row["conversations"] == {"a": talk(1, "Yes.").id, "b": talk(1, "No.").id}
    assert met(1, "Yes.", "Yes.").as_dict()["pair_id"] is None
