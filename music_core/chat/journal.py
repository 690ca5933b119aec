"""The journal of a generation run: every finished call, durable before its answer is used.

One JSON line per call in an append-only file. Lines of calls that finish together are written and fsynced together (group
commit). A line that a kill tore off is cut away on opening; its call was never acknowledged and is simply made again.
Only offsets are kept in memory, so a journal of millions of calls costs about 200 bytes each.
"""

import asyncio
import dataclasses
import fcntl
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from music_core.chat.protocol import ChatReply
from music_core.errors import RunError


@dataclass(frozen=True, slots=True)
class CallKey:
    """What makes a call the same call. `fingerprint` stands for endpoint, model, sampling, prompts and gates of the run.

    `branch` and `role` name who is to speak, `turn` counts from 1, `attempt` from 0; `prompt_hash` is of the messages sent.
    """

    fingerprint: str
    seed: str
    branch: str
    turn: int
    role: str
    attempt: int
    prompt_hash: str

    def digest(self) -> bytes:
        """16 bytes of SHA-256 over all fields."""
        text = json.dumps(dataclasses.astuple(self), ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


class Journal:
    """Finished calls by key. One process at a time; all methods from one event loop. `path` None keeps it in memory."""

    def __init__(self, path: Path | None = None) -> None:
        """Open or create the file.

        Raises `RunError` when another process holds it, or when a line before the last cannot be read.
        """
        self._path = path
        self._memory: dict[bytes, bytes] = {}
        self._at: dict[bytes, tuple[int, int]] = {}
        self._origins: dict[bytes, str] = {}
        self._pending: list[tuple[bytes, bytes, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None
        self._handle = -1
        self._end = 0
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                self._lock(path)
                self._load(path)
                _sync_folder(path.parent)
            except BaseException:
                os.close(self._handle)
                raise

    def __len__(self) -> int:
        """Number of finished calls."""
        return len(self._at) + len(self._memory)

    def get(self, key: CallKey) -> ChatReply | None:
        """The answer of a finished call, or None."""
        digest = key.digest()
        if self._path is None:
            line = self._memory.get(digest)
        elif digest in self._at:
            start, size = self._at[digest]
            line = os.pread(self._handle, size, start)
        else:
            line = None
        return None if line is None else reply_of(line)

    def origin(self, key: CallKey) -> str:
        """The run whose call this was, for one taken over from an earlier run; empty for a call of our own or an unknown one."""
        return self._origins.get(key.digest(), "")

    async def append(self, key: CallKey, reply: ChatReply, origin: str = "") -> None:
        """Store a finished call, one taken over from the run `origin` too; when this returns it survives a kill and a power cut.

        Raises `RunError` when the file cannot be written.
        """
        record = {"key": dataclasses.asdict(key), "reply": dataclasses.asdict(reply), **({"from": origin} if origin else {})}
        line = json.dumps(record, ensure_ascii=False)
        if origin:
            self._origins[key.digest()] = origin
        raw = line.encode("utf-8", "surrogatepass") + b"\n"
        if self._path is None:
            self._memory[key.digest()] = raw
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((key.digest(), raw, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        await done

    async def aclose(self) -> None:
        """Write what is pending and release the file."""
        if self._flusher is not None:
            await self._flusher
        self.close()

    def close(self) -> None:
        """Release the file; `aclose` is the way out of an event loop with calls in flight."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    async def __aenter__(self) -> "Journal":
        """The journal itself."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Write what is pending and release the file."""
        await self.aclose()

    async def _flush(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, []
            try:
                await asyncio.to_thread(self._write, b"".join(raw for _, raw, _ in batch))
            except OSError as e:
                error = RunError(f"The journal {self._path} cannot be written: {e}.", "Free some space, then resume the run.")
                for _, _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for digest, raw, done in batch:
                self._at[digest] = (self._end, len(raw))
                self._end += len(raw)
                if not done.done():
                    done.set_result(None)

    def _write(self, raw: bytes) -> None:
        view = memoryview(raw)
        at = self._end
        while view:
            n = os.pwrite(self._handle, view, at)
            view, at = view[n:], at + n
        os.fsync(self._handle)

    def _lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise RunError(f"The journal {path} is in use by another process.", "Wait for that run to end, or cancel it.") from e

    def _load(self, path: Path) -> None:
        torn_at: int | None = None
        with path.open("rb") as f:
            for n, raw in enumerate(f, start=1):
                call = call_of(raw)
                if call is None:
                    torn_at = self._end if torn_at is None else torn_at
                elif torn_at is not None:
                    raise RunError(f"The journal {path} is damaged before line {n}.", "Restore it, or start the run anew.")
                else:
                    digest = call.key.digest()
                    self._at[digest] = (self._end, len(raw))
                    self._end += len(raw)
                    if call.origin:
                        self._origins[digest] = call.origin
        if torn_at is not None:
            os.ftruncate(self._handle, torn_at)


def _sync_folder(folder: Path) -> None:
    # Without this a power cut may take a new file's name away, and its fsynced lines with it.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Call:
    """What a line of a journal is about; `origin` names the run it was taken over from, empty for a call of its own."""

    key: CallKey
    origin: str


def call_of(raw: bytes) -> Call | None:
    """The call of a line; None for a line that was torn off or damaged."""
    if not raw.endswith(b"\n"):
        return None
    try:
        record = json.loads(raw)
        return Call(CallKey(**record["key"]), str(record.get("from", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def reply_of(raw: bytes) -> ChatReply:
    """The answer in a line that `call_of` reads."""
    values: dict[str, Any] = dict(json.loads(raw)["reply"])
    values["first_token"] = tuple((token, logprob) for token, logprob in values["first_token"])
    return ChatReply(**values)
