"""A rater's report in plain words: what it follows, if anything, named only where the interval leaves no doubt.

A pull is named when its whole 95 % interval lies more than `MARGIN` beyond no pull, over at least `MIN_SEEDS` seeds. How
often that accuses a rater without a bias is measured in `docs/bias.md`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from music_core.evaluate.bias.figures import Figure, plain
from music_core.evaluate.bias.pull import Pull
from music_core.evaluate.bias.rater import RaterReport
from music_core.evaluate.bias.report import BiasReport

# How far beyond ½ (a difference: beyond 0) the whole interval must lie.
MARGIN = 0.05
# Said as 'always' from this rate on; the interval must pass the margin as well.
ALWAYS = 0.95
# No finding rests on fewer seeds.
MIN_SEEDS = 5
# Unparsed answers and flips are named where the whole interval lies above these shares.
UNPARSED = 0.05
FLIPS = 0.2
# An interval wider than this on either side of no pull is mentioned where no bias was found.
COULD_HIDE = 0.15


@dataclass(frozen=True, slots=True)
class Finding:
    """One conclusion about `rater`: a `code` for programs, a sentence for people, and the figure it rests on."""

    rater: str
    code: str
    text: str
    figure: Figure

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON types."""
        found: dict[str, Any] = plain(self)
        return found


def findings(report: BiasReport) -> list[Finding]:
    """What is to be said about every rater of the report, in its order; at least one finding each."""
    return [finding for rater in report.raters for finding in findings_of(rater)]


def findings_of(report: RaterReport) -> list[Finding]:
    """What is to be said about one rater; `no_bias_found` or `too_little` where nothing else is."""
    found = [Finding(report.rater, *parts) for check in _CHECKS for parts in check(report)]
    if found:
        return found
    return [Finding(report.rater, *_nothing_found(report))]


Parts = tuple[str, str, Figure]


def _answers(report: RaterReport) -> Iterator[Parts]:
    figure = report.unparsed
    if _always(figure):
        yield "unusable", f"answers nothing usable: {_told(figure, 'readings')} unparsed.", figure
    elif _above(figure, UNPARSED):
        yield "often_unparsed", f"often answers nothing usable: {_told(figure, 'readings')} unparsed.", figure


def _ties(report: RaterReport) -> Iterator[Parts]:
    if _always(report.ties):
        yield "always_ties", f"names no side: {_told(report.ties, 'votes')} ties.", report.ties


def _position(report: RaterReport) -> Iterator[Parts]:
    person = report.kind == "person"
    for side, rate, figure in _pulled(report.position, *(("left", "right") if person else ("first", "second"))):
        how = "always" if _always(rate) else "mostly"
        what = f"{how} votes {side}" if person else f"{how} names the {side} position"
        cases = "labels that name a side" if person else "readings that name one"
        yield f"{how}_{side}", f"{what}: {_told(rate, cases)}; {_held_equal(report.position, figure)}.", figure


def _flips(report: RaterReport) -> Iterator[Parts]:
    # A judge that follows a position flips because of it; that is said already.
    if _above(report.flips, FLIPS) and not any(_position(report)):
        text = f"changes its verdict with the order: {_told(report.flips, 'verdicts')} flips, with no clear liking for one position."
        yield "flips", text, report.flips


def _length(report: RaterReport) -> Iterator[Parts]:
    for side, rate, figure in _pulled(report.longer, "longer", "shorter"):
        code, what = ("follows_length", "follows length") if side == "longer" else ("prefers_shorter", "prefers what is shorter")
        yield code, f"{what}: takes the {side} side in {_told(rate, 'decided pairs')}; {_held_equal(report.longer, figure)}.", figure


def _self(report: RaterReport) -> Iterator[Parts]:
    own, others, difference = report.self_preference.own, report.self_preference.others, report.self_preference.difference
    for code, word, more in (
        ("self_preference", "prefers", _above(difference, MARGIN)),
        ("self_dislike", "avoids", _below(difference, -MARGIN)),
    ):
        if more:
            text = f"{word} its own model's side: takes it in {_told(own, 'decided pairs')}, other judges in {_told(others)} of the same."
            yield code, text, difference


