"""The state of a running training in one file, replaced atomically, so that a killed run goes on where it was."""

import os
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from music_core.errors import RewardError
from music_core.reward.backend import torch
from music_core.reward.report import CurvePoint, curve_from


@dataclass(slots=True)
class TrainState:
    """Everything that changes during training besides weights, optimiser and random state."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    curve: list[CurvePoint] = field(default_factory=list)


def state_file(out_dir: Path) -> Path:
    """Where the state of a training into `out_dir` lies: beside it, so that `out_dir` only ever holds a finished model."""
    return out_dir.parent / f".{out_dir.name}.training" / "state.pt"


def save_state(path: Path, fingerprint: str, state: TrainState, model: Any, optimizer: torch.optim.Optimizer) -> None:
    """Write the state; a kill at any moment leaves the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as f:
        torch.save(
            {
                "fingerprint": fingerprint,
                "state": asdict(state),
                # Frozen weights are read from the base again.
                "weights": {name: p.detach() for name, p in model.named_parameters() if p.requires_grad},
                "optimizer": optimizer.state_dict(),
                "rng": torch.get_rng_state(),
                "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            },
            f,
        )
        f.flush()
        os.fsync(f.fileno())
    fresh.replace(path)


def load_state(path: Path, fingerprint: str, model: Any, optimizer: torch.optim.Optimizer) -> TrainState:
    """Put the saved state into `model` and `optimizer` and return it; a new state where there is none.

    Raises `RewardError` when it belongs to another recipe or other pairs, or cannot be read.
    """
    if not path.is_file():
        return TrainState()
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, LookupError, ValueError, pickle.UnpicklingError) as e:
        raise RewardError(f"The training state {path} cannot be read: {e}", "Delete it to train from the beginning.") from e
    if saved["fingerprint"] != fingerprint:
        raise RewardError(
            f"The training state {path} belongs to another recipe or other pairs.", "Train into another folder, or delete it to start anew."
        )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(saved["weights"][name])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["rng"])
    if saved["cuda_rng"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(saved["cuda_rng"])
    return TrainState(**{**saved["state"], "curve": curve_from(saved["state"]["curve"])})
