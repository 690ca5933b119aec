"""Training of a reward model, from pairs to a finished folder that plain transformers can load."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from music_core.config import EMBEDDED
from music_core.errors import RewardError
from music_core.reward.backend import pick_device, threads, torch, versions
from music_core.reward.batch import EncodingReport, encode_pairs
from music_core.reward.checkpoint import state_file
from music_core.reward.convert import gguf_backbone
from music_core.reward.loop import OnProgress, TrainLoop
from music_core.reward.model import RewardNet, load_reward_net, save_reward_net, settle_pad_token
from music_core.reward.recipe import TrainRecipe
from music_core.reward.report import TrainReport, read_report, write_report
from music_core.types import ContrastPair, content_id


def train_reward_model(
    pairs: Sequence[tuple[str, ContrastPair]],
    *,
    recipe: TrainRecipe,
    out_dir: Path,
    validation: Sequence[tuple[str, ContrastPair]] = (),
    gguf: Path | None = None,
    cache: Path | None = None,
    sources: Mapping[str, str] | None = None,
    device: str | None = None,
    n_threads: int | None = None,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> TrainReport:
    """Train on (pair id, pair) and leave an ordinary `AutoModelForSequenceClassification` folder at `out_dir`.

    Called again with the same arguments after a stop or a kill, it goes on from the last saved state; after it has
    finished, it returns the report that it wrote. Weights after a resume equal those of an undisturbed run.

    gguf, cache: the embedded model's file and a folder for its conversion; needed for base 'embedded' only
    sources: source of each pair id, for counts per source; device None: first GPU or CPU; n_threads None: torch's choice
    on_progress(step, steps, loss, accuracy): after every step, of that step's batch
    should_stop(): asked after every step; True saves the state and returns a report with `finished` False

    Raises `RewardError` when the base cannot be loaded, no pair is usable, the loss is not finite, or `out_dir` holds
    something else.
    """
    base = _base_folder(recipe, gguf, cache)
    fingerprint = content_id("t", [recipe.as_dict(), str(base), [i for i, _ in pairs], [i for i, _ in validation]])
    done = _finished_report(out_dir, fingerprint)
    if done is not None:
        return done
    with threads(n_threads), torch.random.fork_rng():
        torch.manual_seed(recipe.seed)  # dropout, where a backbone has any; everything else draws from its own generator
        net = load_reward_net(base, device=pick_device(device), attention=recipe.attention, head_seed=recipe.seed)
        settle_pad_token(net)
        limits: dict[str, Any] = {"max_length": recipe.max_length, "keep_divergence": recipe.keep_divergence}
        train, counts = encode_pairs(net.encoder, pairs, sources=sources, **limits)
        held_out, held_counts = encode_pairs(net.encoder, validation, **limits)
        if not train:
            raise RewardError(
                f"None of {len(pairs)} pairs can be trained on ({_in_words(counts)}).", "Raise max_length, or choose other pairs."
            )
        loop = TrainLoop(net, recipe, train, held_out, state_file(out_dir), fingerprint)
        finished = loop.run(on_progress, should_stop)
        report = _report(loop, counts, held_counts, out_dir, finished)
        if finished:
            _publish(net, report, recipe, out_dir)
    return report


def _base_folder(recipe: TrainRecipe, gguf: Path | None, cache: Path | None) -> str | Path:
    if recipe.base != EMBEDDED:
        return recipe.base
    if gguf is None or cache is None:
        raise RewardError("Training on the embedded model needs its file and a cache folder.", "Fetch it with: music models pull")
    return gguf_backbone(gguf, cache)


def _finished_report(out_dir: Path, fingerprint: str) -> TrainReport | None:
    """The report of the same training, if it had finished before; `RewardError` when `out_dir` holds anything else."""
    if not out_dir.exists() or (out_dir.is_dir() and not any(out_dir.iterdir())):
        return None
    report = read_report(out_dir) if out_dir.is_dir() else None
    if report is None or report.fingerprint != fingerprint:
        raise RewardError(f"{out_dir} already holds something else.", "Train into another folder.")
    return replace(report, model_dir=str(out_dir))


def _report(loop: TrainLoop, counts: EncodingReport, held: EncodingReport, out_dir: Path, finished: bool) -> TrainReport:
    state = loop.state
    return TrainReport(
        model_dir=str(out_dir),
        finished=finished,
        steps_done=state.step,
        steps=loop.steps,
        batch_pairs=loop.batch_pairs,
        n_pairs=counts.used,
        n_shortened=counts.shortened,
        dropped=counts.dropped,
        dropped_by_source=counts.by_source,
        n_validation=held.used,
        n_validation_dropped=sum(held.dropped.values()),
        validation=next((p.validation for p in reversed(state.curve) if p.validation), None),
        curve=tuple(state.curve),
        tokens=state.tokens,
        seconds=round(state.seconds, 2),
        fingerprint=loop.fingerprint,
        recipe=loop.recipe.as_dict(),
        versions=versions(),
    )


def _publish(net: RewardNet, report: TrainReport, recipe: TrainRecipe, out_dir: Path) -> None:
    """Write the finished folder under another name and rename it: whoever sees `out_dir` sees all of it."""
    work = out_dir.parent / f".{out_dir.name}.saving"
    shutil.rmtree(work, ignore_errors=True)
    save_reward_net(net, work, dtype=recipe.save_dtype)
    write_report(report, work)
    if out_dir.is_dir():
        out_dir.rmdir()  # empty, see _finished_report
    work.rename(out_dir)
    shutil.rmtree(state_file(out_dir).parent, ignore_errors=True)


def _in_words(counts: EncodingReport) -> str:
    return ", ".join(f"{reason}: {n}" for reason, n in sorted(counts.dropped.items())) or "none given"
