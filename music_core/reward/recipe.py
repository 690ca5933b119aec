"""How a reward model is trained: a frozen record read from the `[train]` table of a recipe. Needs no torch."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from music_core.config import EMBEDDED, from_mapping, recipe_names, recipe_table
from music_core.errors import ConfigError

SCHEDULES = ("constant", "linear", "cosine")
PRECISIONS = ("float32", "bfloat16")
ATTENTIONS = ("auto", "eager", "sdpa", "flash_attention_2")


@dataclass(frozen=True, slots=True)
class TrainRecipe:
    """One training. Either `steps` or `epochs` is set; lengths are tokens, batches are pairs.

    base: 'embedded' (the SmolLM2 of the embedded chat model), a local folder, or a name on the hub
    max_length: longest side of a pair, in tokens, after leading turns were dropped
    keep_divergence: drop only leading turns that both sides share; False may also drop turns in which they differ
    batch_pairs: pairs per optimiser step; micro_batch_pairs: pairs per forward pass
    head_learning_rate: None takes `learning_rate` for the head as well
    warmup: share of the steps in which the learning rate rises from 0
    dtype: precision of the backbone's arithmetic; weights under training, head and loss stay float32
    save_dtype: precision of the backbone's weights in the finished folder; the head is saved in float32
    train_layers: train the top k layers, the final norm and the head only; None trains everything
    margin: constant subtracted inside the loss; centering: weight of (r+ + r-)^2, which keeps rewards near zero
    eval_every, checkpoint_every: steps between two of them; 0 = only at the end (validation) or on a stop (checkpoint)
    """

    base: str = EMBEDDED
    max_length: int = 2048
    keep_divergence: bool = True
    steps: int | None = None
    epochs: float | None = None
    batch_pairs: int = 64
    micro_batch_pairs: int = 4
    learning_rate: float = 2e-6
    head_learning_rate: float | None = None
    warmup: float = 0.03
    schedule: str = "cosine"
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    dtype: str = "bfloat16"
    save_dtype: str = "float32"
    attention: str = "auto"
    gradient_checkpointing: bool = False
    train_layers: int | None = None
    margin: float = 0.0
    centering: float = 0.0
    seed: int = 0
    eval_every: int = 0
    checkpoint_every: int = 0

    def __post_init__(self) -> None:
        """Check bounds; the message names the field."""
        if (self.steps is None) == (self.epochs is None):
            raise ConfigError("Training recipe: set either steps or epochs.", f"Now: steps = {self.steps}, epochs = {self.epochs}.")
        for name, low in _AT_LEAST.items():
            value = getattr(self, name)
            if value is not None and not value >= low:
                raise ConfigError(f"Training recipe: {name} must be at least {low}, not {value}.")
        for name in ("epochs", "learning_rate", "head_learning_rate", "max_grad_norm"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"Training recipe: {name} must be above 0, not {value}.")
        if self.warmup > 1:
            raise ConfigError(f"Training recipe: warmup is a share of the steps, at most 1, not {self.warmup}.")
        for name, allowed in _ONE_OF.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(f"Training recipe: {name} must be one of {', '.join(allowed)}, not '{getattr(self, name)}'.")
        if not self.base:
            raise ConfigError("Training recipe: base is empty.", "Use 'embedded', a folder, or a name on the hub.")

    def n_steps(self, n_pairs: int) -> int:
        """Optimiser steps over `n_pairs` pairs: `steps`, or as many as `epochs` passes take, at least one."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None  # noqa: S101 -- one of the two is set, see __post_init__
        return max(1, -int(-self.epochs * n_pairs // self.batch_of(n_pairs)))

    def batch_of(self, n_pairs: int) -> int:
        """Pairs per step: `batch_pairs`, or all pairs where there are fewer."""
        return min(self.batch_pairs, n_pairs)

    def as_dict(self) -> dict[str, Any]:
        """All fields, JSON types only."""
        return dataclasses.asdict(self)


_AT_LEAST: Mapping[str, float] = {
    "max_length": 8,
    "steps": 1,
    "batch_pairs": 1,
    "micro_batch_pairs": 1,
    "warmup": 0,
    "weight_decay": 0,
    "train_layers": 0,
    "margin": 0,
    "centering": 0,
    "seed": 0,
    "eval_every": 0,
    "checkpoint_every": 0,
}
_ONE_OF: Mapping[str, tuple[str, ...]] = {
    "schedule": SCHEDULES,
    "dtype": PRECISIONS,
    "save_dtype": PRECISIONS,
    "attention": ATTENTIONS,
}


def load_train_recipe(name: str, overrides: Mapping[str, Any] | None = None) -> TrainRecipe:
    """The `[train]` table of a recipe (a shipped name or a .toml path), with `overrides` laid over it.

    Raises `ConfigError` where the recipe is missing, has no `[train]` table, or a field is unknown or out of bounds.
    """
    table = recipe_table(name).get("train")
    if not isinstance(table, dict):
        raise ConfigError(f"Recipe {name} has no [train] table.", f"Training recipes are: {', '.join(train_recipe_names())}.")
    values = {**table, **(overrides or {})}
    # A recipe says steps or epochs; whoever overrides one of them means to replace the other.
    if overrides and "steps" in overrides and "epochs" not in overrides:
        values.pop("epochs", None)
    if overrides and "epochs" in overrides and "steps" not in overrides:
        values.pop("steps", None)
    return from_mapping(TrainRecipe, values, f"Recipe {name}, [train]")


def train_recipe_names() -> tuple[str, ...]:
    """Names of the shipped recipes that have a `[train]` table, sorted."""
    return tuple(name for name in recipe_names() if "train" in recipe_table(name))
