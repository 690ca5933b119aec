"""The journal of a person's conversation: one file of JSON lines in the store's folder, appended to and never changed.

What a person typed is on the disk before anything is asked of a model, so a killed server and a reloaded page lose nothing.
"""

import json
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jobs.files import locked
from jobs.play.draft import Draft, Event, draft_of
from music_core.errors import RunError

FOLDER = "play"
_ID = re.compile(r"[0-9a-f]{16}")


def new_draft_id() -> str:
    """Sixteen random hex digits."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class PlayJournal:
    """The journals of one store's folder. Any number of processes may read and write."""

    home: Path

    def path(self, draft_id: str) -> Path:
        """The file of a draft. Raises `RunError` for an id that is none."""
        if not _ID.fullmatch(draft_id):
            raise RunError("This address names no conversation.", "Start a new one.")
        return self.home / FOLDER / f"{draft_id}.jsonl"

    def read(self, draft_id: str) -> Draft:
        """The conversation as it stands. Raises `RunError` when there is none of this id."""
        found = draft_of(_events(self.path(draft_id)))
        if found is None:
            raise RunError("There is no such conversation in this store's folder.", "Start a new one.")
        return found

    def append(self, draft_id: str, event: Event, unless: Callable[[Draft | None], bool] = lambda _: False) -> bool:
        """Write an event to the disk unless `unless(the draft as it stands)` says no; whether it was written.

        Nothing comes between that question and the writing, so two clicks at one instant are one event. A last line that a kill
        cut off is taken away first.
        """
        path = self.path(draft_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.with_suffix(".lock")):
            if unless(draft_of(_events(path))):
                return False
            with path.open("ab") as f:
                f.truncate(_whole(path))
                f.write(json.dumps(event).encode() + b"\n")
                f.flush()
                os.fsync(f.fileno())
        return True

    def drafts(self, person: str) -> list[Draft]:
        """The person's conversations that were not voted on, the newest first; a file that cannot be read is passed over."""
        folder = self.home / FOLDER
        found = (draft_of(_events(path)) for path in folder.glob("*.jsonl")) if folder.is_dir() else ()
        own = [d for d in found if d is not None and d.setup.person == person and d.open]
        return sorted(own, key=lambda d: d.setup.started_at, reverse=True)


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []


def _events(path: Path) -> list[Event]:
    found: list[Event] = []
    for line in _lines(path):
        try:
            event = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            event = None
        if not isinstance(event, dict):
            break
        found.append(event)
    return found


def _whole(path: Path) -> int:
    """Bytes of the lines that are whole."""
    lines = _lines(path)
    return sum(len(line) for line in lines if line.endswith(b"\n"))
