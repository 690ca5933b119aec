"""How large a backbone is, and what training or scoring it takes: rough figures for `--dry-run`, never for deciding anything."""

import json
from dataclasses import dataclass
from pathlib import Path

from jobs.estimate import Rate
from music_core.config import EMBEDDED
from music_core.reward.recipe import TrainRecipe

EMBEDDED_TRAIN_RATE = 250.0  # tokens/s of SmolLM2-135M in bfloat16 on 2 processor cores (measured once)
EMBEDDED_SCORE_RATE = 1050.0
# One H100 at 40 % of its bfloat16 peak; 6 operations per parameter and token in training, 2 in scoring.
GPU_FLOPS = 0.4 * 990e12
GB = 1024**3


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of a causal backbone."""

    parameters: float
    layers: int
    hidden: int
    origin: str


_KNOWN = {
    EMBEDDED: Shape(134.5e6, 30, 576, "SmolLM2-135M"),
    "google/gemma-2-2b-it": Shape(2.61e9, 26, 2304, "model card"),
    "google/gemma-2-9b-it": Shape(9.24e9, 42, 3584, "model card"),
    "google/gemma-2-27b-it": Shape(27.2e9, 46, 4608, "model card"),
}


def shape_of(base: str) -> Shape | None:
    """The size of `base`: known by name, or read from the config.json of a folder; None for what is neither."""
    if base in _KNOWN:
        return _KNOWN[base]
    config_file = Path(base) / "config.json"
    if not config_file.is_file():
        return None
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
        hidden, layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
        heads = int(config["num_attention_heads"])
        kv_share = int(config.get("num_key_value_heads") or heads) / heads
        per_layer = hidden * hidden * (2 + 2 * kv_share) + 3 * hidden * int(config["intermediate_size"])
        return Shape(layers * per_layer + int(config["vocab_size"]) * hidden, layers, hidden, str(config_file))
    except (ValueError, KeyError, TypeError):
        return None


def assumed_train_rate(shape: Shape) -> Rate:
    """Tokens per second in training."""
    return _assumed(shape, EMBEDDED_TRAIN_RATE, 6)


def assumed_score_rate(shape: Shape) -> Rate:
    """Tokens per second in scoring."""
    return _assumed(shape, EMBEDDED_SCORE_RATE, 2)


def _assumed(shape: Shape, embedded_rate: float, operations: int) -> Rate:
    if shape.parameters < 1e9:
        scale = _KNOWN[EMBEDDED].parameters / shape.parameters
        return Rate(embedded_rate * scale, "tokens/s", "assumed", "2 processor cores, scaled by size from SmolLM2-135M")
    return Rate(GPU_FLOPS / (operations * shape.parameters), "tokens/s", "assumed", "one H100 at 40 % of its bfloat16 peak")


def train_memory_gb(shape: Shape, recipe: TrainRecipe, *, longest: int) -> float:
    """GB on one device, without sharding: float32 weights, gradients, two moments of Adam, activations of one micro-batch.

    Activations: about 34 bytes per token, layer and hidden unit in bfloat16 (Korthikanti et al. 2022, without attention
    maps); with gradient checkpointing only each layer's input is kept, 2 bytes, and one layer is recomputed at a time.
    """
    share = 1.0 if recipe.train_layers is None else min(1.0, recipe.train_layers / shape.layers)
    weights = shape.parameters * (4 + share * 12)
    tokens = 2 * recipe.micro_batch_pairs * longest
    per_unit = 34 * (1 if recipe.dtype == "bfloat16" else 2)
    kept = 2 * shape.layers + per_unit if recipe.gradient_checkpointing else per_unit * max(1.0, share * shape.layers)
    return (weights + tokens * shape.hidden * kept) / GB


def score_memory_gb(shape: Shape, batch_tokens: int, bytes_per_weight: int = 4) -> float:
    """GB on one device: weights and the hidden states of one batch."""
    return (shape.parameters * bytes_per_weight + batch_tokens * shape.hidden * 40) / GB
