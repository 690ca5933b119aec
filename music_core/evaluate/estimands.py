"""What is asked of a queue of labels: a side's win rate, and how often a judge agrees with people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from music_core.evaluate.estimate import Answer, Estimate, estimate_mean
from music_core.evaluate.sampling import Draw
from music_core.types import BranchName, LabelEvent, VerdictValue

_SIGN: Mapping[BranchName, int] = {"chosen": 1, "rejected": -1}
_VALUE: Mapping[VerdictValue, int] = {"chosen": 1, "tie": 0, "rejected": -1}


def win_rate(
    draws: Sequence[Draw],
    seed_of: Mapping[str, str],
    scores: Mapping[str, float | None],
    labels: Iterable[LabelEvent],
    *,
    side: BranchName | Mapping[str, BranchName] = "chosen",
    seed: int = 0,
    n_boot: int = 1000,
) -> Estimate:
    """How often people prefer a side over the pool, a tie counting one half.

    `scores` are verdicts or models' views from −1 (rejected) to 1 (chosen); a pair without one is predicted a tie, which
    costs width and no bias. `labels` are current labels. `side` is a branch, or for the win rate of a system the branch
    that it wrote, pair by pair.

    Raises:
        ValueError: a score outside [−1, 1], a pair without a side, or as in `estimate_mean`.
    """
    sign_of = _signs(draws, side)
    predictions: dict[str, float] = {}
    for pair_id, sign in sign_of.items():
        score = scores.get(pair_id) or 0.0
        if not -1 <= score <= 1:
            raise ValueError(f"the score of {pair_id} is {score}, not a number in [-1, 1]")
        predictions[pair_id] = (1 + sign * score) / 2
    values = ((e.pair_id, _said(e)) for e in labels if e.choice is not None)
    answers = [Answer(pair_id, None if v is None else (1 + sign_of.get(pair_id, 1) * v) / 2) for pair_id, v in values]
    found = estimate_mean(draws, seed_of, predictions, answers, seed=seed, n_boot=n_boot)
    n_missing = sum(scores.get(pair_id) is None for pair_id in sign_of)
    return found.with_note(f"{n_missing} pairs without a verdict are predicted a tie.") if n_missing else found


def judge_accuracy(
    draws: Sequence[Draw],
    seed_of: Mapping[str, str],
    said: Mapping[str, int],
    labels: Iterable[LabelEvent],
    *,
    expected: Mapping[str, float] | None = None,
    seed: int = 0,
    n_boot: int = 1000,
) -> Estimate:
    """How often people's labels equal what a judge or model said (−1, 0 or 1 by branch), a tie equal to a tie.

    Pairs of the pool about which it said nothing are no part of the question: left out and counted in `n_excluded`.
    `expected` predicts the chance in [0, 1] that it is right, for instance the share of other judges that say the same; where it is
    missing, or for pairs without it, predictions do not help. Several labels of one pair count as their mean.

    Raises:
        ValueError: an expected chance outside [0, 1], or as in `estimate_mean`.
    """
    used = [d for d in draws if d.pair_id in said]
    chances = dict(expected or {})
    for pair_id, chance in chances.items():
        if not 0 <= chance <= 1:
            raise ValueError(f"the expected chance of {pair_id} is {chance}, not a number in [0, 1]")
    known = [chances[d.pair_id] for d in used if d.pair_id in chances]
    neutral = sum(sorted(known)) / len(known) if known else 0.0
    predictions = {d.pair_id: chances.get(d.pair_id, neutral) for d in used}
    in_pool = {d.pair_id for d in draws}
    values = [(e.pair_id, _said(e)) for e in labels if e.choice is not None and (e.pair_id in said or e.pair_id not in in_pool)]
    answers = [Answer(pair_id, None if v is None else float(v == said.get(pair_id))) for pair_id, v in values]
    found = estimate_mean(used, seed_of, predictions, answers, seed=seed, n_boot=n_boot)
    return _excluding(found, len(draws) - len(used))


def _excluding(found: Estimate, n: int) -> Estimate:
    if n == 0:
        return found
    return replace(found, n_excluded=n).with_note(f"{n} pairs about which nothing was said are left out.")


def _said(event: LabelEvent) -> int | None:
    value = event.value
    return None if value is None else _VALUE[value]


def _signs(draws: Sequence[Draw], side: BranchName | Mapping[str, BranchName]) -> dict[str, int]:
    if isinstance(side, str):
        return {d.pair_id: _SIGN[side] for d in draws}
    for d in draws:
        if d.pair_id not in side:
            raise ValueError(f"{d.pair_id} of the pool has no side")
    return {d.pair_id: _SIGN[side[d.pair_id]] for d in draws}
