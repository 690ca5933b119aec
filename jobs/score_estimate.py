"""What scoring with a registered model takes: tokens, hours, memory, the same figures for every stage that scores."""

from pathlib import Path
from typing import Any

from jobs.estimate import Rate, newest_report, shown
from jobs.memory import assumed_score_rate, score_memory_gb, shape_of
from music_core.store.connect import Store
from music_core.types import RewardModel

CHARS_PER_TOKEN = 4


def scoring_figures(store: Store, model: RewardModel, path: Path, n_chars: float, *, batch_tokens: int, dtype: str) -> dict[str, Any]:
    """Tokens guessed from characters, hours, memory and the rate behind them; it asks no chat model and costs nothing.

    The rate is that of the newest run of `music score` with this model, else assumed. Hours and memory are left out where the model's
    size is not known.
    """
    tokens = round(n_chars / CHARS_PER_TOKEN)
    shape = shape_of(str(path))
    rate = assumed_score_rate(shape) if shape else None
    found = newest_report(
        store, "score", lambda c: c["model"] in (model.name, model.id), enough=lambda r: r["working_s"] > 0 and r["tokens"] > 0
    )
    if found:
        rate = Rate(found[1]["tokens"] / found[1]["working_s"], "tokens/s", "measured", found[0])
    figures: dict[str, Any] = {"calls": 0, "tokens_in": tokens, "tokens_out": 0, "cost": 0.0}
    if rate is not None:
        figures["hours"] = tokens / rate.value / 3600
    if shape is not None:
        figures["memory_gb_per_device"] = round(score_memory_gb(shape, batch_tokens, 4 if dtype == "float32" else 2), 2)
    return {**figures, "rates": shown({"scoring": rate} if rate else {})}