def _simulator(report: RaterReport) -> Iterator[Parts]:
    own, others, difference = report.simulator.own, report.simulator.others, report.simulator.difference
    for word, differs in (("more", _above(difference, MARGIN)), ("less", _below(difference, -MARGIN))):
        if differs:
            text = (
                f"agrees with construction {word} often on pairs of its own model: {_told(own, 'pairs')} that it simulated, "
                f"{_told(others, 'pairs')} of other simulators. The pairs may differ in more than that."
            )
            yield f"own_simulator_{word}", text, difference


def _against(report: RaterReport) -> Iterator[Parts]:
    if _below(report.construction, 0.5 - MARGIN):
        text = f"goes against construction: takes the chosen side in {_told(report.construction, 'decided pairs')} only."
        yield "against_construction", text, report.construction


_CHECKS: tuple[Callable[[RaterReport], Iterator[Parts]], ...] = (
    _answers,
    _ties,
    _position,
    _flips,
    _length,
    _self,
    _simulator,
    _against,
)


def _nothing_found(report: RaterReport) -> Parts:
    seen = report.construction if report.construction.value is not None else report.longer.rate
    seen = seen if seen.value is not None else report.position.rate
    if seen.value is None or seen.n_seeds < MIN_SEEDS:
        text = f"too little to say: {report.n_decisive} decided pairs; a finding needs at least {MIN_SEEDS} seeds."
        return "too_little", text, seen
    parts = ["no bias found"]
    if report.construction.value is not None:
        chance = report.construction.interval is not None and report.construction.interval[0] <= 0.5 <= report.construction.interval[1]
        by_chance = ", which chance could do as well" if chance else ""
        parts.append(f"agrees with construction on {_told(report.construction, 'decided pairs')}{by_chance}")
    return "no_bias_found", "; ".join([*parts, *_left_open(report)]) + ".", seen


def _left_open(report: RaterReport) -> Iterator[str]:
    """What the data could not show, so that 'none found' is not read as 'none there'."""
    tested = (
        {"length": report.longer.balanced}
        if report.kind == "model"
        else {"position": report.position.balanced, "length": report.longer.balanced}
    )
    for name, figure in tested.items():
        if figure.interval is None:
            yield f"{name} could not be tested"
        elif (width := max(figure.interval[1] - 0.5, 0.5 - figure.interval[0])) > COULD_HIDE:
            yield f"a pull of {name} up to {min(width, 0.5):.2f} could hide in these few pairs"


def _pulled(pull: Pull, toward: str, away: str) -> Iterator[tuple[str, Figure, Figure]]:
    """Which side is followed beyond the margin, how often, and the figure that shows it.

    Where the mark lies on one branch everywhere, following it counts only against construction: with it, it may be being right.
    """
    one_sided = pull.balanced.value is None
    up, down = (pull.when_rejected, pull.when_chosen) if one_sided else (pull.balanced, pull.balanced)
    if _above(up, 0.5 + MARGIN):
        yield toward, pull.rate, up
    elif _below(down, 0.5 - MARGIN):
        yield away, _mirrored(pull.rate), _mirrored(down)


def _mirrored(figure: Figure) -> Figure:
    """The share of the other side."""
    if figure.value is None:
        return figure
    interval = None if figure.interval is None else (1 - figure.interval[1], 1 - figure.interval[0])
    return Figure(1 - figure.value, figure.n, figure.n_seeds, interval, figure.note)


def _always(figure: Figure) -> bool:
    return figure.value is not None and figure.value >= ALWAYS and _above(figure, 0.5 + MARGIN)


def _above(figure: Figure, bound: float) -> bool:
    """Whether the whole interval lies above `bound`, over enough seeds."""
    return figure.interval is not None and figure.n_seeds >= MIN_SEEDS and figure.interval[0] > bound


def _below(figure: Figure, bound: float) -> bool:
    return figure.interval is not None and figure.n_seeds >= MIN_SEEDS and figure.interval[1] < bound


def _held_equal(pull: Pull, figure: Figure) -> str:
    if pull.balanced.value is None:
        return "that goes against construction everywhere, so a liking for the other branch would look the same"
    return f"with construction held equal {_told(figure)}, where no bias is 50 %"


def _told(figure: Figure, cases: str = "") -> str:
    """`83 % of 40 readings (95 % interval 70 to 92 %)`."""
    share = "an unknown share" if figure.value is None else f"{100 * figure.value:.0f} %"
    of = f" of {figure.n} {cases}" if cases else ""
    between = "" if figure.interval is None else f" (95 % interval {100 * figure.interval[0]:.0f} to {100 * figure.interval[1]:.0f} %)"
    return f"{share}{of}{between}"
