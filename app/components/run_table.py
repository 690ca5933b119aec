"""The list of runs; it refreshes itself only while one of them waits or works."""

from collections.abc import Sequence

import streamlit as st

from app import reports
from app.components.errors import shown
from app.components.run_words import bar, link, status_chip
from app.markup import shorten, table, visible
from app.times import ago, duration
from jobs.folder import RunState

EVERY_S = 2.0
_BRIEF = {"Run": "text", "Status": "text", "When": "text"}
_NOTE_CHARS = 140


def _row(state: RunState, note: str, *, progress: bool) -> list[str]:
    attempt = f' <span class="mw-note">attempt {state.attempt}</span>' if state.attempt > 1 else ""
    return [
        f'{link(state)}<span class="mw-note mw-run-id">{visible(state.run_id)}</span>',
        status_chip(state) + attempt,
        *([bar(state)] if progress else []),
        f'<span class="mw-run-note" dir="auto">{visible(shorten(note, _NOTE_CHARS))}</span>',
        ago(state.started_at or state.created_at),
        duration(state.seconds),
    ]


def _brief(state: RunState) -> list[str]:
    return [link(state), status_chip(state) + bar(state), ago(state.started_at or state.created_at)]


def markup(states: Sequence[RunState], notes: Sequence[str] = (), *, brief: bool = False) -> str:
    """The table as HTML; `notes` says something about each run, `brief` is for a narrow place. Pure."""
    if brief:
        return f'<div class="mw-runs">{table("The newest first", _BRIEF, [_brief(s) for s in states])}</div>'
    progress = any(not s.ended for s in states)
    rows = [_row(s, note, progress=progress) for s, note in zip(states, notes, strict=True)]
    middle = {"Progress": "text"} if progress else {}
    columns = {"Run": "text", "Status": "text", **middle, "Outcome": "text", "Started": "text", "Took": "num"}
    return f'<div class="mw-runs">{table("Runs, the newest first", columns, rows)}</div>'


def _draw(states: Sequence[RunState], *, brief: bool) -> None:
    st.html(markup(states, () if brief else [reports.note_of(s) for s in states], brief=brief))


def show(states: Sequence[RunState], limit: int, *, brief: bool = False) -> None:
    """Draw the runs; while one is not ended, read them anew every two seconds."""
    before = {s.run_id: s.status for s in states}
    if all(s.ended for s in states):
        _draw(states, brief=brief)
        return

    def live() -> None:
        with shown():
            now = reports.runs(limit)
            if any(s.ended and before.get(s.run_id) != s.status for s in now):
                st.rerun()  # what it made is in the store by now: the whole page shows it, and stops refreshing when nothing is left
            _draw(now, brief=brief)

    st.fragment(live, run_every=EVERY_S)()
