"""Demo: the whole line on the embedded model. Each part is a run of its own, so a killed demo goes on where it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.context import RunContext, RunStopped
from jobs.runner import LocalRunner
from jobs.stages.agreement import agreement_of
from jobs.stages.embedded import ensure_weights
from jobs.stages.select import Selection, selected_ids
from music_core.config import EMBEDDED
from music_core.errors import ConfigError, RunError
from music_core.store.models import get_model
from music_core.store.readings import readings_of
from music_core.store.traces import traced_ids
from music_core.types import Run

SOURCE = "demo"
SEEDS = Path(__file__).resolve().parents[1] / "demo_seeds.jsonl"
# Of the draws tried, one whose twelve first messages lie in all three splits, so that the model has pairs it never saw.
DRAW = 23
# Share of the whole that each part takes, for the overall progress.
PARTS: Mapping[str, tuple[float, float]] = {"generate": (0.0, 0.4), "judge": (0.4, 0.6), "train": (0.6, 0.95), "score": (0.95, 1.0)}


@dataclass(frozen=True)
class Config:
    """`pairs` to generate of `turns` turns each; `checklist_pairs` of them are also judged turn by turn; `steps` of training."""

    pairs: int = 12
    turns: int = 2
    checklist_pairs: int = 6
    steps: int = 16

    def __post_init__(self) -> None:
        """Refuse a demo without training pairs."""
        if self.pairs < 4 or self.turns < 1 or self.steps < 1 or self.checklist_pairs < 1:
            raise ConfigError("A demo needs at least 4 pairs, and 1 turn, checklist pair and step.")


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Generate, judge, train, score, agree. What is finished is not done again."""
    ensure_weights(ctx)
    generate_id = f"{ctx.run_id}-generate"
    made = {"run_ids": [generate_id]}
    _part(ctx, "generate", _generation(config))
    # The one embedded model plays every part here, which shows the machinery and measures nothing; the report marks such pairs.
    judged = {**made, "allow_simulator": True}
    _part(ctx, "judge", {**judged, "kinds": ["pairwise"]})
    _part(ctx, "judge", {**judged, "kinds": ["checklist"], "limit": config.checklist_pairs}, name="checklist")
    trained = _part(ctx, "train", {"name": ctx.run_id, "sources": [SOURCE], "recipe": "tiny-cpu", "steps": config.steps})
    _part(ctx, "score", {**made, "model": trained["model_id"]})
    selection = Selection(run_ids=(generate_id,))
    ids = selected_ids(ctx.store, selection)
    cells = agreement_of(ctx.store, selection)
    return {
        "pairs": len(ids),
        "readings": sum(len(readings_of(ctx.store, i)) for i in ids),
        "trained_steps": trained["trained_steps"],
        "traced": len(traced_ids(ctx.store, get_model(ctx.store, trained["model_id"]).id) & set(ids)),
        "agreement": len(cells),
        "cells": cells,
        "model": trained["model"],
        "source": SOURCE,
    }


def _generation(config: Config) -> dict[str, Any]:
    # A 135M model answers best when little is asked of it: short replies, no instruction to modify.
    return {
        "n": config.pairs,
        "name": SOURCE,
        "turns": config.turns,
        "method": "swap",
        "schedule": "random:0.6",
        "assistant": EMBEDDED,
        "seeds_file": str(SEEDS),
        "seed": DRAW,
        "reply_words": 50,
        "user_words": 25,
        # It often does not end by itself: a reply cut off here is drawn again, and this much seldom happens three times.
        "reply_tokens": 220,
    }


def _part(ctx: RunContext, kind: str, config: Mapping[str, Any], *, name: str = "") -> dict[str, Any]:
    """Execute one part as a run of its own, unless it is finished; its report."""
    from jobs.worker import execute

    runner = LocalRunner(ctx.store.home)
    folder = runner.folder(f"{ctx.run_id}-{name or kind}")
    if not folder.exists():
        runner.create(Run(folder.run_id, kind, config, datetime.now(UTC), f"Part of {ctx.run_id}"))
    elif runner.status(folder.run_id).resumable:
        runner.reopen(folder.run_id)
    report = folder.report()
    if report is not None and folder.state().status == "finished":
        return report
    low, high = PARTS[kind]

    def step(done: float, total: float, note: str) -> None:
        share = low + (high - low) * (done / total if total else 0.0)
        ctx.on_step(round(100 * share, 1), 100, f"{kind} {done:g}/{total:g} {note}".rstrip())

    ctx.log(f"part {folder.run_id}")
    state = execute(folder, ctx.store, ctx.settings, stop=ctx.stop, show=ctx.show, on_step=step)
    if state.status == "cancelled":
        raise RunStopped
    if state.status != "finished":
        raise RunError(state.note, state.hint)
    return folder.report() or {}
