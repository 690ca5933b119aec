"""Readings of one judge on one pair, resolved to one verdict. Readings go by position, verdicts by branch.

A question that was asked several times (`Reading.repeat`) counts once: it has an answer when more than half of its
repeats were parsed, so that with one repeat every unparsed reading leaves the pair unresolved, and with several a
judge that mostly says nothing is not decided by the rest.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from music_core.evaluate.scale import MAX_POINTS, MIN_POINTS
from music_core.types import BRANCHES, BranchName, Order, Reading, ReadingKind, Verdict, VerdictValue

_Asked = tuple[Order | None, BranchName | None, int | None]

# Two branches whose mean P(yes) differ by less are alike.
TIE_MARGIN = 0.05
# Two branches whose mean points differ by less are alike: one point between two single scores is a difference.
POINTS_MARGIN = 0.5


def sign(reading: Reading) -> int | None:
    """A pairwise reading by branch: +1 chosen, 0 tie, -1 rejected; None when unparsed."""
    if reading.label == "tie":
        return 0
    if reading.label not in ("first", "second"):
        return None
    return 1 if (reading.label == "first") == (reading.order == "chosen_first") else -1


def graded(reading: Reading) -> float | None:
    """A pairwise reading by branch in [-1, 1]: its sign, halved where the judge said 'slightly'; None when unparsed."""
    side = sign(reading)
    return None if side is None else side * (1.0 if reading.grade is None else reading.grade)


def resolve(pair_id: str, judge: str, kind: ReadingKind, readings: Sequence[Reading], *, tie_margin: float | None = None) -> Verdict:
    """The verdict of `readings` (all of one kind, one judge, one pair); their order does not matter.

    A question without an answer, a missing order (pairwise) or a branch without readings (the others) leave it unresolved.
    `tie_margin` is in P(yes) for the checklist (default `TIE_MARGIN`), in points for scores (default `POINTS_MARGIN`).
    """
    if kind == "pairwise":
        return _resolve_pairwise(pair_id, judge, readings)
    if kind == "checklist":
        return _resolve_branches(pair_id, judge, kind, readings, TIE_MARGIN if tie_margin is None else tie_margin, 1.0)
    width = float(MAX_POINTS - MIN_POINTS)
    return _resolve_branches(pair_id, judge, kind, readings, POINTS_MARGIN if tie_margin is None else tie_margin, width)


def _resolve_pairwise(pair_id: str, judge: str, readings: Sequence[Reading]) -> Verdict:
    """Same sign: that side. All 0: tie. Plus and minus: flip. 0 beside one sign: split."""
    values = [(r, g) for r in readings if (g := graded(r)) is not None]
    n_unparsed = len(readings) - len(values)
    first_rate = fmean(r.label == "first" for r, _ in values) if values else None
    answers = _answers(readings, values)
    if answers is None or {order for order, _, _ in answers} != {"chosen_first", "rejected_first"}:
        return Verdict(pair_id, judge, "pairwise", "unresolved", None, len(readings), n_unparsed, first_rate)
    value = _of_signs({_most(said) for said in answers.values()})
    score = _mean(_mean(said) for said in answers.values())
    return Verdict(pair_id, judge, "pairwise", value, score, len(readings), n_unparsed, first_rate)


def _of_signs(signs: set[int]) -> VerdictValue:
    by_signs: Mapping[frozenset[int], VerdictValue] = {
        frozenset({1}): "chosen",
        frozenset({-1}): "rejected",
        frozenset({0}): "tie",
        frozenset({0, 1}): "split",
        frozenset({0, -1}): "split",
    }
    return by_signs.get(frozenset(signs), "flip")


def _resolve_branches(pair_id: str, judge: str, kind: ReadingKind, readings: Sequence[Reading], tie_margin: float, width: float) -> Verdict:
    """The branch with the higher mean over its questions, or a tie within `tie_margin`; the score is the difference over `width`."""
    values = [(r, v) for r in readings if (v := _amount(r)) is not None]
    n_unparsed = len(readings) - len(values)
    answers = _answers(readings, values)
    means = {} if answers is None else {b: [_mean(said) for (_, side, _), said in answers.items() if side == b] for b in BRANCHES}
    if not means or not all(means.values()):
        return Verdict(pair_id, judge, kind, "unresolved", None, len(readings), n_unparsed)
    difference = _mean(means["chosen"]) - _mean(means["rejected"])
    value: VerdictValue = "tie" if abs(difference) < tie_margin else "chosen" if difference > 0 else "rejected"
    return Verdict(pair_id, judge, kind, value, difference / width, len(readings), n_unparsed)


def _amount(reading: Reading) -> float | None:
    """P(yes), the bare word as 1 or 0 where there is no probability; or points. None when unparsed."""
    if reading.label == "scored":
        return reading.grade
    if reading.label not in ("yes", "no"):
        return None
    return reading.p_yes if reading.p_yes is not None else float(reading.label == "yes")


def _answers(readings: Sequence[Reading], values: Sequence[tuple[Reading, float]]) -> dict[_Asked, list[float]] | None:
    """The values of every question over its repeats; None when a question has no answer."""
    n_asked = Counter(_asked(r) for r in readings)
    said: dict[_Asked, list[float]] = {asked: [] for asked in n_asked}
    for reading, value in values:
        said[_asked(reading)].append(value)
    return said if all(2 * len(said[asked]) > n for asked, n in n_asked.items()) else None


def _asked(reading: Reading) -> _Asked:
    return reading.order, reading.branch, reading.turn


def _most(said: Iterable[float]) -> int:
    """The sign of most values; 0 where none is more frequent than all others."""
    counts = Counter((v > 0) - (v < 0) for v in said).most_common(2)
    return 0 if len(counts) > 1 and counts[0][1] == counts[1][1] else counts[0][0]


def _mean(values: Iterable[float]) -> float:
    """The mean; of sorted values, since the last bit of a sum must not depend on the order in which replies came in."""
    return fmean(sorted(values))
