"""Rewards of a conversation by a process that holds the model; this one never loads torch."""

import importlib.util
import json
import select
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

from jobs.play.draft import Rewards
from music_core.errors import MissingExtraError, MusicError, RewardError
from music_core.types import Conversation, RewardModel

START_S = 180.0
ANSWER_S = 300.0
_ROOT = Path(__file__).resolve().parents[2]


def scoring_problem(model: RewardModel) -> MusicError | None:
    """Why `model` cannot score on this machine, found without importing anything; None when it can."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")):
        return MissingExtraError("Scoring with a reward model", "train")
    if not model.path or not Path(model.path).is_dir():
        return RewardError(f"The weights of model '{model.name}' are not on this machine.", "Train one with: music train --name NAME")
    return None


class Scorer:
    """A scoring process for the model in one folder, started by the first call. Safe to call from several threads."""

    def __init__(self, folder: Path) -> None:
        """Nothing is started yet."""
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None
        self._guard = threading.Lock()

    def __call__(self, conversation: Conversation) -> Rewards:
        """The rewards after every turn. Raises `RewardError` when the model cannot be loaded or the process has died."""
        with self._guard:
            if self._process is None or self._process.poll() is not None:
                self._start()
            found = self._ask({"messages": conversation.as_dicts()})
        return Rewards(tuple(found["rewards"]), bool(found["one_pass"]), str(found["problem"]))

    def close(self) -> None:
        """End the process; a later call starts a new one."""
        with self._guard:
            self._end()

    def _start(self) -> None:
        self._end()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the process)
        command = [sys.executable, "-m", "jobs.play.scoring_worker", str(self._folder)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, encoding="utf-8", cwd=_ROOT
        )
        self._read(START_S)

    def _ask(self, value: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None and process.stdin is not None  # noqa: S101  (started above)
        try:
            process.stdin.write(json.dumps(value) + "\n")
            process.stdin.flush()
        except OSError as e:
            raise self._dead() from e
        return self._read(ANSWER_S)

    def _read(self, limit_s: float) -> dict[str, Any]:
        process = self._process
        assert process is not None and process.stdout is not None  # noqa: S101
        deadline = time.monotonic() + limit_s
        # One line is asked for at a time, so nothing waits in the buffer behind the pipe.
        while not select.select([process.stdout], [], [], 0.1)[0]:
            if time.monotonic() > deadline:
                self._end()
                raise RewardError(f"The scoring process did not answer within {limit_s:g} s.", "Try again on a less busy machine.")
        line = process.stdout.readline()
        if not line:
            raise self._dead()
        value = json.loads(line)
        return value if isinstance(value, dict) else {}

    def _dead(self) -> RewardError:
        words = ""
        if self._log is not None:
            self._log.seek(0)
            words = next((w for w in reversed(self._log.read().decode("utf-8", "replace").split("\n")) if w.strip()), "")[:300]
        self._end()
        return RewardError(f"The scoring process ended: {words or 'it said nothing'}", "Check the model with: music score --model NAME")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except BrokenPipeError:
                        continue
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._log is not None:
            self._log.close()
            self._log = None
