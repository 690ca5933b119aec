"""Evaluation: what finished Best-of-N and benchmark runs say of reward models, the newest first."""

from collections.abc import Sequence

import streamlit as st

from app import reports
from app.components import benchmark_results, empty, header, report_button, win_chart, win_table
from app.components.errors import shown
from app.markup import attribute, visible
from app.nav import href
from app.times import ago
from jobs.report.gather import Evaluated, by_benchmark
from jobs.report.sections import judge_remark
from jobs.stages.select import Selection

ABOUT = "What reward models pick out of many conversations, and what they say on benchmarks, beside published figures."
MOST_RUNS = 10


def _nothing() -> None:
    ways = (
        ("Compare by Best-of-N", "bon", "Two selectors pick, a judge compares the picks.", "music evaluate bon --a MODEL --b random"),
        ("Run a benchmark", "benchmark", "A model beside published figures.", "music evaluate multiturn --model MODEL"),
    )
    links = "".join(
        f'<li><a class="mw-link" href="{href("jobs", {"new": kind})}">{name}</a><span>{about}</span><code>{command}</code></li>'
        for name, kind, about, command in ways
    )
    empty.show("No evaluation yet", "No Best-of-N or benchmark run has finished in this store.", link=f"<ul>{links}</ul>")


def _run_link(run: Evaluated, words: str) -> str:
    target = attribute(href("jobs", {"run": run.state.run_id}))
    when = f" {ago(run.state.finished_at)}" if run.state.finished_at else ""
    return f'<a class="mw-link" href="{target}">{visible(words)}</a><span class="mw-note">{when}</span>'


def _bon(run: Evaluated) -> None:
    table = run.report["table"]
    st.html(f'<h3 class="mw-run-title" dir="auto">{_run_link(run, run.title)}</h3>')
    win_chart.show(table, run.state.run_id)
    win_table.show(table, run.state.run_id, run.report["judge"])
    st.html(f'<p class="mw-note">Judged by {visible(run.report["judge"])}.{judge_remark(run.report)}</p>')


def _benchmark(name: str, runs: Sequence[Evaluated]) -> None:
    st.html(f'<h3 class="mw-run-title">{visible(runs[0].report["title"])}</h3>')
    benchmark_results.show([run.report for run in runs], name)
    st.html('<p class="mw-note">Runs: ' + ", ".join(_run_link(run, run.report["model"]) for run in runs) + "</p>")


def page() -> None:
    """Draw the page."""
    header.show("Evaluation", ABOUT)
    with shown():
        found = reports.finished_evaluations()
        if not found:
            _nothing()
            return
        picked = [run for run in found if run.state.kind == "bon"]
        if picked:
            st.header("Best-of-N", anchor=False)
        for run in picked[:MOST_RUNS]:
            with shown():
                _bon(run)
        if len(picked) > MOST_RUNS:
            st.html(f'<p class="mw-note">{len(picked) - MOST_RUNS:,} older ones: <a class="mw-link" href="{href("jobs")}">all runs</a></p>')
        groups = by_benchmark(found)
        if groups:
            st.header("Benchmarks", anchor=False)
        for name, runs in groups.items():
            with shown():
                _benchmark(name, runs)
        report_button.show(Selection())
