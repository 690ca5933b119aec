"""Which judges a judging run has: endpoints × rubrics, each judge with a name of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.stages.select import Selection
from music_core.chat.protocol import ChatModel
from music_core.config import EMBEDDED, Endpoint
from music_core.errors import ConfigError
from music_core.evaluate.judge import Judge, checklist_judge, pairwise_judge, score_judge
from music_core.evaluate.question import check_draws
from music_core.evaluate.rubric import SUFFIXES, Rubric, default_rubric, rubric_of
from music_core.evaluate.scale import THREE, scale_of
from music_core.prompts import prompt_hash
from music_core.types import ReadingKind

KINDS: tuple[ReadingKind, ...] = ("pairwise", "checklist", "score")
DEFAULT_KINDS: tuple[ReadingKind, ...] = ("pairwise", "checklist")


@dataclass(frozen=True)
class Config(Selection):
    """Every endpoint judges the selected pairs in each kind and by each rubric.

    `endpoint` is one name or several. `kinds` left empty are those of the `rubrics`, or pairwise and checklist where there
    are none either; a kind without a rubric of its own takes its default. `scale` is that of pairwise verdicts. `repeats`
    and `temperature` as in `Asker`. `name` (default: the endpoint's) starts the judges' names. Pairs that a judge's model
    simulated itself are left out unless `allow_simulator`.
    """

    endpoint: str | tuple[str, ...] = EMBEDDED
    kinds: tuple[str, ...] = ()
    name: str | None = None
    rubrics: tuple[str, ...] = ()
    scale: str = THREE.name
    repeats: int = 1
    temperature: float | None = None
    allow_simulator: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be; fill in the kinds, so that a recorded run says what it did."""
        if not self.endpoints:
            raise ConfigError("No endpoint is named.", "Name at least one of music.toml, or leave the embedded model.")
        unknown = [k for k in self.kinds if k not in KINDS]
        if unknown:
            raise ConfigError(f"'{', '.join(unknown)}' is no kind of judge.", f"Kinds are: {', '.join(KINDS)}.")
        check_draws(self.repeats, self.temperature)
        # A detached run may stand in another folder.
        rubrics = tuple(str(Path(r).absolute()) if r.endswith(SUFFIXES) else r for r in dict.fromkeys(self.rubrics))
        read = [rubric_of(r) for r in rubrics]
        stray = [r for r in read if self.kinds and r.kind not in self.kinds]
        if stray:
            raise ConfigError(
                f"Rubric '{stray[0].name}' is for {stray[0].kind} judging, which is not among the kinds: {', '.join(self.kinds)}.",
                f"Add the kind {stray[0].kind}, or name no kinds: then those of the rubrics are judged.",
            )
        names = [r.name for r in read]
        if len(set(names)) < len(names):
            raise ConfigError(
                f"Two rubrics are called '{max(names, key=names.count)}'.", "Rename one file: a judge is called by its rubric."
            )
        kinds = dict.fromkeys(self.kinds or [r.kind for r in read] or DEFAULT_KINDS)
        if scale_of(self.scale) is not THREE and "pairwise" not in kinds:
            raise ConfigError(
                f"The scale of {self.scale} levels is for pairwise judging only.", "Add the kind pairwise, or leave out the scale."
            )
        object.__setattr__(self, "kinds", tuple(kinds))
        object.__setattr__(self, "rubrics", rubrics)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of all endpoints, each once."""
        return (self.endpoint,) if isinstance(self.endpoint, str) else tuple(dict.fromkeys(self.endpoint))

    def ways(self) -> Iterator[Rubric]:
        """The rubrics to judge by, kind after kind."""
        read = [rubric_of(r) for r in self.rubrics]
        for kind in KINDS:
            if kind in self.kinds:
                yield from [r for r in read if r.kind == kind] or [default_rubric(kind)]


def judges(config: Config, chat: ChatModel, endpoint: Endpoint) -> list[Judge]:
    """One judge for each rubric."""
    return [_judge(config, rubric, chat, endpoint.context_tokens) for rubric in config.ways()]


def _judge(config: Config, rubric: Rubric, chat: ChatModel, context_tokens: int) -> Judge:
    name = judge_name(config, rubric, chat.endpoint)
    if rubric.kind == "pairwise":
        return pairwise_judge(
            chat,
            name,
            context_tokens=context_tokens,
            rubric=rubric,
            scale=scale_of(config.scale),
            repeats=config.repeats,
            temperature=config.temperature,
        )
    make = checklist_judge if rubric.kind == "checklist" else score_judge
    return make(chat, name, context_tokens=context_tokens, rubric=rubric, repeats=config.repeats, temperature=config.temperature)


def about(config: Config, rubric: Rubric) -> dict[str, Any]:
    """What the report says of a judge: how it asked. The hash is that of the rubric's text."""
    scale = {"scale": config.scale} if rubric.kind == "pairwise" else {}
    return {"kind": rubric.kind, "rubric": rubric.name, "rubric_hash": prompt_hash(rubric.text), **scale, "repeats": config.repeats}


def judge_name(config: Config, rubric: Rubric, endpoint: str) -> str:
    """Name of a judge, under which its verdicts are found: who, by which rubric, on which scale if not that of three.

    The newest verdict of a judge on a pair counts, so what would say something else has another name. Repeats have not: they
    are the same judge, asked more often.
    """
    stem = endpoint if config.name is None else config.name if len(config.endpoints) == 1 else f"{config.name}-{endpoint}"
    way = rubric.kind if rubric.is_default else rubric.name
    level = f"-{config.scale}" if rubric.kind == "pairwise" and config.scale != THREE.name else ""
    return f"{stem}-{way}{level}"
