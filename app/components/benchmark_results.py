"""Models against one benchmark: their figures beside published ones, and what the figures do not show."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.markup import details, table, visible
from jobs.report import charts
from jobs.report.results import benchmark_dots, benchmark_table, remarks
from jobs.report.words import percent, percent_interval

_PARTS = {"Figure": "text", "%": "num", "95 % interval": "num", "n": "num", "Ties": "num", "Note": "text"}


def _part(figure: Mapping[str, Any]) -> list[str]:
    counts = [f"{figure['n']:,}", f"{figure['n_ties']:,}"]
    return [visible(figure["name"]), percent(figure["value"]), percent_interval(figure["interval"]), *counts, visible(figure["note"])]


def parts_markup(report: Mapping[str, Any]) -> str:
    """The finer figures of one model, folded, as HTML. Pure."""
    if not report["parts"]:
        return ""
    name = f"Finer figures of {report['model']}"
    return details(visible(name), f'<div class="mw-topic">{table(name, _PARTS, map(_part, report["parts"]))}</div>')


def markup(reports: Sequence[Mapping[str, Any]]) -> str:
    """Table, remarks and finer figures as HTML. Pure."""
    notes = "".join(f'<p class="mw-remark" role="note">{visible(text)}</p>' for r in reports for text in dict.fromkeys(remarks(r)))
    published = sorted({p["note"] for p in reports[0]["published"]} - {""})
    about = "".join(f'<p class="mw-note">{visible(text)}</p>' for text in published)
    parts = "".join(map(parts_markup, reports))
    return f'<div class="mw-bench">{benchmark_table(reports)}</div>{about}<div class="mw-remarks">{notes}</div>{parts}'


def show(reports: Sequence[Mapping[str, Any]], key: str) -> None:
    """Draw the chart and what is under it; `reports` are of one benchmark, a model each."""
    dots = benchmark_dots(reports)
    if dots:
        theme = st.context.theme.type or "light"
        figure = charts.dots(dots, theme, title="score: 1 is every prompt right")
        alt = f"{reports[0]['title']} by section; the table below holds the same figures."
        st.plotly_chart(figure, theme=None, width=980, config={"displayModeBar": False}, key=f"mw-bench-{key}", alt=alt)
    st.html(markup(reports))
