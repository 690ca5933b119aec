"""The kinds of run there are. A stage's module is imported when it is needed, since some bring heavy libraries."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from jobs.context import RunContext
from music_core.config import Settings, from_mapping
from music_core.errors import RunError
from music_core.store.connect import Store


class Stage(Protocol):
    """What a stage's module offers: a frozen dataclass of settings and a function that does the work.

    A stage that can tell beforehand what it will cost also has `estimate(config, store, settings) -> dict`.
    """

    Config: type[Any]

    def run(self, config: Any, ctx: RunContext) -> dict[str, Any]:
        """Do the work and return the report, JSON types only. Raises `MusicError` or `RunStopped`."""
        ...


class EstimatedStage(Stage, Protocol):
    """A stage that can be tried dry."""

    def estimate(self, config: Any, store: Store, settings: Settings) -> dict[str, Any]:
        """Calls, tokens, cost, hours, memory: those that apply, with the rates they were computed from."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of run: its name, module and one sentence for forms and help."""

    name: str
    module: str
    about: str
    estimated: bool = False


KINDS: Mapping[str, Kind] = {
    k.name: k
    for k in (
        Kind("import", "jobs.stages.import_", "Read preference data from a file or the hub into the store."),
        Kind("generate", "jobs.stages.generate", "Simulate conversations and make contrast pairs of them.", estimated=True),
        Kind("judge", "jobs.stages.judge", "Have a chat model judge stored pairs.", estimated=True),
        Kind("train", "jobs.stages.train", "Train a reward model on stored pairs.", estimated=True),
        Kind("score", "jobs.stages.score", "Compute reward traces of stored pairs.", estimated=True),
        Kind("agreement", "jobs.stages.agreement", "Hold construction, judges, reward models and people against each other."),
        Kind("bias", "jobs.stages.bias", "What pulls judges, models and people besides the worth of a side."),
        Kind(
            "benchmark", "jobs.stages.benchmark", "Hold a reward model against a benchmark, by the protocol of its authors.", estimated=True
        ),
        Kind("bon", "jobs.stages.best_of_n", "Compare what reward models pick out of simulated conversations.", estimated=True),
        Kind("demo", "jobs.stages.demo", "The whole line on the embedded model."),
        Kind("export", "jobs.stages.export", "Write pairs or labels to a file on this machine."),
        Kind("sample", "jobs.stages.sample", "Load the committed sample into the store."),
    )
}


def kind_of(name: str) -> Kind:
    """The kind called `name`; `RunError` lists those there are."""
    if name not in KINDS:
        raise RunError(f"There is no kind of run named '{name}'.", f"Kinds are: {', '.join(KINDS)}.")
    return KINDS[name]


def stage_of(name: str) -> Stage:
    """The module of a kind's stage."""
    return cast("Stage", importlib.import_module(kind_of(name).module))


def config_of(name: str, values: Mapping[str, Any]) -> Any:
    """The stage's settings from a mapping. Raises `ConfigError` on an unknown or impossible setting."""
    return from_mapping(stage_of(name).Config, values, f"Settings of '{name}'")
