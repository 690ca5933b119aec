"""Guidelines of one's own, each under the version that its text gives."""

from collections.abc import Mapping

from music_core.guideline import TEXT, VERSION, version_of
from music_core.store.connect import Store
from music_core.store.text import now
from music_core.types import normalise


def add_guideline(store: Store, text: str, created_by: str = "") -> str:
    """Store a guideline unless it is there; its version. Raises `ConfigError` for a text that nobody can follow."""
    version = version_of(text)
    row = {"version": version, "text": normalise(text), "created_by": created_by, "created_at": now()}
    if version != VERSION:
        store.write("queues", lambda session: session.insert_new("guideline_rows", "version", [row]))
    return version


def guidelines(store: Store) -> Mapping[str, str]:
    """Version → text of every guideline, ours first, then the newest."""
    rows = store.read("SELECT version, text FROM lake.guidelines ORDER BY created_at DESC, version")
    return {VERSION: TEXT, **dict(rows)}
