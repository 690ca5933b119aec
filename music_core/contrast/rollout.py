"""MUSIC's pairs: two branches of one seed, one answered normally, one led astray (arXiv 2512.24693, section on data generation).

Turns before the first contrasted turn are generated once and copied; from there the branches are independent chains, and each
branch's user writes from that branch's own history. The set of pairs is a function of seeds, config and models' answers: not of
the order of calls, and not of how often the run was killed and resumed.
"""

import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from music_core.chat.engine import CallStats, Engine, both, in_window, never
from music_core.chat.journal import Journal
from music_core.chat.protocol import ChatModel
from music_core.contrast.branch import Branch, DropError, Stage
from music_core.contrast.config import GenerationConfig
from music_core.contrast.gates import PAIR_GATES
from music_core.contrast.related import RelatedSeeds
from music_core.contrast.schedules import parse_schedule
from music_core.errors import ConfigError
from music_core.prompts import names, template
from music_core.simulate.gates import PROMPT_KINDS
from music_core.types import BranchName, ContrastPair, Conversation, Origin, Seed, SourcedPair, TurnRecord, content_id

# Raised when the meaning of a gate or of a prompt's use changes without its text, so that old journals are not taken up.
GENERATION_VERSION = 1

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class DroppedPair:
    """A pair that a gate refused for good: `reason` is the gate's name (to count by), `detail` a sentence, `turn` from 1.

    `branch` is None when the finished pair was refused. `turns` are the calls of the messages that did pass.
    """

    seed_id: str
    locator: str
    reason: str
    detail: str
    branch: BranchName | None
    turn: int | None
    turns: tuple[TurnRecord, ...] = ()


def _silent(done: int, total: int, note: str) -> None:
    del done, total, note


def run_fingerprint(assistant: ChatModel, user: ChatModel, config: GenerationConfig) -> str:
    """Content id (`g_…`) of what decides an answer besides its call's key: endpoints, models, sampling, prompts, gates, seed.

    Turns and schedule are left out: the same call of a longer run is the same call.
    """
    prompts = {name: template(name) for name in names() if name.startswith(PROMPT_KINDS)}
    values = dataclasses.asdict(config)
    kept = {name: values[name] for name in ("seed", "attempts", "reply_words", "user_words", "speaker", "gates", "assistant", "user")}
    models = [[m.endpoint, m.model] for m in (assistant, user)]
    return content_id("g", [GENERATION_VERSION, models, kept, prompts])


async def generate_pairs(
    seeds: Sequence[Seed],
    *,
    assistant: ChatModel,
    user: ChatModel,
    config: GenerationConfig,
    journal: Journal,
    on_progress: Progress = _silent,
    should_stop: Callable[[], bool] = never,
    stats: CallStats | None = None,
) -> AsyncIterator[SourcedPair | DroppedPair]:
    """One pair or one dropped pair per different seed context, in the order in which they finish.

    `on_progress(done, total, note)` counts pairs. When `should_stop` says yes the iteration ends early; a later call with the same
    journal goes on from there. `stats` is filled while the run goes on. Raises `ConfigError` when `swap` has fewer than two
    seeds or a seed does not end with a user's message, `ChatError` when an endpoint fails for good.
    """
    contexts = list({seed.context.id: seed for seed in seeds}.values())
    _check(contexts, config)
    related = RelatedSeeds(contexts) if config.method == "swap" else None
    engine = Engine(journal)
    if stats is not None:
        engine.stats = stats
    stage = Stage(engine, run_fingerprint(assistant, user, config), assistant, user, config)
    jobs = (partial(_pair, stage, seed, n, related.requests(seed) if related else ()) for n, seed in enumerate(contexts))
    # Before the first contrasted turn a pair has one call in flight: so many pairs keep the endpoint full at any time.
    width = max(assistant.max_concurrency, user.max_concurrency)
    done = dropped = 0
    on_progress(0, len(contexts), "")
    async for result in in_window(jobs, width, should_stop):
        done += 1
        dropped += isinstance(result, DroppedPair)
        on_progress(done, len(contexts), f"{done - dropped} pairs, {dropped} dropped, {engine.stats.n_calls} calls")
        yield result


