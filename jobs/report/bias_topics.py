"""A rater's report on bias as tables by topic, for pages and reports alike. Pure; works on the report's JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jobs.report.markup import signed, table, visible
from jobs.report.words import interval, share, signed_interval

Scale = Literal["share", "difference", "log_odds"]
Figure = Mapping[str, Any]
COLUMNS = {"Figure": "text", "Value": "num", "95 % interval": "num", "n": "num", "Seeds": "num", "Note": "text"}
_SLICES = {"turns": "turns", "divergence": "sides part at turn", "length_gap": "length gap, characters", "source": "source"}
_STYLE = {"chars": "Characters", "headers": "Headings", "lists": "List items", "bold": "Bold"}
LEGEND = (
    "Held equal: the mean of the rates where the mark lies on the chosen and on the rejected side, so that being right alone gives 0.50. "
    "Style: log odds per standard deviation; 0 is no weight."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure with its words; `scale` says how its value is written, `about` whose pairs are behind it: what, by what, which."""

    label: str
    figure: Figure
    scale: Scale = "share"
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """Figures that belong together. `name` is for programs, `title` for people."""

    name: str
    title: str
    rows: Sequence[Row] = field(default_factory=tuple)


def topics(report: Mapping[str, Any]) -> list[Topic]:
    """Position, length, flips, style, own model, simulator, and answers of one rater. What does not apply to its kind is left out."""
    judge = report["kind"] == "judge"
    found = [Topic("position", "Position", _pull(report["position"], "left" if report["kind"] == "person" else "first position"))]
    found = [] if report["kind"] == "model" else found
    found.append(Topic("length", "Length", (*_pull(report["longer"], "longer side"), *_by_gap(report["longer_by_gap"]))))
    if judge:
        found.append(Topic("flips", "Flips", tuple(_flips(report))))
    found.append(Topic("style", "Style", tuple(_style(report["style"]))))
    if judge:
        found.append(Topic("self_preference", "Its own model's side", _compared(report["self_preference"], "Takes it", "Other judges do")))
        own = _compared(report["simulator"], "Agrees on pairs that its model simulated", "on those of others")
        found.append(Topic("simulator", "Pairs that its own model simulated", own))
    found.append(Topic("answers", "Answers", tuple(_answers(report))))
    return found


def _pull(pull: Mapping[str, Figure], mark: str) -> tuple[Row, ...]:
    return (
        Row(f"Takes the {mark}", pull["rate"], about=("longer" if mark == "longer side" else "position",)),
        Row("held equal (no pull: 0.50)", pull["balanced"]),
        Row("where that is the chosen side", pull["when_chosen"]),
        Row("where that is the rejected side", pull["when_rejected"]),
    )


def _by_gap(figures: Mapping[str, Figure]) -> tuple[Row, ...]:
    return tuple(Row(f"gap of {name} characters", figure, about=("longer", "length_gap", name)) for name, figure in figures.items())


def _flips(report: Mapping[str, Any]) -> Iterator[Row]:
    yield Row("Flips with the order", report["flips"], about=("flip",))
    yield Row("A tie in one order only", report["splits"], about=("split",))
    for by, figures in report["flips_by"].items():
        for name, figure in figures.items():
            yield Row(f"flips, {_SLICES.get(by, by)}: {name}", figure, about=("flip", by, name))


def _style(style: Mapping[str, Any]) -> Iterator[Row]:
    yield Row("Agrees with construction", style["raw"], about=("construction",))
    yield Row("with style held equal", style["adjusted"])
    for name, figure in style["coefficients"].items():
        yield Row(f"weight of: {_STYLE.get(name, name)}", figure, "log_odds")


def _compared(found: Mapping[str, Figure], own: str, others: str) -> tuple[Row, ...]:
    about = ("simulator",) if "simulated" in own else ()
    return Row(own, found["own"], about=about), Row(others, found["others"]), Row("difference", found["difference"], "difference")


def _answers(report: Mapping[str, Any]) -> Iterator[Row]:
    if report["kind"] == "judge":
        yield Row("Unparsed readings", report["unparsed"])
    yield Row("Ties", report["ties"], about=("tie",))
    yield Row("Agrees with construction (decided pairs)", report["construction"], about=("construction",))
    yield Row("Agrees with most other people", report["people"], about=("people",))


def cells(row: Row) -> list[str]:
    """A row of the table as HTML."""
    figure, value = row.figure, row.figure["value"]
    text = share(value) if row.scale == "share" else signed(value)
    ends = interval(figure["interval"]) if row.scale == "share" else signed_interval(figure["interval"])
    note = f'<span class="mw-run-note">{visible(figure["note"])}</span>'
    return [visible(row.label), text, ends, f"{figure['n']:,}", f"{figure['n_seeds']:,}", note]


def topic_table(topic: Topic, rater: str) -> str:
    """A topic's table as HTML; `rater` is a name."""
    return table(f"{topic.title}: {rater}", COLUMNS, (cells(row) for row in topic.rows))


@dataclass(frozen=True, slots=True)
class PullRow:
    """How often a rater takes what says nothing about worth: `held_equal` says whether the balanced figure or the plain rate is meant."""

    rater: str
    mark: str
    figure: Figure
    held_equal: bool


def pulls(raters: Sequence[Mapping[str, Any]]) -> list[PullRow]:
    """First-position or left rate, and the rate of the longer side, of every rater where it is defined."""
    found = []
    for report in raters:
        marks = (("position", "left" if report["kind"] == "person" else "first position"), ("longer", "longer side"))
        for name, mark in marks:
            pull = report[name]
            held = pull["balanced"]["value"] is not None
            figure = pull["balanced" if held else "rate"]
            if figure["value"] is not None:
                found.append(PullRow(report["rater"], mark, figure, held))
    return found
