"""What a form offers to choose from: what this store holds and these settings name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.forms import Field
from music_core.config import EMBEDDED, SCRIPTED, Settings

SPLITS = ("train", "validation", "test")
JUDGE_KINDS: Mapping[str, str] = {
    "pairwise": "pairwise, in both orders",
    "checklist": "checklist, turn by turn",
    "score": "score, each conversation alone from 1 to 10",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What this store and these settings offer to choose from. `models` are names of those with weights, the newest first."""

    sources: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    taken_names: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = (EMBEDDED, SCRIPTED)

    @property
    def judge(self) -> str:
        """The endpoint proposed for judging what the proposed one wrote: another one where there is another."""
        return next((e for e in self.endpoints if e not in (EMBEDDED, SCRIPTED, self.endpoint)), self.endpoint)

    @property
    def endpoint(self) -> str:
        """The endpoint proposed: one that was configured, else the embedded model."""
        return next((e for e in self.endpoints if e not in (EMBEDDED, SCRIPTED)), EMBEDDED)


def endpoint_names(settings: Settings) -> tuple[str, ...]:
    """Names of the endpoints, the configured ones first, the scripted fake last."""
    return tuple(sorted(settings.endpoints, key=lambda e: (e == SCRIPTED, e == EMBEDDED, e)))


def plain(values: Sequence[str]) -> dict[str, str]:
    """Choices that need no other words."""
    return {v: v for v in values}


def endpoints(choices: Choices) -> dict[str, str]:
    """The endpoints, the built-in ones explained."""
    about = {EMBEDDED: "embedded (SmolLM2-135M, on this machine)", SCRIPTED: "scripted (a fake for trying things out)"}
    return {e: about.get(e, e) for e in choices.endpoints}


def simulators(choices: Choices) -> tuple[Field, Field]:
    """Who plays the assistant and who the user."""
    offered = endpoints(choices)
    about = "An endpoint of music.toml, or a built-in one."
    return (
        Field("assistant", "Assistant played by", "one", choices.endpoint, about, offered),
        Field("user", "User played by", "one", "", "Empty: the assistant's endpoint.", {"": "the same", **offered}),
    )
