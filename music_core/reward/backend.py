"""torch and transformers, imported in one place: the message when they are missing, threads, devices, quiet loading."""

import contextlib
import io
import logging
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from music_core.errors import MissingExtraError, RewardError

try:
    import torch
    import transformers
except ImportError as e:
    raise MissingExtraError("Training and scoring reward models", "train") from e

__all__ = ["DTYPES", "pick_device", "quiet", "threads", "torch", "transformers", "versions"]

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def pick_device(name: str | None) -> torch.device:
    """The device called `name`; None takes the first GPU where there is one. `RewardError` for a name torch does not know."""
    try:
        return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError as e:
        raise RewardError(f"torch knows no device '{name}'.", "Use cpu, cuda or cuda:N.") from e


@contextlib.contextmanager
def threads(n: int | None) -> Iterator[None]:
    """Run with `n` CPU threads and put the former number back; None leaves torch's own choice."""
    before = torch.get_num_threads()
    if n is not None:
        torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No progress bars and no load reports of transformers inside: they tear the run's own log apart. Errors still raise."""
    log: Any = transformers.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity(logging.ERROR)
    log.disable_progress_bar()
    try:
        # The GGUF reader draws its own bar and asks nobody.
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()


def versions() -> dict[str, str]:
    """Versions of torch and transformers, for the record in `music.json`."""

    def of(module: ModuleType) -> str:
        return str(module.__version__)

    return {"torch": of(torch), "transformers": of(transformers)}
