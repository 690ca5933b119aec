"""Rewards of conversations in a run's folder, appended one by one, so that a killed run scores none twice."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from music_core.evaluate.benchmarks.scoring import Unscored


class RewardLog:
    """A file of one JSON object a line: {"conversation", "reward"} or {"conversation", "problem"}.

    A last line that a kill cut off is taken away when the file is opened. `known` holds what the file says, by conversation id.
    """

    def __init__(self, path: Path) -> None:
        self.known: dict[str, float | Unscored] = {}
        self._file = path.open("a+b")
        self._file.seek(0)
        whole = 0
        for line in self._file:
            row = _row(line)
            if row is None:
                break
            whole += len(line)
            self.known[row["conversation"]] = Unscored(row["problem"]) if "problem" in row else float(row["reward"])
        self._file.seek(whole)
        self._file.truncate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, conversation_id: str, value: float | Unscored) -> None:
        """Keep what a conversation got; it is with the operating system when this returns, so a kill of the run does not lose it."""
        self.known[conversation_id] = value
        said: Mapping[str, Any] = {"problem": value.problem} if isinstance(value, Unscored) else {"reward": value}
        self._file.write(json.dumps({"conversation": conversation_id, **said}).encode() + b"\n")
        self._file.flush()

    def sync(self) -> None:
        """Bring all of it to the disk."""
        os.fsync(self._file.fileno())


def _row(line: bytes) -> dict[str, Any] | None:
    """The object of a whole line, or None for the remains of one."""
    if not line.endswith(b"\n"):
        return None
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and "conversation" in row and ("reward" in row or "problem" in row) else None
