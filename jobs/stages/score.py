"""Score: reward traces of stored pairs by a registered model."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jobs.context import RunContext
from jobs.score_estimate import scoring_figures
from jobs.stages.select import CHUNK, Selection, selected_ids, stored_pairs
from music_core.config import Settings
from music_core.errors import ConfigError, RewardError
from music_core.store.connect import Store
from music_core.store.models import get_model
from music_core.store.traces import add_traces, traced_ids
from music_core.types import BRANCHES, BranchName, Conversation, RewardModel, RewardTrace

if TYPE_CHECKING:  # brings torch
    from music_core.reward.score import RewardScorer

MEASURE_BY = 200  # pairs looked at for the mean length


@dataclass(frozen=True)
class Config(Selection):
    """`model` is a name or id; pairs that it has traced are left out. `dtype` is the backbone's precision."""

    model: str = ""
    batch_tokens: int = 4096
    dtype: str = "float32"
    device: str | None = None

    def __post_init__(self) -> None:
        """The model must be named."""
        if not self.model:
            raise ConfigError("No model is named.", "See the models there are with: music models list")


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Trace what the model has not traced yet, a chunk of pairs at a time; a resumed run goes on with the rest."""
    from music_core.reward.score import RewardScorer

    model, path = registered_model(ctx.store, config.model)
    ids = selected_ids(ctx.store, config)
    known = traced_ids(ctx.store, model.id)
    todo = [i for i in ids if i not in known]
    ctx.progress(0, len(todo), f"loading {model.name}")
    scorer = RewardScorer(path, dtype=config.dtype, device=config.device) if todo else None
    began = time.monotonic()
    tally = _Tally()
    for i in range(0, len(todo), CHUNK):
        if scorer is not None:
            _score(scorer, model, todo[i : i + CHUNK], config, ctx, tally, before=i, total=len(todo))
    return {
        "model": model.name,
        "pairs": len(ids),
        "traced_before": len(ids) - len(todo),
        "traced": tally.n_pairs,
        "not_scored": dict(tally.problems),
        "scored_prefixes_singly": tally.n_single,
        "tokens": tally.n_chars // 4,
        "working_s": round(time.monotonic() - began, 2),
    }


@dataclass(slots=True)
class _Tally:
    """What the report says."""

    n_pairs: int = 0
    n_single: int = 0
    n_chars: int = 0
    problems: Counter[str] = field(default_factory=Counter)


def _score(
    scorer: "RewardScorer",
    model: RewardModel,
    ids: Sequence[str],
    config: Config,
    ctx: RunContext,
    tally: _Tally,
    *,
    before: int,
    total: int,
) -> None:
    """Score both branches of the pairs `ids` and store the traces of those that could be scored whole."""
    items: list[tuple[str, Conversation]] = []
    for stored in stored_pairs(ctx.store, ids):
        items += [(f"{stored.id}/chosen", stored.pair.chosen), (f"{stored.id}/rejected", stored.pair.rejected)]
    tally.n_chars += sum(c.n_chars for _, c in items)
    found: dict[str, list[RewardTrace]] = {}
    for n, scored in enumerate(scorer.score(items, batch_tokens=config.batch_tokens), start=1):
        if ctx.should_stop():
            break
        ctx.progress(before + n / 2, total, model.name)
        pair_id, _, branch = scored.key.partition("/")
        if scored.problem:
            tally.problems[scored.problem] += 1
            continue
        trace = RewardTrace(pair_id, cast("BranchName", branch), model.id, scored.rewards, scored.one_pass)
        tally.n_single += not scored.one_pass
        found.setdefault(pair_id, []).append(trace)
    # A trace of one branch alone has no margin and would be scored again and again.
    whole = [traces for traces in found.values() if len(traces) == len(BRANCHES)]
    add_traces(ctx.store, [t for traces in whole for t in traces])
    tally.n_pairs += len(whole)
    ctx.check()


def registered_model(store: Store, name: str) -> tuple[RewardModel, Path]:
    """The model of this name or id and its folder. Raises `StoreError` when there is none, `RewardError` when its weights are not here."""
    model = get_model(store, name)
    if not model.path or not Path(model.path).is_dir():
        raise RewardError(
            f"The weights of model '{model.name}' are not here ({model.path or 'it came with the sample, without weights'}).",
            "Train or register a model: music train --name NAME",
        )
    return model, Path(model.path)


def estimate(config: Config, store: Store, settings: Settings) -> dict[str, Any]:  # noqa: ARG001 -- as all stages
    """Tokens, hours and memory. Tokens are guessed from characters, four to a token."""
    model, path = registered_model(store, config.model)
    known = traced_ids(store, model.id)
    todo = [i for i in selected_ids(store, config) if i not in known]
    looked_at = list(stored_pairs(store, todo[:MEASURE_BY]))
    chars = sum(p.pair.chosen.n_chars + p.pair.rejected.n_chars for p in looked_at)
    n_chars = chars / max(1, len(looked_at)) * len(todo)
    figures = scoring_figures(store, model, path, n_chars, batch_tokens=config.batch_tokens, dtype=config.dtype)
    return {**figures, "pairs": len(todo)}
