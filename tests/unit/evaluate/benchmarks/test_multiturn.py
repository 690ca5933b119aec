"""The multi-turn suite against sums done by hand."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.benchmarks.catalogue import run_benchmark
from music_core.evaluate.benchmarks.multiturn import Candidate, candidate_items
from music_core.types import ContrastPair, conversation
from tests.unit.evaluate.benchmarks.rows import FEW, reward_in_text, values


def pair(chosen: float, rejected: float, *, turns: int = 2, divergence: int = 0, opening: str = "Hi", tail: int = 0) -> ContrastPair:
    """Sides of `turns` turns that part at `divergence` (0: the last); their last replies begin with their rewards."""
    sides = []
    for name, reward in (("good", chosen), ("bad", rejected)):
        messages: list[dict[str, str]] = []
        for turn in range(1, turns + 1):
            own = name if divergence and divergence <= turn else "same"
            messages += [{"role": "user", "content": f"{opening} {turn}"}, {"role": "assistant", "content": f"{own} {turn}"}]
        messages[-1]["content"] = f"{reward} {name}" + (" padding" * tail if name == "good" else "")
        sides.append(conversation(messages))
    return ContrastPair(sides[0], sides[1])


def candidate(suite: str, made: ContrastPair, method: str | None = None, votes: Sequence[int] = ()) -> Candidate:
    return Candidate(made.id, suite, made, method, votes)


def report_of(candidates: Sequence[Candidate], **more: Any) -> dict[str, Any]:
    found = candidate_items(candidates, **more)
    return {**run_benchmark("multiturn", found.items, reward_in_text, draws=FEW), "rows": found.rows, "dropped": dict(found.dropped)}


# mt-bench: people prefer the second (right: 3 > 2), the first (wrong: 1 < 2), and the first (equal rewards: 1/2). (1 + 0 + 1/2) / 3.
# hh: one right, parted in the last of three turns. Mean of the suites (1/2 + 1) / 2.
CANDIDATES = (
    candidate("mt-bench", pair(2, 3, divergence=1, opening="a"), "votes", (-1, -1, 1)),
    candidate("mt-bench", pair(1, 2, divergence=1, opening="b"), "votes", (1, 0)),
    candidate("mt-bench", pair(2, 2, divergence=1, opening="c"), "votes", (1,)),
    candidate("hh", pair(2, 1, turns=3, opening="d", tail=5)),
)


def test_suites_weigh_the_same_and_people_decide_between_two_systems() -> None:
    report = report_of(CANDIDATES)
    assert values(report) == pytest.approx({"hh": 1.0, "mt-bench": 0.5, "all pairs": 2.5 / 4})
    assert report["overall"]["value"] == pytest.approx(0.75)
    assert next(f for f in report["sections"] if f["name"] == "mt-bench")["n_ties"] == 1


def test_accuracy_is_shown_by_turns_by_parting_and_by_length() -> None:
    report = report_of(CANDIDATES)
    parts = values(report, "parts")
    assert parts["turns: 2"] == parts["sides part in turn 1"] == parts["sides part before the last turn"] == pytest.approx(0.5)
    assert parts["turns: 3"] == parts["sides part in turn 3"] == parts["sides part in the last turn"] == 1.0
    assert parts["better side by people's votes"] == pytest.approx(0.5)
    assert parts["better side much longer"] == 1.0
    assert sum(f["n"] for f in report["parts"]) == 5 * 4
    assert [f["n"] for f in report["tables"]["by_suite"]["mt-bench"]["turns"]] == [3]


@pytest.mark.parametrize(
    ("better", "worse", "bucket"),
    [(100, 100, "about as long"), (100, 91, "about as long"), (100, 80, "better side longer"), (100, 40, "better side much longer"),
     (80, 100, "better side shorter"), (40, 100, "better side much shorter")],
)  # fmt: skip
def test_length_counts_what_comes_after_the_parting(better: int, worse: int, bucket: str) -> None:
    shared = [("user", "x" * 500), ("assistant", "y" * 500), ("user", "z")]
    sides = [conversation([{"role": r, "content": c} for r, c in [*shared, ("assistant", t)]]) for t in ("b" * better, "w" * worse)]
    found = candidate_items([candidate("s", ContrastPair(sides[0], sides[1]))])
    assert found.items[0].facts["gap"] == bucket


def test_what_is_left_out_is_counted() -> None:
    used, trained = pair(2, 1, opening="u"), pair(2, 1, opening="t")
    found = candidate_items(
        [
            candidate("s", used),
            candidate("s", used),
            candidate("s", trained),
            candidate("s", pair(2, 1, turns=1)),
            candidate("s", pair(2, 1, opening="v"), "votes"),
            candidate("s", pair(2, 1, opening="w"), "best_of_n", (1, -1)),
            candidate("s", ContrastPair(used.chosen, used.chosen)),
        ],
        trained_on=frozenset({trained.id}),
    )
    assert found.rows == 7
    assert found.dropped == {
        "repeated row": 1,
        "the model was trained on it": 1,
        "fewer turns than asked for": 1,
        "nobody has voted": 1,
        "votes are tied": 1,
        "the sides do not differ": 1,
    }


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-2, 2), st.integers(1, 3)), min_size=1, max_size=8))
def test_property_which_side_is_called_chosen_changes_nothing_where_people_decide(drawn: list[tuple[int, int, int, int]]) -> None:
    mine, turned = [], []
    for n, (a, b, votes, turns) in enumerate(drawn):
        made = pair(a, b, turns=turns, divergence=1, opening=str(n))
        mine.append(candidate("s", made, "votes", (votes,)))
        turned.append(candidate("s", ContrastPair(made.rejected, made.chosen), "votes", (-votes,)))
    ours, theirs = report_of(mine, min_turns=1), report_of(turned, min_turns=1)
    assert ours == theirs
