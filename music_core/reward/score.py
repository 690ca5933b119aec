"""Reward traces: the reward after every assistant turn, from one forward pass per conversation."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from music_core.errors import RewardError
from music_core.reward.backend import DTYPES, pick_device, threads, torch
from music_core.reward.batch import pad_right, token_batches
from music_core.reward.model import RewardNet, load_reward_net
from music_core.reward.template import is_prefix_stable, pooled_index
from music_core.types import Conversation

# Conversations tokenised and sorted by length at a time: bounds memory, and is enough for batches of like length.
WINDOW = 1024


@dataclass(frozen=True, slots=True)
class ScoredConversation:
    """`rewards[k]` is the reward after turn k + 1. `one_pass` is False where the template is not prefix-stable.

    `problem` is empty, or says why there are no rewards (template_refused, too_long, no_reply, not_a_number); `rewards` is then ().
    """

    key: str
    rewards: tuple[float, ...]
    one_pass: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """One sequence to run: the ids, where to read, and which rewards of which conversation these are."""

    ids: Sequence[int]
    columns: Sequence[int]
    item: int
    first_turn: int


class RewardScorer:
    """A reward model loaded once, for many calls of `score`."""

    def __init__(
        self,
        model: str | Path | RewardNet,
        *,
        dtype: str = "float32",
        device: str | None = None,
        attention: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        """Load `model`, a folder or a name on the hub, or take a net as it is. dtype: the backbone's, float32 | bfloat16.

        `n_threads`: CPU threads while scoring; None leaves torch's choice. Raises `RewardError` (see `load_reward_net`).
        """
        if dtype not in DTYPES:
            raise RewardError(f"dtype must be one of {', '.join(DTYPES)}, not '{dtype}'.")
        if not isinstance(model, RewardNet):
            model = load_reward_net(model, dtype=dtype, device=pick_device(device), attention=attention)
        self.net = model
        self.net.model.eval()
        self.n_threads = n_threads

    def score(
        self,
        items: Sequence[tuple[str, Conversation]],
        *,
        batch_tokens: int = 4096,
        one_pass: bool = True,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[ScoredConversation]:
        """Score every (key, conversation); results come in an order of their own, by length. Lazy: stop reading to stop.

        batch_tokens: tokens of one forward pass, padding included (a longer conversation runs alone).
        one_pass False scores each prefix singly, the slow way that one pass is checked against.
        on_progress(done, total) is called after every batch.
        """
        if batch_tokens < 1:
            raise RewardError(f"batch_tokens must be at least 1, not {batch_tokens}.")
        done, stream = 0, iter(items)
        while window := list(islice(stream, WINDOW)):
            for result in self._score_window(window, batch_tokens, one_pass):
                done += 1
                yield result
                if on_progress:
                    on_progress(done, len(items))

    def last_rewards(self, conversations: Sequence[Conversation], *, batch_tokens: int = 4096) -> list[float | None]:
        """The reward of each whole conversation, in order; None where it could not be scored."""
        scored = self.score([(str(i), c) for i, c in enumerate(conversations)], batch_tokens=batch_tokens)
        by_key = {s.key: s.rewards[-1] if s.rewards else None for s in scored}
        return [by_key[str(i)] for i in range(len(conversations))]

    def _score_window(self, window: Sequence[tuple[str, Conversation]], batch_tokens: int, one_pass: bool) -> Iterator[ScoredConversation]:
        rows: list[_Row] = []
        stable: dict[int, bool] = {}
        waiting: dict[int, int] = {}
        rewards: dict[int, list[float]] = {}
        for i, (key, conv) in enumerate(window):
            prefixes, problem = self._prefixes(conv)
            if problem:
                yield ScoredConversation(key, (), False, problem)
                continue
            stable[i] = one_pass and is_prefix_stable(prefixes)
            new = self._rows(prefixes, i, stable[i])
            waiting[i], rewards[i] = len(new), [0.0] * len(prefixes)
            rows += new
        for batch in token_batches([len(r.ids) for r in rows], batch_tokens):
            ready = [rows[b] for b in batch]
            values = iter(self._run(ready))
            for row in ready:
                n = len(row.columns)
                rewards[row.item][row.first_turn : row.first_turn + n] = list(islice(values, n))
                waiting[row.item] -= 1
                if not waiting[row.item]:
                    yield _result(window[row.item][0], rewards[row.item], stable[row.item])

    def _prefixes(self, conv: Conversation) -> tuple[list[list[int]], str]:
        """Token ids after every assistant turn, or the problem that keeps the conversation from being scored."""
        if not conv.n_turns:
            return [], "no_reply"
        try:
            whole = self.net.encoder.ids(conv.messages[: conv.assistant_positions()[-1] + 1])
            if self.net.max_positions is not None and len(whole) > self.net.max_positions:
                return [], "too_long"
            return self.net.encoder.prefix_ids(conv), ""
        except RewardError:
            return [], "template_refused"

    def _rows(self, prefixes: Sequence[Sequence[int]], item: int, whole: bool) -> list[_Row]:
        reads = [pooled_index(ids, self.net.pad_id) for ids in prefixes]
        if whole:
            return [_Row(prefixes[-1], reads, item, 0)]
        return [_Row(ids, [read], item, turn) for turn, (ids, read) in enumerate(zip(prefixes, reads, strict=True))]

    def _run(self, batch: Sequence[_Row]) -> list[float]:
        """Rewards of all reads of all rows, in order."""
        pad = self.net.pad_id or 0  # any id will do: what stands behind a causal model's last token is never seen
        rows = [r for r, row in enumerate(batch) for _ in row.columns]
        columns = [c for row in batch for c in row.columns]
        with threads(self.n_threads), torch.inference_mode():
            ids = pad_right([row.ids for row in batch], pad, self.net.device)
            # Weights are already in the wanted precision; autocast would only slow the pass down.
            return [float(r) for r in self.net.rewards_at(ids, rows, columns, torch.float32)]


def _result(key: str, rewards: Sequence[float], one_pass: bool) -> ScoredConversation:
    if not all(map(math.isfinite, rewards)):
        return ScoredConversation(key, (), one_pass, "not_a_number")
    return ScoredConversation(key, tuple(rewards), one_pass)


def score_conversations(
    model_dir: str | Path,
    items: Sequence[tuple[str, Conversation]],
    *,
    batch_tokens: int = 4096,
    dtype: str = "float32",
    device: str | None = None,
    n_threads: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[ScoredConversation]:
    """Load `model_dir` and score `items`; see `RewardScorer` and its `score`."""
    scorer = RewardScorer(model_dir, dtype=dtype, device=device, n_threads=n_threads)
    yield from scorer.score(items, batch_tokens=batch_tokens, on_progress=on_progress)
