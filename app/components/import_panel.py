"""Bring data in: choose a file, see what an import would take and drop, then import it as a run."""

import streamlit as st

from app import importing, launching, people
from app.components import errors, import_preview, off
from app.form_fields import FORMATS
from app.importing import MOST_MB, Wanted
from app.markup import visible
from music_core.errors import MusicError
from music_core.sources.files import ENDINGS

_UPLOAD, _PATH = "Upload a file", "A path or hf:NAME"
_KNOWN = "".join(f"<li>{visible(about)}</li>" for name, about in FORMATS.items() if name)
_TEACHES = (
    f'<div class="mw-teaches"><p>First comes a preview: how many rows would be used and how many dropped, with the reason and examples, '
    f"and how many pairs are new. Nothing is stored before you say <em>Import</em>.</p><p>Files end in {', '.join(ENDINGS)}, each also "
    f"gzipped as .gz. One above {MOST_MB} MB is imported by its path on the server. These formats are recognised by their rows:</p>"
    f"<ul>{_KNOWN}</ul></div>"
)


def show() -> None:
    """Draw the form, and below it the preview of what it names."""
    refused = people.refusal("run")
    off.show(refused)
    draft = importing.draft()
    way = st.segmented_control(
        "From", (_UPLOAD, _PATH), default=_UPLOAD, required=True, key=f"mw-import-way-{draft}", disabled=bool(refused)
    )
    try:
        where = _uploaded(draft, bool(refused)) if way == _UPLOAD else _named(draft, bool(refused))
    except MusicError as e:
        errors.show(e)
        return
    if not where:
        st.html(_TEACHES)
        return
    wanted = _settings(draft, where)
    error = launching.last_error()
    if error is not None:
        errors.show(error)
    found = importing.seen(wanted)
    if found is None and way == _PATH:
        st.button("Preview", key=f"mw-import-look-{draft}", on_click=_look, args=(wanted,), type="primary")
        return
    if found is None:
        with st.spinner("Reading the file …"):
            found = importing.look(wanted)
    import_preview.show(found)


def _uploaded(draft: str, disabled: bool) -> str:
    """The path of the uploaded file on our side; empty before there is one. Raises `MusicError` for one that cannot be taken."""
    given = st.file_uploader(
        "Preference data, votes or verdicts",
        key=f"mw-import-file-{draft}",
        max_upload_size=MOST_MB,
        disabled=disabled,
    )
    if given is None or disabled:
        importing.drop_upload(draft)
        return ""
    # Another upload has another id, so a file of the same name and length is still taken anew.
    held = st.session_state.get("mw_import_file")
    if not isinstance(held, tuple) or held[:2] != (draft, given.file_id):
        held = (draft, given.file_id, str(importing.keep_upload(draft, given.name, given)))
        st.session_state["mw_import_file"] = held
    return str(held[2])


def _look(wanted: Wanted) -> None:
    importing.look(wanted)


def _named(draft: str, disabled: bool) -> str:
    label = "Path of a file or folder on the machine that runs this workbench, or hf:NAME"
    return st.text_input(label, key=f"mw-import-path-{draft}", placeholder="/data/preferences.jsonl", disabled=disabled).strip()


def _settings(draft: str, where: str) -> Wanted:
    with st.container(horizontal=True, gap="small", key="mw-import-settings"):
        fmt = st.selectbox("Format", list(FORMATS), format_func=FORMATS.__getitem__, key=f"mw-import-fmt-{draft}")
        name = st.text_input("Store as source", key=f"mw-import-name-{draft}", placeholder="the file's name", max_chars=100)
        limit = st.number_input("At most so many rows", min_value=1, value=None, step=1, key=f"mw-import-limit-{draft}", placeholder="All")
    return Wanted(draft, where, fmt or "", name, int(limit) if limit else None)
