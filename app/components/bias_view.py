"""The view of the Agreement page about bias: what was found, what raters are pulled by, and all figures of every rater by topic."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import data, raters, reports
from app.components import nobody_voted
from app.components.bias_links import links, row_links
from app.markup import chip, details, table, visible
from app.matrix_state import MatrixState
from app.nav import Query
from jobs.report import charts
from jobs.report.bias_topics import COLUMNS, LEGEND, PullRow, cells, pulls, topics
from jobs.report.charts import Line
from jobs.report.sections import PULL_COLUMNS, pull_cells, pull_dots
from jobs.stages.select import Selection

_COUNTS = (
    ("n_trained_on", "training pairs of the model left out"),
    ("n_unresolved", "verdicts without a vote"),
    ("n_skipped", "skipped"),
    ("n_not_asked", "readings too long to ask"),
    ("n_cut_off", "answers cut off"),
)


def findings_markup(report: Mapping[str, Any], said: Sequence[Mapping[str, Any]], opened: Sequence[raters.Link]) -> str:
    """What was found about one rater, how much it rests on, and the way to the pairs, as HTML. Pure."""
    few = chip("few", "few", f"Fewer than {raters.FEW} pairs: read with care") if report["n_votes"] < raters.FEW else ""
    counts = [f"{report['n_votes']:,} votes", f"{report['n_decisive']:,} name a side"]
    counts += [f"{report[name]:,} {words}" for name, words in _COUNTS if report[name]]
    if report["models"] and [m.casefold() for m in report["models"]] != [raters.name(report["rater"]).casefold()]:
        counts.append(f"answered by {', '.join(report['models'])}")
    sentences = "".join(f"<li>{visible(f['text'][:1].upper() + f['text'][1:])}</li>" for f in said)
    go = raters.opened(opened)
    more = f'<p class="mw-note">Pairs: {go}</p>' if go else ""
    return (
        f'<section class="mw-bias"><h2 dir="auto">{visible(raters.name(report["rater"]))} '
        f'<span class="mw-note">{visible(report["kind"])}</span> {few}</h2><ul class="mw-findings">{sentences}</ul>'
        f'<p class="mw-note">{visible("; ".join(counts))}.</p>{more}</section>'
    )


def topics_markup(report: Mapping[str, Any], within: Query, simulators: Sequence[str] = ()) -> str:
    """All figures of one rater with the way to their pairs, a table for each topic, folded, as HTML. Pure."""
    name = raters.name(report["rater"])
    columns = {**COLUMNS, "Pairs": "text"}
    tables = ""
    for topic in topics(report):
        rows = [[*cells(row), raters.opened(row_links(report, row, within, simulators))] for row in topic.rows]
        tables += f'<div class="mw-topic">{table(f"{topic.title}: {name}", columns, rows)}</div>' if rows else ""
    return details(f"All figures of {visible(name)}", tables)


def _chart(pulled: Sequence[PullRow]) -> None:
    st.header("What pulls them", anchor=False)
    theme = st.context.theme.type or "light"
    figure = charts.dots(pull_dots(pulled), theme, title="share of decisions that take it", lines=[Line(0.5, "no pull: 0.50")])
    config = {"displayModeBar": False}
    alt = "How often every rater takes the first position and the longer side; the table below holds the same figures."
    st.plotly_chart(figure, theme=None, width=980, config=config, key="mw-bias-chart", alt=alt)
    caption = "How often raters take the first position, the left or the longer side; hollow in the chart where it is the plain rate"
    st.html(f'<div class="mw-topic">{table(caption, PULL_COLUMNS, map(pull_cells, pulled))}</div>')


def show(state: MatrixState) -> None:
    """Draw the view."""
    found = reports.bias(Selection(sources=state.source, splits=state.split))
    if not found["raters"]:
        nobody_voted.show(state)
        return
    n, n_seeds = found["n_pairs"], found["n_seeds"]
    if n_seeds < raters.FEW:
        these = "This one pair comes" if n == 1 else f"These {n:,} pairs come"
        words = f"{these} from {n_seeds:,} seed{'' if n_seeds == 1 else 's'} only: a bias must be strong to be seen."
        st.html(f'<p class="mw-remark" role="note">{words}</p>')
    rests_on = f"{n:,} pair{'' if n == 1 else 's'} of {n_seeds:,} seed{'' if n_seeds == 1 else 's'}"
    st.html(
        f'<p class="mw-note">On {rests_on}. A bias is named only where the whole 95 % interval leaves no doubt; '
        "where none is, the interval says how large it could still be. A model's own training pairs are left out.</p>"
    )
    simulators = [f.value for f in data.simulators()]
    for report in found["raters"]:
        said = [f for f in found["findings"] if f["rater"] == report["rater"]]
        st.html(
            findings_markup(report, said, links(report, state.within(), simulators)) + topics_markup(report, state.within(), simulators)
        )
    st.html(f'<p class="mw-note">{visible(LEGEND)}</p>')
    pulled = pulls(found["raters"])
    if pulled:
        _chart(pulled)
