"""The sections of a report about raters beyond the matrix: slices, two raters on the same pairs, and estimates of labelling queues."""

from collections.abc import Iterator, Sequence
from functools import partial

from jobs.report import charts, estimating
from jobs.report.charts import Dot, Line
from jobs.report.figures import Figures
from jobs.report.gather import Gathered
from jobs.report.markup import table, visible
from jobs.report.slice_parts import (
    CEILING_COLUMNS,
    DIFFERENCE_COLUMNS,
    MOST_IN_CHART,
    REFERENCES,
    SIGN_TEST,
    SLICE_COLUMNS,
    Row,
    ceiling_cells,
    difference_cells,
    difference_dots,
    slice_cells,
    slice_dots,
    slice_rows,
)
from jobs.report.slicing import BY
from jobs.report.words import FEW, rater_name
from jobs.stages.estimates import HALF_WIDTH
from music_core.evaluate.slices import Ceiling


def note(text: str) -> str:
    """A paragraph of lesser weight; `text` may be of anybody."""
    return f'<p class="mw-note">{visible(text)}</p>'


def remark(text: str) -> str:
    """A paragraph that stands out."""
    return f'<p class="mw-remark">{visible(text)}</p>'


def slices(found: Gathered, figures: Figures) -> Iterator[str]:
    """Agreement with the construction and with people, by every property that the pairs differ in; first what people reach."""
    top = found.ceiling
    yield figures.heading("Human ceiling")
    yield note("How often a person says what most other people say: what a judge as good as a person would reach.")
    if top.agree is not None:
        dot = Dot("One person against the others", "people", top.agree, top.n_pairs, top.interval, note=f"{top.n_votes:,} votes")
        yield figures.html(partial(charts.dots, [dot], title="share of equal votes"), "The human ceiling; table below.")
    yield table("Leave-one-out: every vote of a person against the others' on that pair", CEILING_COLUMNS, [ceiling_cells(top)])
    same = [BY[by].lower() for by, parts in found.slices.items() if len(parts) < 2]
    for by, parts in found.slices.items():
        if len(parts) < 2:
            continue
        for reference in REFERENCES:
            rows = slice_rows(found.whole, parts, reference)
            if rows:
                yield from _sliced(by, reference, rows, top, figures)
    if same:
        yield note(f"Not sliced, since all of these pairs are alike in it or nobody voted: {', '.join(same)}.")


def _sliced(by: str, reference: str, rows: Sequence[Row], top: Ceiling, figures: Figures) -> Iterator[str]:
    against = rater_name(reference)
    yield figures.heading(f"{BY[by]}: agreement with {against}")
    few = sum(0 < cell.n < FEW for _, _, cell in rows)
    if few:
        yield remark(f"{few} of {len(rows)} figures rest on fewer than {FEW} pairs; their intervals are wide.")
    dots = slice_dots(by, rows)
    if dots:
        lines = [Line(top.agree, f"one person against the others: {top.agree:.2f}")] if top.agree is not None else []
        chart = partial(charts.dots, dots, title=f"agreement with {against}", lines=lines)
        yield figures.html(chart, f"Agreement with {against} by {BY[by].lower()}; the table below holds the same figures.")
    n_raters = len({rater for _, rater, _ in rows})
    if n_raters > MOST_IN_CHART:
        yield note(f"The chart shows {MOST_IN_CHART} of {n_raters} raters, the table all of them.")
    caption = f"Agreement with {against} by {BY[by].lower()}; intervals by bootstrap over seeds"
    yield table(caption, SLICE_COLUMNS, (slice_cells(by, row) for row in rows))


def differences(found: Gathered, figures: Figures) -> Iterator[str]:
    """Every two judges and every two models on the same pairs."""
    if not found.differences:
        yield note(
            "There are no two judges and no two models with votes on the same pairs that the construction or a person has a vote on."
        )
        return
    dots = difference_dots(found.differences)
    if dots:
        lines = [Line(0.0, "no difference")]
        chart = partial(charts.dots, dots, title="share right of the first minus the second", lines=lines, span=(-1.0, 1.0))
        yield figures.html(chart, "Differences with their intervals; the table below holds the same figures.")
    caption = "Two raters on the same pairs: on those where both and the one they are held against have a vote"
    yield table(caption, DIFFERENCE_COLUMNS, map(difference_cells, found.differences))
    yield note(SIGN_TEST)


def estimates(found: Gathered, figures: Figures) -> Iterator[str]:
    """What the labels of every queue say about its whole pool."""
    if not found.estimates:
        yield note("There is no labelling queue in this store. Make one with: music queue make pilot --labels 200")
        return
    yield note("Each queue speaks for its own frozen pool, whatever pairs this report was asked for.")
    for queue in found.estimates:
        yield figures.heading(f"Queue {queue.head.name}")
        yield note(estimating.summary(queue))
        if not queue.answers or not queue.given.n:
            yield note(" ".join(queue.notes) if not queue.answers else "No drawn pair has a label yet.")
            continue
        if any(a.found.estimate is not None for a in queue.answers):
            yield figures.html(partial(estimating.figure, queue.answers), estimating.ALT)
        yield estimating.table_markup(queue, HALF_WIDTH)
        yield estimating.remarks_markup(queue)
