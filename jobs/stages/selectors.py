"""The selectors of a Best-of-N evaluation: registered reward models and baselines as scorers of conversations.

What a model has scored lies in the run's folder and is not scored again.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.context import RunContext
from jobs.stages.best_of_n_config import Config
from jobs.stages.score import registered_model
from music_core.errors import ConfigError
from music_core.evaluate.selectors import BASELINES, Scorer, baseline
from music_core.store.connect import Store
from music_core.types import BranchName, ContrastPair, Conversation, RewardModel, RewardTrace

if TYPE_CHECKING:  # brings torch
    from music_core.reward.score import RewardScorer, ScoredConversation

FILE = "rewards.jsonl"
CHUNK = 64


class ModelScorer:
    """A registered model as a `Scorer`: the reward of the whole conversation, the last entry of its trace.

    The model is loaded when there is something that it has not scored. `problems` counts what could not be scored, by reason.
    """

    def __init__(self, store: Store, name: str, *, batch_tokens: int, dtype: str, device: str | None) -> None:
        """Look the model up. Raises `StoreError` when there is none of that name or id, `RewardError` without its weights."""
        self.model: RewardModel
        self.model, self._path = registered_model(store, name)
        self._options = (batch_tokens, dtype, device)
        self._rewards: dict[str, tuple[float, ...]] = {}
        self._one_pass: dict[str, bool] = {}
        self._scorer: RewardScorer | None = None
        self._ctx: RunContext | None = None
        self.on_scored: Callable[[int, int], None] = lambda _done, _total: None
        self.problems: Counter[str] = Counter()
        self.n_chars = 0

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    def attach(self, ctx: RunContext) -> None:
        """Take up what an earlier attempt of the run has scored, and keep what will be scored."""
        self._ctx = ctx
        for row in _whole_lines(ctx.folder / FILE):
            if row["model"] == self.model.id:
                self._keep(row["conversation"], row["rewards"], row["one_pass"], row["problem"])

    def __call__(self, conversations: Sequence[Conversation]) -> list[float | None]:
        """One reward for each, None where there is none. Raises `RunStopped` between chunks when the run is to stop."""
        by_id = {c.id: c for c in conversations}
        todo = [c for i, c in by_id.items() if i not in self._rewards]
        for i in range(0, len(todo), CHUNK):
            self._score(todo[i : i + CHUNK])
            self.on_scored(min(i + CHUNK, len(todo)), len(todo))
        return [self._rewards[c.id][-1] if self._rewards[c.id] else None for c in conversations]

    def traces(self, pair_id: str, pair: ContrastPair) -> list[RewardTrace]:
        """The traces of both sides, which must have been scored; empty where one of them could not be."""
        sides: tuple[tuple[BranchName, Conversation], ...] = (("chosen", pair.chosen), ("rejected", pair.rejected))
        found = [(branch, self._rewards[c.id], self._one_pass[c.id]) for branch, c in sides]
        return [RewardTrace(pair_id, b, self.model.id, rewards, one) for b, rewards, one in found] if all(r for _, r, _ in found) else []

    def _score(self, conversations: Sequence[Conversation]) -> None:
        if self._ctx is not None:
            self._ctx.check()
        batch_tokens, dtype, device = self._options
        if self._scorer is None:
            from music_core.reward.score import RewardScorer

            self._scorer = RewardScorer(self._path, dtype=dtype, device=device)
        scored = list(self._scorer.score([(c.id, c) for c in conversations], batch_tokens=batch_tokens))
        if self._ctx is not None:
            _append(self._ctx.folder / FILE, self.model.id, scored)
        for s in scored:
            self._keep(s.key, s.rewards, s.one_pass, s.problem)

    def _keep(self, conversation_id: str, rewards: Sequence[float], one_pass: bool, problem: str) -> None:
        self._rewards[conversation_id], self._one_pass[conversation_id] = tuple(rewards), one_pass
        if problem:
            self.problems[problem] += 1


@dataclass(frozen=True, slots=True)
class Selectors:
    """Scorers by name, those of registered models among them, and who is compared with whom."""

    scorers: Mapping[str, Scorer]
    models: Sequence[ModelScorer]
    comparisons: Sequence[tuple[str, str]]


def selectors_of(config: Config, store: Store) -> Selectors:
    """The selectors that `config` names. Raises `StoreError` or `RewardError` for a model that is not there."""
    scorers: dict[str, Scorer] = {}
    models: list[ModelScorer] = []
    names: list[str] = []
    for given in (config.a, *config.b):
        if given in BASELINES:
            names.append(given)
            scorers[given] = baseline(given, config.seed)
            continue
        model = ModelScorer(store, given, batch_tokens=config.batch_tokens, dtype=config.dtype, device=config.device)
        names.append(model.name)
        if model.name not in scorers:
            models.append(model)
            scorers[model.name] = model
    others = [b for b in dict.fromkeys(names[1:]) if b != names[0]]
    if not others:
        raise ConfigError(f"'{names[0]}' cannot be compared with itself.", "Name another model, or random, longest or first, as b.")
    return Selectors(scorers, models, [(names[0], b) for b in others])


def _append(path: Path, model_id: str, scored: "Sequence[ScoredConversation]") -> None:
    with path.open("a", encoding="utf-8") as f:
        for s in scored:
            row = {"model": model_id, "conversation": s.key, "rewards": list(s.rewards), "one_pass": s.one_pass, "problem": s.problem}
            f.write(json.dumps(row) + "\n")


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of the file; a line that a kill tore off is cut away, and scored again."""
    raw = path.read_bytes() if path.is_file() else b""
    end = raw.rfind(b"\n") + 1
    if end < len(raw):
        with path.open("r+b") as f:
            f.truncate(end)
    return [json.loads(line) for line in raw[:end].splitlines()]
