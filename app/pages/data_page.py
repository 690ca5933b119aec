"""Data: bring preference data in, with a preview first, and take pairs and labels out; the address says which."""

import streamlit as st

from app import data, importing, reports
from app.components import empty, export_panel, header, import_panel, run_detail
from app.components.errors import shown
from app.components.run_words import name_of
from app.nav import href, query_now
from app.state import from_query


def _ways(export: bool) -> None:
    links = "".join(
        f'<a class="mw-link mw-filter" href="{target}"{current}>{words}</a>'
        for words, target, current in (
            ("Import", href("data"), "" if export else ' aria-current="page"'),
            ("Export", href("data", {"export": "1"}), ' aria-current="page"' if export else ""),
        )
    )
    st.html(f'<nav class="mw-filters mw-kinds" aria-label="In or out">{links}</nav>')


def _run(run_id: str) -> None:
    view = None
    with shown(), header.at_least("Run"):
        view = reports.run_view(run_id)
    if view:
        header.show(name_of(view.state))
    back = "data?export=1" if view and view.state.kind == "export" else "data"
    st.html(f'<a class="mw-link" href="{back}">← Data</a>')
    if view:
        with shown():
            run_detail.show(view)


def page() -> None:
    """Draw the page."""
    query = query_now()
    # A run has an id as a filter has one; the id of an import or export is never a filter of its own page.
    run_id = query.get("run", [""])[-1]
    export = query.get("export", [""])[-1] == "1"
    if run_id and not export:
        _run(run_id)
        return
    header.show("Data", "Bring preference data in, seeing first what would be taken; take pairs and labels out.")
    _ways(export)
    with shown():
        n = sum(f.n for f in data.filter_values().get("split", ()))
        if not export:
            importing.sweep()
            import_panel.show()
        elif n:
            export_panel.show(from_query(query))
        else:
            link = f'<a class="mw-link" href="{href("data")}">Import a file</a>'
            empty.show("Nothing to export yet", "The store is empty. Fill it first, from here or by command.", empty.NO_PAIRS, link)
