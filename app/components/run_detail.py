"""One run: how far it is, what it made, its report, settings and log; live while it waits or works."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import launching, outcomes, people, reports
from app.choices import Choices
from app.components import benchmark_results, errors, off, training_curve, win_chart, win_table
from app.components.run_words import bar, status_chip
from app.form_fields import LAUNCHED, fields_of
from app.log_text import readable
from app.markup import attribute, facts, table, visible
from app.nav import href
from app.reports import RunView
from app.times import ago, duration
from jobs.folder import RunState
from music_core.errors import RunError

EVERY_S = 1.5
LOG_HEIGHT = 340  # pixels, of a log longer than this
LONG_LOG_LINES, LONG_LOG_CHARS = 12, 1_500


def head(state: RunState) -> str:
    """Status, progress and times as HTML. Pure."""
    times = [
        ("Run", f"<code>{visible(state.run_id)}</code>"),
        ("Asked for", ago(state.created_at)),
        *([("Started", ago(state.started_at))] if state.started_at else []),
        ("Working for" if state.status == "running" else "Took", duration(state.seconds)),
        *([("Attempt", str(state.attempt))] if state.attempt > 1 else []),
    ]
    waits = "Waits until another run ends; one slot for every two processors." if state.status == "queued" else ""
    note = state.note if state.status == "running" else waits
    doing = f'<p class="mw-run-note" dir="auto">{visible(note)}</p>' if note else ""
    figures = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in times)
    return f'<div class="mw-run-head" role="status"><p>{status_chip(state)}</p>{bar(state)}{doing}<dl class="mw-times">{figures}</dl></div>'


def made_markup(links: list[outcomes.Link]) -> str:
    """What the run made, as links. Pure."""
    items = "".join(f'<a class="mw-link mw-filter" href="{attribute(href(page, q))}">{visible(words)}</a>' for words, page, q in links)
    return f'<nav class="mw-filters" aria-label="What it made">{items}</nav>'


def settings_markup(kind: str, config: Mapping[str, Any]) -> str:
    """The settings as HTML in the words of the form; those that were left open in one line. Pure."""
    labels = {f.name: f.label for f in fields_of(kind, Choices())}
    given = {name: value for name, value in config.items() if value not in (None, "", [], ())}
    rows = facts([(visible(labels.get(name) or outcomes.words(name)), visible(outcomes.text_of(value))) for name, value in given.items()])
    left_open = ", ".join(visible(labels.get(name) or outcomes.words(name)) for name in config if name not in given)
    return rows + (f'<p class="mw-note">Left open: {left_open}.</p>' if left_open else "")


def _buttons(state: RunState) -> None:
    refused = people.refusal("run")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if not state.ended:
            stopping = state.note == "stopping"
            words = "Stopping …" if stopping else "Cancel this run"
            st.button(
                words, key=f"mw-cancel-{state.run_id}", on_click=launching.cancel, args=(state.run_id,), disabled=stopping or bool(refused)
            )
        if state.resumable:
            key = f"mw-resume-{state.run_id}-{state.attempt}"
            st.button("Resume", key=key, type="primary", on_click=launching.resume, args=(state.run_id,), disabled=bool(refused))
        if state.kind in LAUNCHED:
            again = attribute(href("jobs", {"new": state.kind, "from": state.run_id}))
            st.html(f'<a class="mw-link" href="{again}">Repeat with changes</a>', width="content")
    if not state.ended or state.resumable:
        off.show(refused)


def _progress(view: RunView) -> None:
    """The part that changes while the run works."""
    error = launching.last_error()
    if error is not None:
        errors.show(error)
    st.html(head(view.state))
    if view.state.status in ("failed", "dead"):
        errors.show(RunError(view.state.note or f"The run is {view.state.status}.", view.state.hint))
    links = outcomes.made(view.state, view.report)
    if links:
        st.html(made_markup(links))
    _buttons(view.state)


def _log(log: str) -> None:
    st.header("Log", anchor=False)
    if not log.strip():
        st.html('<p class="mw-note">Nothing written yet.</p>')
        return
    text = readable(log)
    long = len(text) > LONG_LOG_CHARS or text.count("\n") > LONG_LOG_LINES
    with st.container(height=LOG_HEIGHT if long else "content", border=True, autoscroll=long, key="mw-log"):
        st.html(f'<div class="mw-text mw-log" tabindex="0" role="log" aria-live="off">{visible(text)}</div>')


def _report(view: RunView) -> None:
    if view.report is None:
        return
    st.header("Report", anchor=False)
    if view.report.get("curve"):
        training_curve.show(view.report["curve"])
    if view.report.get("table"):
        win_chart.show(view.report["table"], view.state.run_id)
        win_table.show(view.report["table"], view.state.run_id, view.report.get("judge", ""))
    if view.state.kind == "benchmark":
        benchmark_results.show([view.report], view.state.run_id)
    rows = [[visible(name), visible(value)] for name, value in outcomes.lines(view.report)]
    st.html(f'<div class="mw-report">{table("What came of it", {"Figure": "text", "Value": "text"}, rows)}</div>')


def _live(run_id: str) -> None:
    with errors.shown():
        view = reports.run_view(run_id)
        if view.state.ended:
            st.rerun()  # once more with the whole page: the report, and no refreshing any more
        _progress(view)
        _log(view.log)


def show(view: RunView) -> None:
    """Draw the run."""
    with st.container(horizontal=True, gap="large", key="mw-two"):
        main, rail = st.container(key="mw-two-main"), st.container(key="mw-two-rail")
    with main:
        if view.state.ended:
            _progress(view)
            _report(view)
            _log(view.log)
        else:
            st.fragment(_live, run_every=EVERY_S)(view.state.run_id)
    with rail:
        st.header("Settings", anchor=False)
        st.html(settings_markup(view.state.kind, view.state.config))
