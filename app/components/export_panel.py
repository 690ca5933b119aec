"""Take data out: pairs of a filter, or labels, as a download; large ones by a run."""

from collections.abc import Mapping

import streamlit as st

from app import exporting, launching, people
from app.components import errors, off
from app.exporting import MOST_DOWNLOAD
from app.markup import attribute, visible
from app.nav import href
from app.state import ListState
from jobs.stages.export import FOLDER, What

_FORMS: Mapping[What, str] = {"jsonl": "Pairs, JSON lines", "parquet": "Pairs, Parquet", "labels": "Labels"}
_ABOUT: Mapping[What, str] = {
    "jsonl": "TRL's preference rows, {chosen, rejected}, with ids, split and origins beside them. Importing them again changes nothing.",
    "parquet": "The same rows for pandas, datasets and DuckDB; the ids and origins are JSON text in the column music.",
    "labels": "Every label event of everybody in order, with what was taken back or replaced. The filter does not count here.",
}
_MIME: Mapping[What, str] = {"jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet", "labels": "application/jsonl"}


def _megabytes(n_bytes: float) -> str:
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:,.1f} kB"


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value).replace("..", " to ")


def show(state: ListState) -> None:
    """Draw what is chosen, its size, and the ways to get it."""
    f = exporting.filter_of(state)
    n, about = exporting.size(f)
    choose = attribute(href("pairs", state.query()))
    which = "of this filter" if state.active else "in all"
    st.html(
        f'<p role="status"><strong>{n:,} pair{"" if n == 1 else "s"}</strong> {which}, about {_megabytes(about)} as JSON lines. '
        f'<a class="mw-link" href="{choose}">Choose others on the page Pairs</a></p>'
    )
    if state.active:
        named = [f"{name} {_text(getattr(state, name))}" for name in state.active]
        st.html(f'<p class="mw-note">Filter: {visible("; ".join(named))}</p>')
    what: What = st.segmented_control(
        "As", list(_FORMS), format_func=_FORMS.__getitem__, default="jsonl", required=True, key="mw-export-what"
    )
    st.html(f'<p class="mw-note">{visible(_ABOUT[what])}</p>')
    if what != "labels" and not n:
        return
    if what == "labels" or about <= MOST_DOWNLOAD:
        _download(what, state)
    else:
        words = f"This is more than {MOST_DOWNLOAD / 1e6:,.0f} MB, too much for a download: a run writes it to a file on the server."
        st.html(f'<p class="mw-remark">{words}</p>')
    _by_run(what, state)


def _download(what: What, state: ListState) -> None:
    f, name = exporting.filter_of(state), exporting.file_name(what, state)
    made = exporting.ready(what, f)
    if made is None and st.button("Prepare the file", key="mw-export-prepare"):
        with errors.shown(), st.spinner("Writing …"):
            exporting.prepare(what, f)
            st.rerun()
    if made is not None:
        words = f"Download {made.rows:,} rows ({_megabytes(len(made.content))})"
        st.download_button(words, made.content, name, _MIME[what], key="mw-export-download", on_click="ignore", type="primary")


def _by_run(what: What, state: ListState) -> None:
    refused = people.refusal("run")
    with st.expander("Write it on the server instead"):
        st.html(f'<p class="mw-note">A run writes the file into the folder <code>{FOLDER}</code> of the store; it replaces none.</p>')
        off.show(refused)
        error = launching.last_error()
        if error is not None:
            errors.show(error)
        key = f"mw-export-name-{what}"
        st.text_input("Name of the file", value=exporting.file_name(what, state), key=key, disabled=bool(refused))
        st.button("Write by a run", key="mw-export-run", on_click=_start, args=(what, state, key), disabled=bool(refused))


def _start(what: What, state: ListState, key: str) -> None:
    exporting.start(what, exporting.filter_of(state), str(st.session_state.get(key) or ""))
