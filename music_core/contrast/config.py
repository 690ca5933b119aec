"""What a generation run is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from music_core.chat.protocol import Sampling
from music_core.config import from_mapping
from music_core.contrast.gates import PAIR_GATES, TURN_GATES
from music_core.contrast.schedules import parse_schedule
from music_core.errors import ConfigError

Method = Literal["one_call", "two_call", "swap"]
METHODS: tuple[Method, ...] = ("one_call", "two_call", "swap")
SpeakerCheck = Literal["form", "call"]
ALL_GATES: tuple[str, ...] = tuple(dict.fromkeys((*TURN_GATES, *PAIR_GATES)))


@dataclass(frozen=True, slots=True)
class GenerationConfig:
    """One generation run.

    `turns` are generated assistant replies; they come after the turns that the seed's context already holds. `schedule` says which
    of them are contrasted (see `schedules`), `method` how. `attempts` bounds the tries per message when a gate fails. `speaker` is how
    a user line is checked: by its `form`, or by form and a `call` to the user's model. `source` names the pairs' origin.
    `reply_words` and `user_words` are asked for in the prompts; `max_tokens` of the samplings is the hard limit.
    """

    turns: int = 5
    method: Method = "one_call"
    schedule: str = "all"
    seed: int = 0
    source: str = "music"
    attempts: int = 3
    reply_words: int = 120
    user_words: int = 40
    speaker: SpeakerCheck = "form"
    gates: tuple[str, ...] = ALL_GATES
    assistant: Sampling = field(default_factory=lambda: Sampling(temperature=0.7, max_tokens=400))
    user: Sampling = field(default_factory=lambda: Sampling(temperature=0.8, max_tokens=100, stop=("\n",)))

    def __post_init__(self) -> None:
        """Check every value; the message names the setting and what it takes."""
        for name in ("turns", "attempts", "reply_words", "user_words"):
            if getattr(self, name) < 1:
                raise ConfigError(f"Generation: {name} must be at least 1, not {getattr(self, name)}.")
        if self.method not in METHODS:
            raise ConfigError(f"Generation: there is no method '{self.method}'.", f"Methods are: {', '.join(METHODS)}.")
        if self.speaker not in ("form", "call"):
            raise ConfigError(f"Generation: speaker is 'form' or 'call', not '{self.speaker}'.")
        unknown = sorted(set(self.gates) - set(ALL_GATES))
        if unknown:
            raise ConfigError(f"Generation: there is no gate {', '.join(unknown)}.", f"Gates are: {', '.join(ALL_GATES)}.")
        parse_schedule(self.schedule, self.turns)


def generation_config(table: Mapping[str, Any]) -> GenerationConfig:
    """A config from a table as TOML or JSON give it, with `assistant` and `user` as tables of sampling parameters.

    A sampling parameter that is not given keeps the default of its role. Raises `ConfigError` on unknown keys and bad values.
    """
    values = dict(table)
    defaults = {"assistant": GenerationConfig().assistant, "user": GenerationConfig().user}
    for role, default in defaults.items():
        given = values.get(role)
        if isinstance(given, Mapping):
            base = {name: getattr(default, name) for name in Sampling.__dataclass_fields__}
            values[role] = from_mapping(Sampling, base | dict(given), f"Generation, sampling of the {role}")
    return from_mapping(GenerationConfig, values, "Generation")
