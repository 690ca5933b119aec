"""One rater's report: what pulls it, how often it answers, and how often it is right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from music_core.evaluate.bias.cases import NOTHING_SAID, Pairs, Said, StyleCounts, most_people
from music_core.evaluate.bias.figures import Boot, Counts, Figure, Group, Mask, missing, share, shifted
from music_core.evaluate.bias.own_model import Comparison, ModelsAt, no_comparison, own_simulator, self_preference
from music_core.evaluate.bias.pull import Pull, no_pull, pull
from music_core.evaluate.bias.slices import GAPS, Slices, by_all, by_bucket
from music_core.evaluate.bias.style import StyleAdjusted, style_adjusted
from music_core.evaluate.question import NOT_ASKED
from music_core.evaluate.votes import MISSING, kind_of
from music_core.types import LabelEvent, Reading, Verdict

_NO_POSITION = {
    "model": "A reward model reads one conversation at a time, so there is no position.",
    "judge": "No pairwise reading named a side. A checklist judge reads one conversation at a time, so it has no position.",
    "person": "No label names a side.",
}
_NOT_A_JUDGE = "Only a judge answers in words and has a model of its own."


@dataclass(frozen=True, slots=True)
class RaterReport:
    """All figures of one rater. `kind` is judge, model or person; `models` are the models that answered for a judge.

    `n_votes` counts pairs with a vote, `n_decisive` those where it names a side; `n_trained_on` votes on a model's own
    training pairs, which are left out; `n_unresolved` verdicts that are no vote; `n_skipped` a person's skips. Of the readings,
    `n_not_asked` did not fit the endpoint and are in no figure, `n_cut_off` ended at the length limit and are unparsed.
    """

    rater: str
    kind: str
    models: tuple[str, ...]
    n_votes: int
    n_decisive: int
    n_trained_on: int
    n_unresolved: int
    n_skipped: int
    n_not_asked: int
    n_cut_off: int
    unparsed: Figure
    ties: Figure
    flips: Figure
    splits: Figure
    flips_by: Slices
    position: Pull
    longer: Pull
    longer_effect: Figure
    longer_by_gap: Mapping[str, Figure]
    construction: Figure
    people: Figure
    self_preference: Comparison
    simulator: Comparison
    style: StyleAdjusted


@dataclass(frozen=True)
class Everything:
    """What the reports of all raters are made of."""

    pairs: Pairs
    said: Mapping[str, Said]
    models: ModelsAt
    readings: Mapping[str, Sequence[Reading]]
    verdicts: Mapping[str, Sequence[Verdict]]
    labels: Mapping[str, Sequence[LabelEvent]]
    styles: StyleCounts


def rater_report(rater: str, everything: Everything, boot: Boot) -> RaterReport:
    """The report on `rater`, somebody of `cases.raters_of`."""
    pairs, said = everything.pairs, {rater: NOTHING_SAID, **everything.said}
    own, kind = said[rater], kind_of(rater)
    readings, verdicts = everything.readings.get(rater, ()), everything.verdicts.get(rater, ())
    labels = everything.labels.get(rater, ())
    resolved = [v for v in verdicts if v.value != "unresolved"]
    both_orders = [v for v in resolved if v.kind == "pairwise"]
    decided = own.decisive
    longer = _longer(pairs, decided, boot)
    return RaterReport(
        rater=rater,
        kind=kind,
        models=tuple(sorted({r.model for r in readings})),
        n_votes=len(own.at),
        n_decisive=len(decided.at),
        n_trained_on=own.n_trained_on,
        n_unresolved=len(verdicts) - len(resolved),
        n_skipped=sum(e.choice == "skip" for e in labels),
        n_not_asked=sum(r.finish_reason == NOT_ASKED for r in readings),
        n_cut_off=sum(r.finish_reason == "length" and r.label == "unparsed" for r in readings),
        unparsed=_unparsed(pairs, kind, readings, boot),
        ties=_of_verdicts(pairs, resolved, "tie", boot) if kind == "judge" else _ties(pairs, own, boot),
        flips=_of_verdicts(pairs, both_orders, "flip", boot, "There is no verdict out of readings in both orders."),
        splits=_of_verdicts(pairs, both_orders, "split", boot, "There is no verdict out of readings in both orders."),
        flips_by=_flips_by(pairs, both_orders, boot),
        position=_position_of_person(pairs, labels, boot) if kind == "person" else _position_of_judge(pairs, kind, readings, boot),
        longer=longer,
        longer_effect=shifted(longer.rate, -0.5),
        longer_by_gap=_longer_by_gap(pairs, decided, boot),
        construction=_construction(pairs, decided, boot),
        people=_people(pairs, everything.said, rater, own, boot),
        self_preference=self_preference(rater, pairs, said, everything.models, boot) if kind == "judge" else no_comparison(_NOT_A_JUDGE),
        simulator=own_simulator(rater, pairs, said, everything.models, boot) if kind == "judge" else no_comparison(_NOT_A_JUDGE),
        style=style_adjusted(pairs, decided, everything.styles, boot),
    )


def _unparsed(pairs: Pairs, kind: str, readings: Sequence[Reading], boot: Boot) -> Figure:
    """The share of answers that said nothing usable; what was never asked is no answer."""
    if kind != "judge":
        return missing(_NOT_A_JUDGE)
    asked = [r for r in readings if r.finish_reason != NOT_ASKED]
    return share(Group.of(_mask(r.label == "unparsed" for r in asked), _seeds(pairs, asked)), boot, "There is no reading.")


def _of_verdicts(
    pairs: Pairs, verdicts: Sequence[Verdict], value: str, boot: Boot, nothing: str = "There is no resolved verdict."
) -> Figure:
    return share(Group.of(_mask(v.value == value for v in verdicts), _seeds(pairs, verdicts)), boot, nothing)


def _ties(pairs: Pairs, own: Said, boot: Boot) -> Figure:
    return share(Group.of(own.values == 0, pairs.seeds[own.at]), boot, "There is no vote.")


def _flips_by(pairs: Pairs, verdicts: Sequence[Verdict], boot: Boot) -> Slices:
    at = np.array([pairs.place[v.pair_id] for v in verdicts], np.int64)
    return by_all(_mask(v.value == "flip" for v in verdicts), at, pairs, boot)


def _position_of_judge(pairs: Pairs, kind: str, readings: Sequence[Reading], boot: Boot) -> Pull:
    """Over single readings: a judge that always names the first has no decided pair."""
    named = [r for r in readings if r.label in ("first", "second")]
    if not named:
        return no_pull(_NO_POSITION[kind])
    first = _mask(r.label == "first" for r in named)
    return pull(first, _mask(r.order == "chosen_first" for r in named), _seeds(pairs, named), boot, "first", _NO_POSITION[kind])


def _position_of_person(pairs: Pairs, labels: Sequence[LabelEvent], boot: Boot) -> Pull:
    named = [e for e in labels if e.choice in ("left", "right")]
    left = _mask(e.choice == "left" for e in named)
    return pull(left, _mask(e.left_branch == "chosen" for e in named), _seeds(pairs, named), boot, "left", _NO_POSITION["person"])


def _longer(pairs: Pairs, decided: Said, boot: Boot) -> Pull:
    unequal = decided.where(pairs.gap[decided.at] != 0)
    longer_chosen = pairs.gap[unequal.at] > 0
    nothing = "No decided pair has sides of unequal length."
    return pull((unequal.values == 1) == longer_chosen, longer_chosen, pairs.seeds[unequal.at], boot, "longer", nothing)


def _longer_by_gap(pairs: Pairs, decided: Said, boot: Boot) -> Mapping[str, Figure]:
    unequal = decided.where(pairs.gap[decided.at] != 0)
    gap = pairs.gap[unequal.at]
    return by_bucket((unequal.values == 1) == (gap > 0), pairs.seeds[unequal.at], np.abs(gap), GAPS, boot)


def _construction(pairs: Pairs, decided: Said, boot: Boot) -> Figure:
    return share(Group.of(decided.values == 1, pairs.seeds[decided.at], pairs.built[decided.at]), boot, "No built pair was decided.")


def _people(pairs: Pairs, said: Mapping[str, Said], rater: str, own: Said, boot: Boot) -> Figure:
    """Equal votes, a tie equal to a tie, with the mode of the people but the rater himself: as in the agreement matrix."""
    others = most_people(pairs, said, rater)[own.at]
    return share(Group.of(own.values == others, pairs.seeds[own.at], others != MISSING), boot, "No pair has a vote of another person.")


def _mask(values: Iterable[bool]) -> Mask:
    return np.fromiter(values, np.bool_)


def _seeds(pairs: Pairs, about: Sequence[Reading] | Sequence[Verdict] | Sequence[LabelEvent]) -> Counts:
    return pairs.seeds[np.array([pairs.place[item.pair_id] for item in about], np.int64)]
