"""Finished calls in the journals of other runs, to be read and not made again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from music_core.chat.journal import CallKey, call_of, reply_of
from music_core.chat.protocol import ChatReply


@dataclass(frozen=True, slots=True)
class Earlier:
    """Calls by key, each with the run that made it. Only places in files are kept in memory; the journals are never written.

    Another process may be writing a journal meanwhile: what it appends later is not seen.
    """

    _at: dict[bytes, tuple[Path, int, int, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, journals: Mapping[str, Path], fingerprint: str) -> "Earlier":
        """The calls of this fingerprint in `journals` (run → file); of the same call in several the first one counts.

        A journal is read up to its first damaged line, one that is not there as empty.
        """
        found = cls()
        for run_id, path in journals.items():
            found._add(run_id, path, fingerprint)
        return found

    def __len__(self) -> int:
        """Number of calls."""
        return len(self._at)

    def get(self, key: CallKey) -> tuple[ChatReply, str] | None:
        """The answer and the run whose call it was; None for an unknown call, and when its file has gone."""
        place = self._at.get(key.digest())
        if place is None:
            return None
        path, start, size, origin = place
        try:
            with path.open("rb") as f:
                f.seek(start)
                raw = f.read(size)
        except OSError:
            return None
        call = call_of(raw)
        return (reply_of(raw), origin) if call is not None and call.key == key else None

    def _add(self, run_id: str, path: Path, fingerprint: str) -> None:
        start = 0
        try:
            with path.open("rb") as f:
                for raw in f:
                    call = call_of(raw)
                    if call is None:
                        return
                    if call.key.fingerprint == fingerprint:
                        self._at.setdefault(call.key.digest(), (path, start, len(raw), call.origin or run_id))
                    start += len(raw)
        except OSError:
            return
