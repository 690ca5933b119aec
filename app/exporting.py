"""What the Data page takes out of the store: as a download, or by a run into the folder of exports."""

import dataclasses
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app import data, launching, people
from app.launching import Draft
from app.state import ListState
from jobs.runner import new_run_id
from jobs.stages.export import ENDINGS, What, write
from music_core.store.export import estimate_bytes
from music_core.store.filters import PairFilter

# A download is held in the server's memory until the session ends.
MOST_DOWNLOAD = 200_000_000
_FAR = 1e300
_DRAFT = "mw_export_draft"
_READY = "mw_export_ready"


def filter_of(state: ListState) -> PairFilter:
    """The pairs that the address names; "mine" means whoever asks."""
    return state.filter(people.current())


@st.cache_data(max_entries=16, show_spinner="Counting …")
def _size(home: str, version: int, f: PairFilter) -> tuple[int, int]:  # noqa: ARG001
    return estimate_bytes(data.store(), f)


def size(f: PairFilter) -> tuple[int, int]:
    """How many pairs pass, and about how many bytes they take as JSON lines."""
    opened = data.store()
    return _size(str(opened.home), opened.version(), f)


def file_name(what: What, state: ListState) -> str:
    """A name for the file that says what is in it."""
    parts = ["labels"] if what == "labels" else ["pairs", *state.source[:2], *state.split]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(parts)).strip("-")[:80] + ENDINGS[what][0]


@dataclass(frozen=True, slots=True)
class Ready:
    """A file made for a download, and of what: another choice, or anything new in the store, makes it out of date."""

    what: What
    f: PairFilter
    version: int
    rows: int
    content: bytes


def prepare(what: What, f: PairFilter) -> Ready:
    """Make the file. Raises `MusicError`."""
    people.guard("read")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"export{ENDINGS[what][0]}"
        version = data.store().version()
        n = write(data.store(), what, f, path)
        made = Ready(what, f, version, n, path.read_bytes())
    st.session_state[_READY] = made
    return made


def ready(what: What, f: PairFilter) -> Ready | None:
    """The file that was made of exactly this, if it was."""
    made = st.session_state.get(_READY)
    fits = isinstance(made, Ready) and (made.what, made.f, made.version) == (what, f, data.store().version())
    return made if fits else None


def plain_filter(f: PairFilter) -> dict[str, Any]:
    """The fields of a filter that leave something out, as values for a run's settings."""
    defaults = PairFilter()
    found = {field.name: getattr(f, field.name) for field in dataclasses.fields(f)}
    return {name: _plain(value) for name, value in found.items() if value != getattr(defaults, name)}


def _plain(value: Any) -> Any:
    # JSON has no infinity; an open end of a range becomes one far out.
    if isinstance(value, tuple):
        return [max(-_FAR, min(_FAR, v)) if isinstance(v, float) else v for v in value]
    return value


def start(what: What, f: PairFilter, name: str) -> None:
    """Write the export by a run, once for each showing of the form."""
    token = st.session_state.setdefault(_DRAFT, new_run_id("export"))
    launching.start(Draft("export", "data", token), {"name": name.strip(), "what": what, "filter": plain_filter(f)})
    st.session_state.pop(_DRAFT, None)
