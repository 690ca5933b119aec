"""Estimates of a queue in words, as a chart and as a table, for the command, the app's pages and reports alike. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.report import charts
from jobs.report.charts import Dot, Line
from jobs.report.markup import details, table, visible
from jobs.report.words import rater_kind, rater_name
from jobs.stages.estimates import Answer, QueueEstimates
from music_core.evaluate.estimate import labels_needed

COLUMNS: Mapping[str, str] = {
    "How often": "text",
    "Estimate": "num",
    "95 % interval": "num",
    "This pool": "num",
    "Labels alone": "num",
    "Their interval": "num",
    "Labelled": "num",
    "λ": "num",
    "Labels more": "text",
}
# More different warnings than this are folded under one that counts them.
MOST_WARNINGS = 4
WITH, ALONE = "with predictions", "labels alone"
ALT = "Each estimate with its interval, beside that from the labels alone; the table below holds the same figures."


def question(answer: Answer) -> str:
    """What one estimate is of, without who predicts it."""
    match answer.question:
        case "accuracy":
            return f"People say what {_who(answer.rater)} says"
        case "system":
            return f"People prefer {answer.system} to {answer.against or 'the others'}"
        case _:
            return "People prefer the built side"


def title(answer: Answer) -> str:
    """What one estimate is of, and whose verdicts are its predictions."""
    who = _who(answer.rater) if answer.question != "accuracy" else ""
    return f"{question(answer)}, predicted by {who}" if who else question(answer)


def _who(rater: str) -> str:
    return f"{rater_name(rater)} ({rater_kind(rater)})" if ":" in rater else rater


def summary(found: QueueEstimates) -> str:
    """The labels of a queue in a line."""
    given, head = found.given, found.head
    people = "1 person" if given.n_people == 1 else f"{given.n_people:,} people"
    skips = f", {given.n_skips:,} skips" if given.n_skips else ""
    plan = f"plan {head.plan}, {head.n_drawn:,} of {head.n_pool:,} pairs drawn"
    return f"{given.n:,} of {given.n_wanted:,} wanted labels by {people}{skips}; {plan}, guideline {head.guideline}."


def dots(answers: Sequence[Answer]) -> list[Dot]:
    """The estimates for a chart, and hollow beside each the labels alone; undefined ones are left out."""
    found = []
    for answer in answers:
        e, row = answer.found, title(answer)
        if e.estimate is not None:
            found.append(Dot(row, WITH, e.estimate, e.n_labelled, e.interval))
        if e.classical is not None:
            found.append(Dot(row, ALONE, e.classical, e.n_labelled, e.classical_interval, hollow=True))
    return found


def figure(answers: Sequence[Answer], theme: str) -> Any:
    """The chart as a plotly figure."""
    return charts.dots(dots(answers), theme, title="share of the pool", lines=[Line(0.5, "")], name_chars=64)


def _interval(value: tuple[float, float] | None) -> str:
    return "–" if value is None else f"{_number(value[0])} to {_number(value[1])}"


def _number(value: float | None, digits: int = 3) -> str:
    # What rounds to nothing has no sign.
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def row(answer: Answer, half_width: float) -> list[str]:
    """A row of the table as HTML."""
    e, needed = answer.found, labels_needed(answer.found, half_width)
    more = f"{needed.more:,}" if needed.more is not None else f'<span class="mw-note">{visible(needed.note)}</span>'
    labelled = f'{e.n_labelled:,} <span class="mw-note">of {e.n_pool:,}</span>'
    with_predictions = [_number(e.estimate), _interval(e.interval), _interval(e.pool_interval)]
    alone = [_number(e.classical), _interval(e.classical_interval)]
    return [visible(title(answer)), *with_predictions, *alone, labelled, _number(e.lam, 2), more]


def table_markup(found: QueueEstimates, half_width: float) -> str:
    """The table as HTML."""
    caption = (
        "Estimates for the pool with 95 % intervals: for seeds like these, and for this very pool; beside them the labels alone. "
        f"Labels more: for an interval of ± {half_width:g}"
    )
    return f'<div class="mw-matrix mw-estimates">{table(caption, COLUMNS, (row(a, half_width) for a in found.answers))}</div>'


def remarks_markup(found: QueueEstimates) -> str:
    """Warnings that must stand beside the figures, then what is assumed, folded; HTML."""
    of_estimates = dict.fromkeys(w for a in found.answers for w in a.found.warnings)
    warned = [a for a in found.answers if a.found.warnings]
    folded = ""
    if len(of_estimates) > MOST_WARNINGS:
        listed = "".join(f"<li>{visible(title(a))}: {visible(' '.join(a.found.warnings))}</li>" for a in warned)
        folded = details("These warnings", f"<ul>{listed}</ul>")
        of_estimates = {f"{len(warned)} of {len(found.answers)} estimates come with warnings: their intervals may be too narrow.": None}
    notes = [f"<li>{visible(title(a))}: {visible(a.found.note)}</li>" for a in found.answers if a.found.note]
    notes += [f"<li>{visible(note)}</li>" for note in found.notes]
    shown = "".join(f'<p class="mw-remark" role="note">{visible(w)}</p>' for w in dict.fromkeys([*found.warnings, *of_estimates])) + folded
    return shown + (details("What this rests on", f"<ul>{''.join(notes)}</ul>") if notes else "")
