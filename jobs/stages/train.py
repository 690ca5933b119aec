"""Train: a reward model on the train split, its data pinned and written down, the model registered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.context import RunContext
from jobs.estimate import Rate, newest_report, shown
from jobs.files import read_json, write_json
from jobs.memory import assumed_train_rate, shape_of, train_memory_gb
from jobs.stages.embedded import ensure_weights
from jobs.stages.select import Selection, selected_ids, stored_pairs
from music_core.config import EMBEDDED, Settings
from music_core.errors import ConfigError, MusicError, RunError
from music_core.reward.recipe import TrainRecipe, load_train_recipe
from music_core.store.connect import Store
from music_core.store.models import list_models, register_model
from music_core.store.pairs import StoredPair
from music_core.store.runs import pairs_at, pin_snapshot, read_manifest, write_manifest
from music_core.types import ContrastPair, RewardModel, Split, content_id

if TYPE_CHECKING:  # brings torch
    from music_core.reward.report import TrainReport

MEASURE_BY = 200  # pairs looked at for the mean length
SPLITS: tuple[Split, ...] = ("train", "validation")
CURVE_POINTS = 200  # most points kept in the report


@dataclass(frozen=True)
class Config:
    """A model called `name`, trained by `recipe` (`steps` and `base` replace the recipe's) on pairs of `sources`.

    `limit` bounds the training pairs, `validation_limit` those that accuracy is measured on. Both are always the same ones.
    """

    name: str
    recipe: str = "tiny-cpu"
    sources: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    steps: int | None = None
    base: str | None = None
    seed: int | None = None
    limit: int | None = None
    validation_limit: int = 500
    device: str | None = None

    def __post_init__(self) -> None:
        """Refuse a name that cannot be a folder, and a wrong recipe."""
        if not self.name or self.name.startswith(".") or Path(self.name).name != self.name:
            raise ConfigError(f"'{self.name}' cannot name a model.", "Use letters, digits, '-', '_' and '.'.")
        self.train_recipe()

    def train_recipe(self) -> TrainRecipe:
        """The recipe with what was given here laid over it."""
        given = {"steps": self.steps, "base": self.base, "seed": self.seed}
        return load_train_recipe(self.recipe, {k: v for k, v in given.items() if v is not None})

    def selection(self, split: Split) -> Selection:
        """The pairs of one split."""
        limit = self.limit if split == "train" else self.validation_limit
        return Selection(sources=self.sources, methods=self.methods, splits=(split,), limit=limit)


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Pin, write the manifest, train, register. A resumed run goes on from its last checkpoint with the same pairs."""
    from music_core.reward.train import train_reward_model

    recipe = config.train_recipe()
    ctx.progress(0, 0, "preparing")
    out_dir = _claimed_folder(config, ctx)
    snapshot = _write_down(config, ctx)
    pairs = {split: [p for p in pairs_at(ctx.store, ctx.run_id) if p.split == split] for split in SPLITS}
    gguf = ensure_weights(ctx) if recipe.base == EMBEDDED else None
    ctx.log(f"{len(pairs['train'])} training and {len(pairs['validation'])} validation pairs of snapshot {snapshot}")
    try:
        report = train_reward_model(
            _items(pairs["train"]),
            recipe=recipe,
            out_dir=out_dir,
            validation=_items(pairs["validation"]),
            gguf=gguf,
            cache=ctx.settings.cache,
            sources={p.id: p.origins[0].source for p in pairs["train"] if p.origins},
            device=config.device,
            on_progress=lambda step, steps, loss, accuracy: ctx.progress(step, steps, f"loss {loss:.3f}, accuracy {accuracy:.2f}"),
            should_stop=ctx.should_stop,
        )
    except MusicError:
        _release(out_dir, ctx)
        raise
    if not report.finished:
        ctx.check()
    model = register_model(ctx.store, _model(config, ctx, out_dir, recipe, report))
    return _report(model, report, snapshot)


def _items(pairs: Sequence[StoredPair]) -> list[tuple[str, ContrastPair]]:
    return [(p.id, p.pair) for p in pairs]


def _claimed_folder(config: Config, ctx: RunContext) -> Path:
    """The model's folder, this run's alone. Raises `RunError` when another model or run has the name."""
    out_dir = ctx.store.home.resolve() / "models" / config.name
    claim = ctx.folder / "model.json"
    if read_json(claim) is None:
        if config.name in {m.name for m in list_models(ctx.store)}:
            raise RunError(f"There is a model named '{config.name}' already.", "Take another name: music train --name NAME")
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        try:
            out_dir.mkdir()
        except FileExistsError as e:
            raise RunError(
                f"Another run is making a model named '{config.name}', or has.", f"Take another name, or delete {out_dir}."
            ) from e
        write_json(claim, {"folder": str(out_dir)})
    return out_dir


def _release(out_dir: Path, ctx: RunContext) -> None:
    """Give the name back when nothing was made under it, so that the next attempt may use it."""
    if not (out_dir.parent / f".{out_dir.name}.training").exists() and out_dir.is_dir() and not any(out_dir.iterdir()):
        out_dir.rmdir()
        (ctx.folder / "model.json").unlink(missing_ok=True)


def _write_down(config: Config, ctx: RunContext) -> int:
    """Pin a snapshot and write the manifest, unless an earlier attempt did; the snapshot's id."""
    before = ctx.store.version()
    snapshot = pin_snapshot(ctx.store, ctx.run_id)
    if not read_manifest(ctx.store, ctx.run_id):
        # Pinned by an attempt that was killed before it wrote its manifest: pairs that came later are not in the snapshot.
        there = {p.id for p in pairs_at(ctx.store, ctx.run_id)} if snapshot < before else None
        items = [(i, split) for split in SPLITS for i in _ids(config, ctx.store, split) if there is None or i in there]
        write_manifest(ctx.store, ctx.run_id, items)
    return snapshot


def _ids(config: Config, store: Store, split: Split) -> list[str]:
    try:
        return selected_ids(store, config.selection(split), built=True)
    except RunError:
        if split == "train":
            raise
        return []


def _model(config: Config, ctx: RunContext, out_dir: Path, recipe: TrainRecipe, report: "TrainReport") -> RewardModel:
    measured = report.validation
    metrics = {
        "steps": report.steps_done,
        "pairs": report.n_pairs,
        "recipe": config.recipe,
        "accuracy": measured.accuracy if measured else None,
        "n_validation": measured.n if measured else 0,
        "loss": report.curve[-1].loss if report.curve else None,
    }
    return RewardModel(content_id("m", [ctx.run_id]), config.name, str(out_dir), recipe.base, ctx.run_id, metrics)


def _report(model: RewardModel, report: "TrainReport", snapshot: int) -> dict[str, Any]:
    every = max(1, -(-len(report.curve) // CURVE_POINTS))
    return {
        "model": model.name,
        "model_id": model.id,
        "folder": model.path,
        "base": model.base,
        "snapshot": snapshot,
        "trained_steps": report.steps_done,
        "pairs": report.n_pairs,
        "shortened": report.n_shortened,
        "dropped": dict(report.dropped),
        "by_source": {name: dict(counts) for name, counts in report.dropped_by_source.items()},
        "validation_pairs": report.n_validation,
        "accuracy": model.metrics["accuracy"],
        "loss": model.metrics["loss"],
        "tokens": report.tokens,
        "working_s": report.seconds,
        "curve": [{"step": p.step, "loss": round(p.loss, 5), "accuracy": round(p.accuracy, 4)} for p in report.curve[::every]],
    }


def estimate(config: Config, store: Store, settings: Settings) -> dict[str, Any]:  # noqa: ARG001 -- as all stages
    """Tokens, hours and memory. Tokens are guessed from characters, four to a token."""
    recipe = config.train_recipe()
    ids = selected_ids(store, config.selection("train"), built=True)
    looked_at = list(stored_pairs(store, ids[:MEASURE_BY]))
    sides = [min(recipe.max_length, c.n_chars // 4 + 8 * len(c.messages)) for p in looked_at for c in (p.pair.chosen, p.pair.rejected)]
    per_pair = 2 * sum(sides) / len(sides)
    steps, batch = recipe.n_steps(len(ids)), recipe.batch_of(len(ids))
    tokens = round(steps * batch * per_pair)
    shape = shape_of(recipe.base)
    rate = _measured_rate(store, config, recipe) or (assumed_train_rate(shape) if shape else None)
    figures: dict[str, Any] = {"calls": 0, "tokens_in": tokens, "tokens_out": 0, "cost": 0.0, "steps": steps, "pairs": len(ids)}
    rates: dict[str, Rate] = {}
    if rate is not None:
        figures["hours"] = tokens / rate.value / 3600
        rates["training"] = rate
    if shape is not None:
        figures["memory_gb_per_device"] = round(train_memory_gb(shape, recipe, longest=max(sides)), 2)
        rates["parameters"] = Rate(shape.parameters, "parameters", "assumed", shape.origin)
    return {**figures, "rates": shown(rates)}


def _measured_rate(store: Store, config: Config, recipe: TrainRecipe) -> Rate | None:
    def same(other: Any) -> bool:
        return bool(other["recipe"] == config.recipe and (other["base"] or recipe.base) == recipe.base)

    found = newest_report(store, "train", same, enough=lambda r: r.get("working_s", 0) > 0 and r.get("tokens", 0) > 0)
    return Rate(found[1]["tokens"] / found[1]["working_s"], "tokens/s", "measured", found[0]) if found else None
