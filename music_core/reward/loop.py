"""The training loop: one process, plain torch, resumable at any step."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from music_core.errors import RewardError
from music_core.reward.backend import DTYPES, torch
from music_core.reward.batch import EncodedPair, pad_right, token_batches
from music_core.reward.checkpoint import load_state, save_state
from music_core.reward.loss import bradley_terry_loss
from music_core.reward.model import RewardNet
from music_core.reward.optimise import batch_indices, freeze_lower_layers, learning_rate_factor, make_optimizer
from music_core.reward.recipe import TrainRecipe
from music_core.reward.report import CurvePoint, PairMetrics
from music_core.reward.template import pooled_index

OnProgress = Callable[[int, int, float, float], None]


class TrainLoop:
    """The training loop and what it works on."""

    def __init__(
        self, net: RewardNet, recipe: TrainRecipe, train: list[EncodedPair], held_out: list[EncodedPair], state_path: Path, fingerprint: str
    ) -> None:
        self.net, self.recipe, self.train, self.held_out = net, recipe, train, held_out
        self.state_path, self.fingerprint = state_path, fingerprint
        self.dtype = DTYPES[recipe.dtype]
        self.steps, self.batch_pairs = recipe.n_steps(len(train)), recipe.batch_of(len(train))
        freeze_lower_layers(net.model, recipe.train_layers)
        if recipe.gradient_checkpointing:
            net.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        self.optimizer = make_optimizer(net.model, recipe)
        self.state = load_state(state_path, fingerprint, net.model, self.optimizer)

    def run(self, on_progress: OnProgress | None, should_stop: Callable[[], bool] | None) -> bool:
        """Train to the last step (True) or until asked to stop (False, state saved)."""
        while self.state.step < self.steps:
            started = time.monotonic()
            point = self._step()
            self.state.step += 1
            self.state.curve.append(self._with_validation(point))
            self.state.seconds += time.monotonic() - started
            if on_progress:
                on_progress(point.step, self.steps, point.loss, point.accuracy)
            stop = should_stop is not None and should_stop() and self.state.step < self.steps
            if stop or (self.recipe.checkpoint_every and self.state.step % self.recipe.checkpoint_every == 0):
                save_state(self.state_path, self.fingerprint, self.state, self.net.model, self.optimizer)
            if stop:
                return False
        return True

    def _step(self) -> CurvePoint:
        """One optimiser step over `batch_pairs` pairs, in micro-batches of like length; the loss is the mean over all of them."""
        recipe, step = self.recipe, self.state.step
        factor = learning_rate_factor(step, self.steps, recipe.warmup, recipe.schedule)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        batch = [self.train[i] for i in batch_indices(step, len(self.train), self.batch_pairs, recipe.seed)]
        batch.sort(key=lambda pair: (-pair.longest, pair.pair_id))
        self.net.model.train()
        total, right = 0.0, 0.0
        for at in range(0, len(batch), recipe.micro_batch_pairs):
            good, bad = pair_rewards(self.net, batch[at : at + recipe.micro_batch_pairs], self.dtype)
            loss = bradley_terry_loss(good, bad, margin=recipe.margin, centering=recipe.centering).sum() / len(batch)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
            right += wins(good, bad)
        if not math.isfinite(total):
            raise RewardError(f"The loss is {total} at step {step + 1}.", "Lower learning_rate, or set dtype to float32.")
        trained = [p for p in self.net.model.parameters() if p.requires_grad]
        norm = float(torch.nn.utils.clip_grad_norm_(trained, recipe.max_grad_norm))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.state.tokens += sum(len(p.chosen) + len(p.rejected) for p in batch)
        return CurvePoint(step + 1, total, right / len(batch), recipe.learning_rate * factor, norm)

    def _with_validation(self, point: CurvePoint) -> CurvePoint:
        every = self.recipe.eval_every
        due = point.step == self.steps or (every > 0 and point.step % every == 0)
        if not due or not self.held_out:
            return point
        return replace(point, validation=measure_pairs(self.net, self.held_out, self.recipe))


def pair_rewards(net: RewardNet, pairs: Sequence[EncodedPair], dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Rewards of both sides, float32, shape (n,) each: the plain two-sequence computation, one batch of 2n rows."""
    sides = [*(p.chosen for p in pairs), *(p.rejected for p in pairs)]
    ids = pad_right(sides, net.pad_id or 0, net.device)
    rewards = net.rewards_at(ids, range(len(sides)), [pooled_index(s, net.pad_id) for s in sides], dtype)
    return rewards[: len(pairs)], rewards[len(pairs) :]


def wins(chosen: torch.Tensor, rejected: torch.Tensor) -> float:
    """Pairs with the chosen side above, a tie counting one half."""
    return float((chosen > rejected).sum() + 0.5 * (chosen == rejected).sum())


def measure_pairs(net: RewardNet, pairs: Sequence[EncodedPair], recipe: TrainRecipe, batch_tokens: int = 8192) -> PairMetrics:
    """Loss, accuracy, ties and mean margin over `pairs`, without gradients."""
    net.model.eval()
    loss, right, ties, margin = 0.0, 0.0, 0, 0.0
    with torch.inference_mode():
        for batch in token_batches([2 * p.longest for p in pairs], batch_tokens):
            good, bad = pair_rewards(net, [pairs[i] for i in batch], DTYPES[recipe.dtype])
            loss += float(bradley_terry_loss(good, bad, margin=recipe.margin, centering=recipe.centering).sum())
            right += wins(good, bad)
            ties += int((good == bad).sum())
            margin += float((good - bad).sum())
    n = len(pairs)
    return PairMetrics(n, loss / n, right / n, ties, margin / n)
