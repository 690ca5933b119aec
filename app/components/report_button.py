"""The way to take what is on a page along as one HTML file: made when it is asked for, not with every change of the page."""

from dataclasses import dataclass

import streamlit as st

from app import reports
from app.components.errors import shown
from jobs.stages.select import Selection

_HELD = "mw_report"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A report and what it was made of: another selection, or anything new in the store, makes it out of date."""

    version: int
    selection: Selection
    n_evaluations: int
    html: str


def show(selection: Selection) -> None:
    """Draw the button that prepares the report, or the one that downloads it."""
    version, n = reports.version(), len(reports.finished_evaluations())
    held = st.session_state.get(_HELD)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="mw-report"):
        if isinstance(held, _Prepared) and (held.version, held.selection, held.n_evaluations) == (version, selection, n):
            words = f"Download this as a report ({len(held.html) / 1e6:.1f} MB)"
            st.download_button(words, held.html, "music-report.html", "text/html", key="mw-report-download", on_click="ignore")
        elif st.button("Prepare the report", key="mw-report-prepare"):
            with shown(), st.spinner("Writing the report …"):
                st.session_state[_HELD] = _Prepared(version, selection, n, reports.html_report(selection))
                st.rerun()
        st.html(
            '<p class="mw-note">Agreement, bias, estimates and evaluations in one HTML file that needs no network.</p>', width="content"
        )
