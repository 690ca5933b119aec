"""Which pairs a step sees, which weights learn, and how fast: functions of their arguments alone."""

import math
from collections.abc import Iterator
from typing import Any

from music_core.errors import RewardError
from music_core.reward.backend import torch
from music_core.reward.recipe import TrainRecipe


def learning_rate_factor(step: int, steps: int, warmup: float, schedule: str) -> float:
    """Share of the learning rate at `step` (from 0): linear rise over `warmup` of the steps, then constant, linear or cosine to 0."""
    rise = round(warmup * steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    if schedule == "constant":
        return 1.0
    left = (steps - step) / (steps - rise)
    return left if schedule == "linear" else 0.5 * (1 + math.cos(math.pi * (1 - left)))


def batch_indices(step: int, n_pairs: int, batch_pairs: int, seed: int) -> list[int]:
    """Which pairs step `step` (from 0) sees. A function of its arguments alone, so a resumed run needs no sampler state.

    The stream is one shuffled pass over all pairs after another; a batch may span two passes.
    """

    def stream() -> Iterator[int]:
        epoch = step * batch_pairs // n_pairs
        skip = step * batch_pairs - epoch * n_pairs
        while True:
            order = torch.randperm(n_pairs, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch)).tolist()
            yield from order[skip:]
            epoch, skip = epoch + 1, 0

    source = stream()
    return [next(source) for _ in range(batch_pairs)]


def freeze_lower_layers(model: Any, top: int | None) -> None:
    """Leave only the top `top` layers, what follows them, and the head to be trained; None trains everything."""
    if top is None:
        return
    layers = getattr(model.base_model, "layers", None)
    if layers is None or top > len(layers):
        have = "no list of layers" if layers is None else f"{len(layers)} layers"
        raise RewardError(f"train_layers is {top}, but {type(model).__name__} has {have}.", "Leave train_layers out to train everything.")
    model.requires_grad_(False)
    parts = [*layers[len(layers) - top :], model.score, *(m for name, m in model.base_model.named_children() if name == "norm")]
    for part in parts:
        part.requires_grad_(True)


def make_optimizer(model: Any, recipe: TrainRecipe) -> torch.optim.AdamW:
    """AdamW; the head may have its own learning rate; weight decay on the backbone's matrices only."""
    body = [p for p in model.base_model.parameters() if p.requires_grad]
    head_rate = recipe.head_learning_rate or recipe.learning_rate
    groups = [
        {"params": [p for p in body if p.dim() >= 2], "base_lr": recipe.learning_rate, "weight_decay": recipe.weight_decay},
        {"params": [p for p in body if p.dim() < 2], "base_lr": recipe.learning_rate, "weight_decay": 0.0},
        {"params": list(model.score.parameters()), "base_lr": head_rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=recipe.learning_rate)
