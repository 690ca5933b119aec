"""Small files shared by processes: whole or not at all, and one process at a time."""

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from music_core.errors import RunError


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace `path` by the JSON of `value` in one step: a reader sees the old file or the new one, never half of one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with temporary.open("w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, indent=1)
        f.flush()
        os.fsync(f.fileno())
    temporary.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`; None when there is no such file. Raises `RunError` naming a file that holds something else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as e:
        raise RunError(f"{path} cannot be read: {e}.", "It was written by a run; delete the run's folder if it is damaged.") from e
    if not isinstance(value, dict):
        raise RunError(f"{path} holds no JSON object.", "It was written by a run; delete the run's folder if it is damaged.")
    return value


@contextmanager
def locked(path: Path, *, timeout_s: float = 30.0) -> Iterator[None]:
    """Hold the lock file `path`; other processes and threads wait. The system frees it when the holder dies.

    Raises `RunError` when it cannot be had within `timeout_s` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + timeout_s
        while not try_lock(handle):
            if time.monotonic() > deadline:
                raise RunError(f"{path} has been held by another process for {timeout_s:.0f} s.", "Wait for it, or end that process.")
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def try_lock(handle: int) -> bool:
    """Take the exclusive lock of an open file if it is free now. Closing the file frees it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def tail(path: Path, n_lines: int = 200, *, max_bytes: int = 256_000) -> str:
    """The last `n_lines` lines of a text file, of its last `max_bytes` bytes; empty when there is none."""
    try:
        with path.open("rb") as f:
            f.seek(0, os.SEEK_END)
            f.seek(max(0, f.tell() - max_bytes))
            text = f.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-n_lines:])
