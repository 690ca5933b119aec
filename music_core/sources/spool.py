"""Pairs kept until the whole file has proved readable: in memory while few, in a temporary file beyond."""

import pickle
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO, Any

from music_core.types import ContrastPair, Conversation, Message, Origin, SourcedPair

MEMORY_CHARS = 32_000_000
BATCH_CHARS = 2_000_000


class PairSpool:
    """Appended to once, iterated over any number of times. `close` removes the temporary file at once."""

    def __init__(self, memory_chars: int = MEMORY_CHARS, batch_chars: int = BATCH_CHARS) -> None:
        self._memory_chars, self._batch_chars = memory_chars, batch_chars
        self._recent: list[SourcedPair] = []
        self._recent_chars = 0
        self._n = 0
        self._file: IO[bytes] | None = None
        self._offsets: list[int] = []

    def __len__(self) -> int:
        return self._n

    def append(self, item: SourcedPair) -> None:
        """Keep one pair."""
        self._recent.append(item)
        self._n += 1
        self._recent_chars += item.pair.chosen.n_chars + item.pair.rejected.n_chars
        if self._recent_chars > (self._memory_chars if self._file is None else self._batch_chars):
            self._flush()

    def __iter__(self) -> Iterator[SourcedPair]:
        for offset in self._offsets:
            if self._file is None:
                raise ValueError("the pairs were closed")
            self._file.seek(offset)
            # Our own bytes of a moment ago, in a file without a name.
            for packed in pickle.load(self._file):  # noqa: S301
                yield _unpack(*packed)
        yield from self._recent

    def close(self) -> None:
        """Forget everything."""
        if self._file is not None:
            self._file.close()
        self._file, self._recent = None, []

    def _flush(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as this object
            weakref.finalize(self, self._file.close)
        # Written in batches, so that reading back never holds more than one.
        batch: list[Any] = []
        chars = 0
        for item in self._recent:
            batch.append(_pack(item))
            chars += item.pair.chosen.n_chars + item.pair.rejected.n_chars
            if chars > self._batch_chars:
                self._write(batch)
                batch, chars = [], 0
        if batch:
            self._write(batch)
        self._recent, self._recent_chars = [], 0

    def _write(self, batch: list[Any]) -> None:
        if self._file is None:
            raise ValueError("the pairs were closed")
        self._offsets.append(self._file.seek(0, 2))
        pickle.dump(batch, self._file, protocol=5)


def _pack(item: SourcedPair) -> tuple[Any, Any, Origin]:
    """Plain tuples pickle several times faster than dataclasses with slots; equal strings are one object and stored once."""
    sides = (item.pair.chosen, item.pair.rejected)
    chosen, rejected = (tuple((m.role, m.content) for m in side.messages) for side in sides)
    return chosen, rejected, item.origin


def _unpack(chosen: Any, rejected: Any, origin: Origin) -> SourcedPair:
    sides = [Conversation(tuple(Message(role, content) for role, content in side)) for side in (chosen, rejected)]
    return SourcedPair(ContrastPair(sides[0], sides[1]), origin)
