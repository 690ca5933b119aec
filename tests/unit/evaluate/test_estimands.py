"""Win rates and judge accuracy from a queue's labels."""

from dataclasses import replace

import pytest

from music_core.evaluate.estimands import judge_accuracy, win_rate
from music_core.evaluate.estimate import Answer, Estimate, estimate_mean
from music_core.evaluate.sampling import Draw, draw, uniform
from music_core.types import BranchName, LabelChoice, LabelEvent

IDS = [f"p{i:02d}" for i in range(60)]
DRAWS = draw(uniform(IDS, 40), seed=1)
SEED_OF = {pair_id: f"s{i // 2}" for i, pair_id in enumerate(IDS)}
SCORES: dict[str, float | None] = {pair_id: (-1.0, 0.0, 0.5, 1.0)[i % 4] for i, pair_id in enumerate(IDS)}
SAID = {pair_id: (-1, 0, 1)[i % 3] for i, pair_id in enumerate(IDS)}
CHOICES: tuple[LabelChoice, ...] = ("left", "right", "tie", "both_bad", "left", "left", "skip")


def label(pair_id: str, choice: LabelChoice | None, left: BranchName = "chosen", person: str = "ann") -> LabelEvent:
    return LabelEvent(f"{person}-{pair_id}-{choice}", pair_id, person, choice, left, blind=True, queue="q")


LABELS = [label(d.pair_id, CHOICES[i % len(CHOICES)], ("chosen", "rejected")[i % 2]) for i, d in enumerate(d for d in DRAWS if d.drawn)]


def wins(side: BranchName = "chosen", labels: list[LabelEvent] = LABELS) -> Estimate:
    return win_rate(DRAWS, SEED_OF, SCORES, labels, side=side, n_boot=200)


def test_a_win_rate_counts_a_win_one_and_a_tie_one_half() -> None:
    value = {"chosen": 1.0, "tie": 0.5, "rejected": 0.0}
    answers = [Answer(e.pair_id, None if e.value is None else value[e.value]) for e in LABELS]
    predictions = {i: (1 + (s or 0.0)) / 2 for i, s in SCORES.items()}
    found = wins()
    assert found == estimate_mean(DRAWS, SEED_OF, predictions, answers, n_boot=200)
    assert found.n_skipped == sum(e.choice == "skip" for e in LABELS) > 0


def test_the_win_rates_of_both_sides_add_up_to_one() -> None:
    chosen, rejected = wins("chosen"), wins("rejected")
    assert chosen.estimate is not None and rejected.estimate is not None
    assert chosen.interval is not None and rejected.interval is not None
    assert chosen.estimate + rejected.estimate == pytest.approx(1)
    assert chosen.interval[0] + rejected.interval[1] == pytest.approx(1)


def test_a_systems_win_rate_does_not_depend_on_which_branch_it_wrote() -> None:
    side_of: dict[str, BranchName] = {i: "rejected" if k % 3 == 0 else "chosen" for k, i in enumerate(IDS)}
    scores = {i: -(s or 0.0) if side_of[i] == "rejected" else s for i, s in SCORES.items()}
    swapped: dict[BranchName, BranchName] = {"chosen": "rejected", "rejected": "chosen"}
    labels = [replace(e, left_branch=swapped[e.left_branch]) if side_of[e.pair_id] == "rejected" else e for e in LABELS]
    assert win_rate(DRAWS, SEED_OF, scores, labels, side=side_of, n_boot=200) == wins()
    with pytest.raises(ValueError, match="has no side"):
        win_rate(DRAWS, SEED_OF, scores, labels, side={})


def test_an_undone_label_says_nothing() -> None:
    undone = label(LABELS[0].pair_id, None)
    assert wins(labels=[undone, *LABELS[1:]]) == wins(labels=LABELS[1:])


def test_pairs_without_a_verdict_are_predicted_a_tie_and_counted() -> None:
    fewer = {i: s for i, s in SCORES.items() if i not in IDS[:5]} | {IDS[5]: None}
    found = win_rate(DRAWS, SEED_OF, fewer, LABELS, n_boot=200)
    as_tie = win_rate(DRAWS, SEED_OF, SCORES | dict.fromkeys(IDS[:6], 0.0), LABELS, n_boot=200)
    assert found == as_tie.with_note("6 pairs without a verdict are predicted a tie.")
    with pytest.raises(ValueError, match="the score of p00 is 2"):
        win_rate(DRAWS, SEED_OF, {IDS[0]: 2.0}, LABELS)


def test_accuracy_is_the_share_of_labels_equal_to_what_the_judge_said() -> None:
    found = judge_accuracy(DRAWS, SEED_OF, SAID, LABELS, n_boot=200)
    value = {"chosen": 1, "tie": 0, "rejected": -1}
    right = [value[e.value] == SAID[e.pair_id] for e in LABELS if e.value is not None]
    assert found.lam == 0.0
    assert found.estimate == found.classical == pytest.approx(sum(right) / len(right))


def test_accuracy_does_not_depend_on_the_names_of_the_branches() -> None:
    swapped: dict[BranchName, BranchName] = {"chosen": "rejected", "rejected": "chosen"}
    turned = [replace(e, left_branch=swapped[e.left_branch]) for e in LABELS]
    expected = {i: 0.3 + 0.4 * (k % 5 == 0) for k, i in enumerate(IDS)}
    plain = judge_accuracy(DRAWS, SEED_OF, SAID, LABELS, expected=expected, n_boot=200)
    assert judge_accuracy(DRAWS, SEED_OF, {i: -v for i, v in SAID.items()}, turned, expected=expected, n_boot=200) == plain


def test_people_who_differ_make_a_judge_partly_right() -> None:
    one = [Draw("a", 1.0, drawn=True)]
    both = [label("a", "left"), label("a", "right", person="bob")]
    assert judge_accuracy(one, {"a": "s"}, {"a": 1}, both).estimate == 0.5


def test_pairs_about_which_a_judge_said_nothing_are_left_out_and_counted() -> None:
    fewer = {i: v for i, v in SAID.items() if i not in IDS[:7]}
    found = judge_accuracy(DRAWS, SEED_OF, fewer, LABELS, n_boot=200)
    kept = [d for d in DRAWS if d.pair_id in fewer]
    alone = judge_accuracy(kept, SEED_OF, fewer, [e for e in LABELS if e.pair_id in fewer], n_boot=200)
    assert found == replace(alone, n_excluded=7, note=f"{alone.note} 7 pairs about which nothing was said are left out.".strip())


def test_a_good_guess_at_where_a_judge_is_right_narrows_the_interval() -> None:
    ids = [f"p{i:04d}" for i in range(1000)]
    draws = draw(uniform(ids, 250), seed=0)
    labels = [label(d.pair_id, "left" if int(d.pair_id[1:]) % 10 < 7 else "right") for d in draws if d.drawn]
    said = dict.fromkeys(ids, 1)
    sure = {i: 0.9 if int(i[1:]) % 10 < 6 else 0.2 for i in ids}
    plain, helped = (judge_accuracy(draws, {i: i for i in ids}, said, labels, expected=e, n_boot=300) for e in (None, sure))
    assert plain.interval is not None and helped.interval is not None
    assert helped.interval[1] - helped.interval[0] < 0.75 * (plain.interval[1] - plain.interval[0])
    with pytest.raises(ValueError, match="the expected chance of p0000 is"):
        judge_accuracy(draws, {}, said, labels, expected={"p0000": 1.5})
