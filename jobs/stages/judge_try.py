"""Try a way of judging on one pair before all: whole prompts, raw replies, what was read from them, the verdict."""

import asyncio
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jobs.stages.judging import simulated_by
from jobs.stages.panel import Config, about, judges
from jobs.stages.select import selected_ids
from music_core.config import Settings
from music_core.errors import ChatError, RunError
from music_core.evaluate.judge import Judge, run_judge
from music_core.store.connect import Store
from music_core.store.pairs import StoredPair, get_pair
from music_core.store.readings import add_readings, readings_of
from music_core.types import Reading, ReadingKind, Verdict


@dataclass(frozen=True, slots=True)
class TriedQuestion:
    """One question: the whole prompt and what was read. `stored` says that it was answered earlier and not asked again.

    `reading` is None when the endpoint gave no answer.
    """

    prompt: str
    reading: Reading | None
    stored: bool


@dataclass(frozen=True, slots=True)
class TriedJudge:
    """One judge on the pair. `verdict` is None while a question has no answer; `error` says why.

    `own_pair`: its model simulated the pair itself, so a run would leave it out unless that is allowed.
    """

    name: str
    kind: ReadingKind
    about: dict[str, Any]
    own_pair: bool
    questions: tuple[TriedQuestion, ...]
    verdict: Verdict | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """All judges of a configuration on one pair; `kept` says that what they said was stored."""

    pair_id: str
    judges: tuple[TriedJudge, ...]
    kept: bool = False

    def as_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return dataclasses.asdict(self)

    def text(self) -> str:
        """The trial for people, everything in full."""
        return "\n\n".join(part for judge in self.judges for part in _told(judge))


def try_one(config: Config, store: Store, settings: Settings, pair_id: str, *, keep: bool = False) -> Trial:
    """Have the judges of `config` read one pair now; nothing is stored unless `keep`.

    `pair_id` is the id of a stored pair, or a number: the pair at that place (from 1) of the selection. What a judge has
    answered before is shown from the store and not asked again. Raises `StoreError` when there is no such pair, `ChatError`
    when an endpoint gives no answer at all, `RunError` when something is to be kept that a run would leave out.
    """
    stored = get_pair(store, _found(config, store, pair_id))
    tried = asyncio.run(_try_all(config, store, settings, stored, keep=keep))
    if keep:
        asked = [q for judge in tried for q in judge.questions]
        new = [q.reading for q in asked if q.reading is not None and not q.stored]
        add_readings(store, new, [judge.verdict for judge in tried if judge.verdict is not None])
    return Trial(stored.id, tried, keep)


def _found(config: Config, store: Store, pair_id: str) -> str:
    if not (pair_id.isascii() and pair_id.isdigit()):
        return pair_id
    ids = selected_ids(store, config)
    if not 1 <= int(pair_id) <= len(ids):
        raise RunError(
            f"There is no pair number {pair_id} among the {len(ids)} selected.", "Numbers count from 1; a pair's id works as well."
        )
    return ids[int(pair_id) - 1]


async def _try_all(config: Config, store: Store, settings: Settings, stored: StoredPair, *, keep: bool) -> tuple[TriedJudge, ...]:
    from music_core.chat.open import open_chat  # brings the HTTP client, which --help need not wait for

    tried: list[TriedJudge] = []
    for name in config.endpoints:
        endpoint = settings.endpoint(name)
        if keep and not config.allow_simulator and simulated_by(endpoint.model, stored):
            raise RunError(
                f"The pair was simulated by {endpoint.model} itself, so its verdict is not kept.",
                "Try it without --keep, or allow it with --allow-simulator.",
            )
        async with open_chat(settings, name) as chat:
            for rubric, judge in zip(config.ways(), judges(config, chat, endpoint), strict=True):
                tried.append(await _try(judge, about(config, rubric), store, stored))
    return tuple(tried)


async def _try(judge: Judge, how: dict[str, Any], store: Store, stored: StoredPair) -> TriedJudge:
    known = {r.id: r for r in readings_of(store, stored.id) if r.judge == judge.name}
    errors: list[ChatError] = []
    judged = [item async for item in run_judge(judge, [(stored.id, stored.pair)], known, on_error=lambda _, e: errors.append(e))]
    read = {**known, **{r.id: r for item in judged for r in item.readings}}
    questions = tuple(
        TriedQuestion("\n".join(m.content for m in q.request.messages), read.get(q.id), q.id in known)
        for q in judge.ask(stored.id, stored.pair)
    )
    verdict = next((item.verdict for item in judged if item.verdict is not None), None)
    own = simulated_by(judge.model, stored)
    return TriedJudge(judge.name, judge.kind, how, own, questions, verdict, errors[0].message if errors else "")


def _told(judge: TriedJudge) -> Iterator[str]:
    how = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in judge.about.items())
    yield f"=== {judge.name} ({how})"
    if judge.own_pair:
        yield "Its model simulated this pair itself: a run leaves it out unless that is allowed."
    for n, q in enumerate(judge.questions, start=1):
        of = f"--- Question {n} of {len(judge.questions)}{_place(q.reading)}"
        yield f"{of}: prompt\n{q.prompt}"
        if q.reading is None:
            yield f"--- No answer: {judge.error}"
            continue
        origin = "from the store, not asked again" if q.stored else f"finish: {q.reading.finish_reason}"
        yield f"--- Raw reply ({origin})\n{q.reading.raw}"
        yield f"--- Read as: {_read(q.reading)}"
    yield f"=== Verdict of {judge.name}: {_verdict(judge.verdict)}"


def _place(reading: Reading | None) -> str:
    if reading is None:
        return ""
    parts = [
        reading.order or reading.branch or "",
        f"turn {reading.turn}" if reading.turn else "",
        f"repeat {reading.repeat}" if reading.repeat else "",
    ]
    return f" ({', '.join(p.replace('_', ' ') for p in parts if p)})"


def _read(reading: Reading) -> str:
    grade = "" if reading.grade is None else f", grade {reading.grade:g}"
    return f"{reading.label}{grade}" + ("" if reading.p_yes is None else f", P(yes) {reading.p_yes:.3f}")


def _verdict(verdict: Verdict | None) -> str:
    if verdict is None:
        return "none, a question has no answer"
    score = "" if verdict.score is None else f", score {verdict.score:+.3f}"
    return f"{verdict.value}{score} ({verdict.n_readings} readings, {verdict.n_unparsed} unparsed)"