def _check(seeds: Sequence[Seed], config: GenerationConfig) -> None:
    for seed in seeds:
        if not seed.context.messages or seed.context.messages[-1].role != "user":
            raise ConfigError(f"Seed {seed.id} does not end with a user's message.")
    if config.method == "swap" and len({seed.id for seed in seeds}) < 2:
        raise ConfigError("The method 'swap' answers the request of another seed and needs at least two seeds.")


async def _pair(stage: Stage, seed: Seed, priority: int, others: Sequence[str]) -> SourcedPair | DroppedPair:
    config = stage.config
    contrasted = parse_schedule(config.schedule, config.turns).turns(config.turns, config.seed, seed.id)
    chosen = Branch(stage, seed, "chosen", priority, seed.context.messages, seed.context.n_turns)
    rejected: Branch | None = None
    try:
        for turn in range(1, contrasted[0]):
            await _user_unless_seed(chosen, turn)
            await chosen.reply(turn)
        await _user_unless_seed(chosen, contrasted[0])
        rejected = chosen.fork("rejected")
        ends = await both(_finish(chosen, contrasted[0], frozenset(), ()), _finish(rejected, contrasted[0], frozenset(contrasted), others))
        _raise_first(ends)
    except DropError as e:
        return _dropped(chosen, rejected, e.reason, e.detail, e.branch, e.turn)
    return _finished(chosen, rejected)


async def _finish(branch: Branch, first: int, contrasted: frozenset[int], others: Sequence[str]) -> None:
    for turn in range(first, branch.stage.config.turns + 1):
        if turn > first:
            await branch.user(turn)
        if turn in contrasted:
            await branch.contrast(turn, others)
        else:
            await branch.reply(turn)


async def _user_unless_seed(branch: Branch, turn: int) -> None:
    if turn > 1:  # the seed itself opens the first generated turn
        await branch.user(turn)


def _raise_first(ends: Sequence[BaseException | None]) -> None:
    """Raise what went wrong: a failure of the endpoint before a drop, and of two drops the earlier turn's."""
    errors = [e for e in ends if e is not None]
    for e in errors:
        if not isinstance(e, DropError):
            raise e
    drops = [e for e in errors if isinstance(e, DropError)]
    if drops:
        raise min(drops, key=lambda e: (e.turn, e.branch))


def _finished(chosen: Branch, rejected: Branch) -> SourcedPair | DroppedPair:
    config = chosen.stage.config
    pair = ContrastPair(Conversation(chosen.messages), Conversation(rejected.messages))
    for name, gate in PAIR_GATES.items():
        detail = gate(pair, rejected.contrasts) if name in config.gates else None
        if detail is not None:
            return _dropped(chosen, rejected, name, detail, None, None)
    retries = chosen.retries + rejected.retries
    origin = Origin(
        source=config.source,
        locator=_locator(chosen),
        method=config.method,
        schedule=config.schedule,
        contrasts=tuple(rejected.contrasts),
        turns=(*chosen.records, *rejected.records),
        meta={"seed": config.seed, "fingerprint": chosen.stage.fingerprint, "retries": dict(sorted(retries.items()))},
    )
    return SourcedPair(pair, origin)


def _dropped(chosen: Branch, rejected: Branch | None, reason: str, detail: str, branch: BranchName | None, turn: int | None) -> DroppedPair:
    records = (*chosen.records, *(rejected.records if rejected else ()))
    return DroppedPair(chosen.seed.id, _locator(chosen), reason, detail, branch, turn, records)


def _locator(branch: Branch) -> str:
    """Names the pair within its source: the context and everything of the config that makes another pair of it."""
    config = branch.stage.config
    return f"{branch.seed.context.id}/{config.method}/{config.schedule}/{config.turns}/{config.seed}"


def drop_counts(dropped: Sequence[DroppedPair]) -> dict[str, int]:
    """Dropped pairs by reason, for the run's report."""
    return dict(sorted(Counter(d.reason for d in dropped).items()))
