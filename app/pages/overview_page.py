"""Overview: what is in the store, what ran last, who agrees with the construction, and what to do next."""

import streamlit as st

from app import advice, reports
from app.components import agreement_glance, empty, figures, header, next_steps, run_table
from app.components.errors import shown
from app.nav import href
from app.reports import Inventory
from jobs.folder import RunState

LAST_RUNS = 5


def _empty(runs: list[RunState]) -> None:
    ways = (
        ("Load the sample", "sample", "Pairs to browse and label at once.", "music sample load"),
        ("Import a file", "import", "Your own preference data, or a data set of the hub.", "music import FILE.jsonl"),
        ("Run the demo", "demo", "The whole line on the embedded model, in about 10 minutes.", "music demo"),
    )
    links = "".join(
        f'<li><a class="mw-link" href="{href("jobs", {"new": kind})}">{name}</a><span>{about}</span><code>{command}</code></li>'
        for name, kind, about, command in ways
    )
    empty.show("The store is empty", "Fill it in one of these ways, from here or by command.", link=f"<ul>{links}</ul>")
    if runs:
        st.header("Last runs", anchor=False)
        run_table.show(runs, LAST_RUNS, brief=True)


def _rail(found: Inventory, runs: list[RunState] | None) -> None:
    st.header("What to do next", anchor=False)
    next_steps.show(advice.next_steps(found, runs or []))
    st.header("What ran last", anchor=False)
    if runs is not None:
        if runs:
            run_table.show(runs, LAST_RUNS, brief=True)
        st.html(f'<a class="mw-link" href="{href("jobs")}">{"All runs" if runs else "Nothing yet; start a run"}</a>')


def _main(found: Inventory) -> None:
    st.header("In the store", anchor=False)
    figures.show(found)
    st.header("Agreement with the construction", anchor=False)
    with shown():
        agreement_glance.show(reports.agreement())


def page() -> None:
    """Draw the page."""
    header.show("Overview", "Contrast pairs of whole conversations, who judged them, and how far the judgements agree.")
    with shown():
        found, runs = reports.inventory(), None
        with shown():
            runs = reports.runs(LAST_RUNS)
        if not found.whole.n:
            _empty(runs or [])
            return
        with st.container(horizontal=True, gap="large", key="mw-two"):
            main, rail = st.container(key="mw-two-main"), st.container(key="mw-two-rail")
        with rail, shown():
            _rail(found, runs)
        with main, shown():
            _main(found)
