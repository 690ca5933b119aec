"""Jobs: the runs of this store, one run, or the form that starts one; the address says which."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import reports
from app.choices import Choices, endpoint_names
from app.components import empty, header, launch, run_detail, run_table
from app.components.errors import shown
from app.components.run_words import name_of
from app.form_fields import ABOUT, LAUNCHED, VERBS
from app.nav import href, query_now
from music_core.config import Settings, load_settings

LIMIT = 50
ALL_RUNS = '<a class="mw-link" href="jobs">← All runs</a>'


def _choices(settings: Settings) -> Choices:
    found = reports.inventory()
    return Choices(
        sources=tuple(s.source for s in found.sources),
        models=tuple(m.name for m in found.models if m.path),
        taken_names=tuple(m.name for m in found.models),
        endpoints=endpoint_names(settings),
    )


def _new(kind: str, query: Mapping[str, Sequence[str]]) -> None:
    header.show(VERBS[kind])
    st.html(ALL_RUNS)
    with shown():
        settings = load_settings()
        earlier = query.get("from", [""])[-1]
        before: Mapping[str, Any] = reports.run_state(earlier).config if earlier else {}
        st.html(launch.kinds(kind))
        launch.show(kind, query, before, _choices(settings), settings)


def _one(run_id: str) -> None:
    view = None
    with shown(), header.at_least("Run"):
        view = reports.run_view(run_id)
    if view:
        header.show(name_of(view.state))
    st.html(ALL_RUNS)
    if view:
        with shown():
            run_detail.show(view)


def _all() -> None:
    header.show("Jobs", "Each run works in a process of its own: close this page, come back, it goes on. Stopped runs can be resumed.")
    with shown():
        states = reports.runs(LIMIT)
        if not states:
            links = "".join(
                f'<li><a class="mw-link" href="{href("jobs", {"new": k})}">{VERBS[k]}</a><span>{ABOUT[k]}</span></li>' for k in LAUNCHED
            )
            empty.show("No run yet", "Nothing was started from this store's folder. Start with one of these.", link=f"<ul>{links}</ul>")
            return
        st.html(f'<div class="mw-start"><span class="mw-note">Start</span>{launch.kinds()}</div>')
        run_table.show(states, LIMIT)


def page() -> None:
    """Draw the page."""
    query = query_now()
    kind, run_id = query.get("new", [""])[-1], query.get("run", [""])[-1]
    if run_id:
        _one(run_id)
    elif kind in LAUNCHED:
        _new(kind, query)
    else:
        _all()
