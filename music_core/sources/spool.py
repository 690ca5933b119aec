"""Pairs and chats kept until the whole file has proved readable: in memory while few, in a temporary file beyond."""

import pickle
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import IO, Any, Generic, TypeVar

from music_core.types import ContrastPair, Conversation, Message, Origin, SourcedChat, SourcedPair

MEMORY_CHARS = 32_000_000
BATCH_CHARS = 2_000_000
Item = TypeVar("Item", SourcedPair, SourcedChat)


class Spool(ABC, Generic[Item]):
    """Appended to once, iterated over any number of times. `close` removes the temporary file at once."""

    def __init__(self, memory_chars: int = MEMORY_CHARS, batch_chars: int = BATCH_CHARS) -> None:
        self._memory_chars, self._batch_chars = memory_chars, batch_chars
        self._recent: list[Item] = []
        self._recent_chars = 0
        self._n = 0
        self._file: IO[bytes] | None = None
        self._offsets: list[int] = []

    def __len__(self) -> int:
        return self._n

    def append(self, item: Item) -> None:
        """Keep one item."""
        self._recent.append(item)
        self._n += 1
        self._recent_chars += self._n_chars(item)
        if self._recent_chars > (self._memory_chars if self._file is None else self._batch_chars):
            self._flush()

    def __iter__(self) -> Iterator[Item]:
        for offset in self._offsets:
            if self._file is None:
                raise ValueError("the spool was closed")
            self._file.seek(offset)
            # Our own bytes of a moment ago, in a file without a name.
            for packed in pickle.load(self._file):  # noqa: S301
                yield self._unpack(*packed)
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
            batch.append(self._pack(item))
            chars += self._n_chars(item)
            if chars > self._batch_chars:
                self._write(batch)
                batch, chars = [], 0
        if batch:
            self._write(batch)
        self._recent, self._recent_chars = [], 0

    def _write(self, batch: list[Any]) -> None:
        if self._file is None:
            raise ValueError("the spool was closed")
        self._offsets.append(self._file.seek(0, 2))
        pickle.dump(batch, self._file, protocol=5)

    def _n_chars(self, item: Item) -> int:
        return sum(side.n_chars for side in self._sides(item))

    def _pack(self, item: Item) -> tuple[Any, Origin]:
        """Plain tuples pickle several times faster than dataclasses with slots; equal strings are one object and stored once."""
        return tuple(tuple((m.role, m.content) for m in side.messages) for side in self._sides(item)), item.origin

    def _unpack(self, sides: Any, origin: Origin) -> Item:
        return self._made([Conversation(tuple(Message(role, content) for role, content in side)) for side in sides], origin)

    @abstractmethod
    def _sides(self, item: Item) -> Sequence[Conversation]: ...

    @abstractmethod
    def _made(self, sides: Sequence[Conversation], origin: Origin) -> Item: ...


class PairSpool(Spool[SourcedPair]):
    """Keeps pairs."""

    def _sides(self, item: SourcedPair) -> Sequence[Conversation]:
        return item.pair.chosen, item.pair.rejected

    def _made(self, sides: Sequence[Conversation], origin: Origin) -> SourcedPair:
        return SourcedPair(ContrastPair(sides[0], sides[1]), origin)


class ChatSpool(Spool[SourcedChat]):
    """Keeps conversations without a counterpart."""

    def _sides(self, item: SourcedChat) -> Sequence[Conversation]:
        return (item.chat,)

    def _made(self, sides: Sequence[Conversation], origin: Origin) -> SourcedChat:
        return SourcedChat(sides[0], origin)
