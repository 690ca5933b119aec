"""The settings of a Best-of-N evaluation."""

import dataclasses
from dataclasses import dataclass

from jobs.stages.seeds import SeedChoice
from music_core.chat.protocol import Sampling
from music_core.config import EMBEDDED
from music_core.errors import ConfigError
from music_core.evaluate.best_of_n import Mode
from music_core.evaluate.selectors import RANDOM
from music_core.evaluate.simulation import PoolConfig
from music_core.types import ReadingKind

# What a dry run can count; points for single conversations are no comparison of picks.
JUDGE_KINDS: tuple[ReadingKind, ...] = ("pairwise", "checklist")


@dataclass(frozen=True)
class Config:
    """Selector `a` against each of `b`: names or ids of registered reward models, or `random`, `longest`, `first`.

    `prompts` first messages of `sources` and `splits` (or of `seeds_file`); for each, as many conversations as the largest of
    `n_best` ("2,4,8"), `turns` turns long. `turn_by_turn` lets the selectors pick reply by reply as well. The picks are stored as
    source `name` (default: the run's id). `user` is the assistant's endpoint unless given. `judge` compares the picks, `judge_kind`
    says how: `pairwise` as in the paper, or by `checklist`; `judge_name` (default: the endpoint's) starts the judge's name.
    `reply_tokens`, `user_tokens` and `temperature` replace sampling parameters of `PoolConfig`. Conversations that an earlier run of
    this store has simulated in the same way are taken over, unless `fresh`.
    """

    a: str = ""
    b: tuple[str, ...] = (RANDOM,)
    n_best: str = "2,4,8"
    turns: int = 3
    prompts: int = 50
    turn_by_turn: bool = False
    name: str = ""
    assistant: str = EMBEDDED
    user: str = ""
    judge: str = EMBEDDED
    judge_kind: ReadingKind = "pairwise"
    judge_name: str | None = None
    sources: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    seeds_file: str = ""
    seed: int = 0
    attempts: int = 3
    reply_words: int = 60
    user_words: int = 30
    reply_tokens: int | None = None
    user_tokens: int | None = None
    temperature: float | None = None
    n_boot: int = 1000
    batch_tokens: int = 4096
    dtype: str = "float32"
    device: str | None = None
    fresh: bool = False

    def __post_init__(self) -> None:
        """Refuse impossible settings when the run is asked for, not when it starts."""
        if not self.a or not self.b:
            raise ConfigError("Two selectors are compared.", "Name one as a and at least one as b: a model, random, longest or first.")
        if self.a in self.b:
            raise ConfigError(f"'{self.a}' cannot be compared with itself.")
        if self.judge_kind not in JUDGE_KINDS:
            raise ConfigError(f"'{self.judge_kind}' is no kind of judge for picks.", f"Kinds are: {', '.join(JUDGE_KINDS)}.")
        if self.prompts < 1:
            raise ConfigError(f"prompts must be at least 1, not {self.prompts}.")
        self.pool()

    @property
    def ns(self) -> tuple[int, ...]:
        """The values of N, in order."""
        try:
            found = sorted({int(part) for part in self.n_best.split(",")})
        except ValueError as e:
            raise ConfigError(f"n_best is a list of numbers as in 2,4,8, not '{self.n_best}'.") from e
        if found[0] < 2:
            raise ConfigError("There is nothing to pick among fewer than 2 candidates.", "Give n_best as in 2,4,8.")
        return tuple(found)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """How is picked."""
        return ("conversation", "turn_by_turn") if self.turn_by_turn else ("conversation",)

    @property
    def endpoints(self) -> tuple[str, str]:
        """Endpoints of the assistant and of the user."""
        return self.assistant, self.user or self.assistant

    @property
    def seed_choice(self) -> SeedChoice:
        """Which prompts."""
        return SeedChoice(self.prompts, self.sources, self.splits, self.seeds_file, self.seed)

    def pool(self) -> PoolConfig:
        """How the conversations are simulated. Raises `ConfigError` on an impossible setting."""
        usual = PoolConfig()
        return PoolConfig(
            size=max(self.ns),
            turns=self.turns,
            seed=self.seed,
            attempts=self.attempts,
            reply_words=self.reply_words,
            user_words=self.user_words,
            assistant=self._sampling(usual.assistant, self.reply_tokens),
            user=self._sampling(usual.user, self.user_tokens),
        )

    def _sampling(self, usual: Sampling, max_tokens: int | None) -> Sampling:
        given = {"max_tokens": max_tokens, "temperature": self.temperature}
        return dataclasses.replace(usual, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
