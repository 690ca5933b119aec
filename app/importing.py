"""What the Data page writes on the way to an import: the uploaded file, a preview of it, and the run that stores it."""

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import streamlit as st

from app import data, launching, people
from app.launching import Draft
from jobs import api
from jobs.folder import RunState
from jobs.runner import new_run_id
from music_core.errors import MusicError, RunError
from music_core.sources.files import kind_and_stem
from music_core.sources.preview import Preview, preview
from music_core.store.pairs import known_pairs

FOLDER = "uploads"
MOST_MB = 200
KEEP_S = 24 * 3600
_MOST_NAME = 80
_FOUND = "mw_import_preview"
_DRAFT = "mw_import_token"
_ODD = re.compile(r"[^\w.-]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be imported, as the form says it. `token` is the id of the run that will do it; `where` a path or hf:NAME."""

    token: str
    where: str
    fmt: str = ""
    name: str = ""
    limit: int | None = None

    def config(self) -> dict[str, Any]:
        """The settings of the run."""
        given = {"fmt": self.fmt, "name": self.name.strip(), "limit": self.limit}
        return {"path": self.where, **{k: v for k, v in given.items() if v}}


@dataclass(frozen=True, slots=True)
class Found:
    """The preview of what was wanted: with how many of its pairs the store has already, and votes on pairs that nobody has."""

    wanted: Wanted
    preview: Preview | None = None
    n_known: int = 0
    n_votes_without_pair: int = 0
    error: MusicError | None = None


def safe_name(name: str) -> str:
    """A name for an uploaded file on our side: no folders, no odd characters, with its ending. Raises `SourceError` for an unknown one."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    ending, stem, gzipped = kind_and_stem(Path(last[-200:] or "file"))
    return f"{_ODD.sub('_', stem).strip('._-')[:_MOST_NAME] or 'upload'}{ending}{'.gz' if gzipped else ''}"


def keep_upload(token: str, name: str, content: BinaryIO) -> Path:
    """Lay an uploaded file beside the store, where the run will read it; one upload for each draft. Raises `SourceError`, `RoleError`."""
    people.guard("run")
    folder = _uploads() / token
    path = folder / safe_name(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with path.open("wb") as out:
        shutil.copyfileobj(content, out)
    return path


def drop_upload(token: str) -> None:
    """Forget what was uploaded for a draft."""
    if re.fullmatch(r"[\w-]+", token):
        shutil.rmtree(_uploads() / token, ignore_errors=True)


def sweep(now: float | None = None) -> None:
    """Remove uploads whose run has finished, and those that no run took within a day."""
    for folder in _uploads().glob("import-*"):
        state = _state(folder.name)
        old = (now or time.time()) - folder.stat().st_mtime > KEEP_S
        if (state is not None and state.status == "finished") or (state is None and old):
            shutil.rmtree(folder, ignore_errors=True)


def _uploads() -> Path:
    return data.store().home / FOLDER


def _state(run_id: str) -> RunState | None:
    try:
        return api.status(run_id, home=data.store().home)
    except RunError:
        return None


def look(wanted: Wanted) -> Found:
    """Read the beginning of what is wanted; nothing is stored. What hinders it is in `error`."""
    try:
        people.guard("run")
        launching.check_import(wanted.config())
        seen = preview(wanted.where, fmt=wanted.fmt or None, source=wanted.name.strip() or None, limit=wanted.limit)
        opened = data.store()
        voted = set(seen.voted) - set(seen.pair_ids)
        there = known_pairs(opened, {*seen.pair_ids, *voted})
        lost = sum(n for pair_id, n in seen.voted.items() if pair_id in voted - there)
        found = Found(wanted, seen, len(there & set(seen.pair_ids)), lost)
    except MusicError as e:
        found = Found(wanted, error=e)
    st.session_state[_FOUND] = found
    return found


def seen(wanted: Wanted) -> Found | None:
    """The preview of exactly this, if it was looked at."""
    found = st.session_state.get(_FOUND)
    return found if isinstance(found, Found) and found.wanted == wanted else None


def draft() -> str:
    """The id of the run that the form on screen would start, so that a second click cannot start another."""
    return str(st.session_state.setdefault(_DRAFT, new_run_id("import")))


def start(wanted: Wanted) -> None:
    """Import what was looked at, as a run; the next import has a form of its own."""
    if seen(wanted) is None:
        return
    launching.start(Draft("import", "data", wanted.token), wanted.config())
    if _state(wanted.token) is not None:
        st.session_state.pop(_DRAFT, None)
