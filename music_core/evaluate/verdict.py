"""Readings of one judge on one pair, resolved to one verdict. Readings go by position, verdicts by branch."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from music_core.types import BranchName, Reading, ReadingKind, Verdict, VerdictValue

# Two branches whose mean P(yes) differ by less are alike.
TIE_MARGIN = 0.05


def sign(reading: Reading) -> int | None:
    """A pairwise reading by branch: +1 chosen, 0 tie, -1 rejected; None when unparsed."""
    if reading.label == "tie":
        return 0
    if reading.label not in ("first", "second"):
        return None
    return 1 if (reading.label == "first") == (reading.order == "chosen_first") else -1


def resolve(pair_id: str, judge: str, kind: ReadingKind, readings: Sequence[Reading], *, tie_margin: float = TIE_MARGIN) -> Verdict:
    """The verdict of `readings` (all of one kind, one judge, one pair); their order does not matter.

    Unparsed readings, a missing order (pairwise) or a branch without readings (checklist) leave it unresolved.
    """
    if kind == "checklist":
        return _resolve_checklist(pair_id, judge, readings, tie_margin)
    return _resolve_pairwise(pair_id, judge, readings)


def _resolve_pairwise(pair_id: str, judge: str, readings: Sequence[Reading]) -> Verdict:
    """Same sign: that side. All 0: tie. Plus and minus: flip. 0 beside one sign: split."""
    signs = [s for r in readings if (s := sign(r)) is not None]
    n_unparsed = len(readings) - len(signs)
    first_rate = fmean(r.label == "first" for r in readings if r.label != "unparsed") if signs else None
    whole = n_unparsed == 0 and {r.order for r in readings} == {"chosen_first", "rejected_first"}
    value = _of_signs(set(signs)) if whole else "unresolved"
    return Verdict(pair_id, judge, "pairwise", value, fmean(signs) if whole else None, len(readings), n_unparsed, first_rate)


def _of_signs(signs: set[int]) -> VerdictValue:
    by_signs: Mapping[frozenset[int], VerdictValue] = {
        frozenset({1}): "chosen",
        frozenset({-1}): "rejected",
        frozenset({0}): "tie",
        frozenset({0, 1}): "split",
        frozenset({0, -1}): "split",
    }
    return by_signs.get(frozenset(signs), "flip")


def _resolve_checklist(pair_id: str, judge: str, readings: Sequence[Reading], tie_margin: float) -> Verdict:
    """The branch with the higher mean P(yes) over its turns, or a tie within `tie_margin`."""
    n_unparsed = sum(r.label == "unparsed" for r in readings)
    chosen, rejected = _shares_of_yes(readings, "chosen"), _shares_of_yes(readings, "rejected")
    if n_unparsed or not chosen or not rejected:
        return Verdict(pair_id, judge, "checklist", "unresolved", None, len(readings), n_unparsed)
    # Sorted: the last bit of a sum must not depend on the order in which replies came in.
    score = fmean(sorted(chosen)) - fmean(sorted(rejected))
    value: VerdictValue = "tie" if abs(score) < tie_margin else "chosen" if score > 0 else "rejected"
    return Verdict(pair_id, judge, "checklist", value, score, len(readings), 0)


def _shares_of_yes(readings: Sequence[Reading], branch: BranchName) -> list[float]:
    """P(yes) per turn; the bare word counts 1 or 0 where there is no probability."""
    return [r.p_yes if r.p_yes is not None else float(r.label == "yes") for r in readings if r.branch == branch]
