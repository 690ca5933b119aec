"""The view of the Agreement page about bias: what was found, what raters are pulled by, and all figures of every rater by topic."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import data, raters, reports
from app.components import nobody_voted
from app.markup import chip, details, table, visible
from app.matrix_state import MatrixState
from app.nav import Query
from jobs.report import charts
from jobs.report.bias_topics import LEGEND, PullRow, pulls, topic_table, topics
from jobs.report.charts import Line
from jobs.report.sections import PULL_COLUMNS, pull_cells, pull_dots
from jobs.stages.select import Selection
from music_core.evaluate.bias.cases import model_key

_COUNTS = (
    ("n_trained_on", "training pairs of the model left out"),
    ("n_unresolved", "verdicts without a vote"),
    ("n_skipped", "skipped"),
    ("n_not_asked", "readings too long to ask"),
    ("n_cut_off", "answers cut off"),
)


def links(report: Mapping[str, Any], within: Query, simulators: Sequence[str] = ()) -> list[raters.Link]:
    """The pairs behind a rater's figures; `simulators` are the names on record. Pure.

    Sides of equal length have no longer one, and a tie takes no side, so these pairs are in neither list.
    """
    rater, n_longer = report["rater"], report["longer"]["rate"]["n"]
    found = _of_judge(report, within, simulators) if report["kind"] == "judge" else _of_person(report, within)
    n_took = round((report["longer"]["rate"]["value"] or 0) * n_longer)
    if n_took:
        found.append(("takes the longer side", raters.between(rater, raters.LONGER, "agree", within)))
    if n_longer - n_took:
        found.append(("takes the shorter side", raters.between(rater, raters.LONGER, "opposed", within)))
    built, people = report["construction"], report["people"]
    if built["n"] and built["value"] < 1:
        found.append(("against construction", raters.between(raters.CONSTRUCTION, rater, "opposed", within)))
    if people["n"] and people["value"] < 1:
        found.append(("differs from most people", raters.between(rater, "people", "differ", within)))
    return found


def _of_judge(report: Mapping[str, Any], within: Query, simulators: Sequence[str]) -> list[raters.Link]:
    by = {**within, "judge": raters.name(report["rater"])}
    found: list[raters.Link] = []
    if report["flips"]["value"]:
        found.append(("flips", {**by, "verdict": "flip"}))
    if report["ties"]["value"] or report["splits"]["value"]:
        found.append(("ties", {**by, "verdict": ["tie", "split"]}))
    if report["n_unresolved"]:
        found.append(("unresolved", {**by, "verdict": "unresolved"}))
    keys = {model_key(name) for name in report["models"]}
    own = [name for name in simulators if model_key(name) in keys]
    return [*found, ("simulated by its own model", {**by, "simulator": own})] if own else found


def _of_person(report: Mapping[str, Any], within: Query) -> list[raters.Link]:
    """The labels of a person; a model has none."""
    if report["kind"] != "person":
        return []
    by = {**within, "person": raters.name(report["rater"])}
    found: list[raters.Link] = [("labelled", by)]
    if report["position"]["rate"]["n"]:
        found += [("left", {**by, "said": "left"}), ("right", {**by, "said": "right"})]
    found += [("ties", {**by, "said": ["tie", "both_bad"]})] if report["ties"]["value"] else []
    return [*found, ("skipped", {**by, "said": "skip"})] if report["n_skipped"] else found


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
        f'<section class="mw-bias"><h3 dir="auto">{visible(raters.name(report["rater"]))} '
        f'<span class="mw-note">{visible(report["kind"])}</span> {few}</h3><ul class="mw-findings">{sentences}</ul>'
        f'<p class="mw-note">{visible("; ".join(counts))}.</p>{more}</section>'
    )


def topics_markup(report: Mapping[str, Any]) -> str:
    """All figures of one rater, a table for each topic, folded, as HTML. Pure."""
    name = raters.name(report["rater"])
    return details(
        f"All figures of {visible(name)}", "".join(f'<div class="mw-topic">{topic_table(t, name)}</div>' for t in topics(report) if t.rows)
    )


def _chart(pulled: Sequence[PullRow]) -> None:
    st.subheader("What pulls them", anchor=False)
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
        words = f"These {n:,} pairs come from {n_seeds:,} seed{'' if n_seeds == 1 else 's'} only: a bias must be strong to be seen."
        st.html(f'<p class="mw-remark" role="note">{words}</p>')
    st.html(
        f'<p class="mw-note">On {n:,} pairs of {n_seeds:,} seeds. A bias is named only where the whole 95 % interval leaves no doubt; '
        "where none is, the interval says how large it could still be. A model's own training pairs are left out.</p>"
    )
    simulators = [f.value for f in data.simulators()]
    for report in found["raters"]:
        said = [f for f in found["findings"] if f["rater"] == report["rater"]]
        st.html(findings_markup(report, said, links(report, state.within(), simulators)) + topics_markup(report))
    st.html(f'<p class="mw-note">{visible(LEGEND)}</p>')
    pulled = pulls(found["raters"])
    if pulled:
        _chart(pulled)
