"""The pool: N conversations of every prompt, drawn once, of which smaller N are the beginning."""

from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from music_core.chat.engine import in_window, never
from music_core.errors import ConfigError
from music_core.evaluate.best_of_n import Candidate
from music_core.evaluate.simulation import Line, Simulators, StuckError, said
from music_core.types import Seed

# A draw that a gate refused for good is replaced by the next one; so many draws are tried at most, in sizes of the pool.
SPARE = 2

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class Draws(Generic[K]):
    """What came of drawing: the finished lines of every key by index, and how many draws were dropped for which reason."""

    lines: dict[K, list[tuple[int, Line]]]
    dropped: Counter[str] = field(default_factory=Counter)


async def drawn(
    wanted: Mapping[K, int],
    make: Callable[[K, int], Coroutine[Any, Any, Line]],
    sims: Simulators,
    *,
    most: int | None = None,
    on_done: Callable[[int], None] = lambda _: None,
    should_stop: Callable[[], bool] = never,
) -> Draws[K]:
    """For every key the first `wanted[key]` draws that finish, in the order of their indexes.

    At most `most` draws are tried for each (None: `SPARE` times the size of the pool), so there may be fewer.

    Draws 0, 1, 2, … are made by `make(key, index)`; one that raises `StuckError` is dropped and the next index takes its place, so
    which lines come out depends on nothing but the models' answers. `on_done` gets the number of finished lines. When
    `should_stop` says yes, it returns early with what there is.
    """
    out: Draws[K] = Draws({key: [] for key in wanted})
    tried = dict.fromkeys(wanted, 0)
    most = SPARE * sims.config.size if most is None else most
    n_done = 0
    while not should_stop():
        todo = []
        for key, n in wanted.items():
            end = min(most, tried[key] + n - len(out.lines[key]))
            todo += [partial(_one, make, key, index) for index in range(tried[key], end)]
            tried[key] = max(tried[key], end)
        if not todo:
            break
        async for key, index, got in in_window(todo, sims.width, should_stop):
            if isinstance(got, StuckError):
                out.dropped[got.reason] += 1
                continue
            out.lines[key].append((index, got))
            n_done += 1
            on_done(n_done)
    for lines in out.lines.values():
        lines.sort(key=lambda item: item[0])
    return out


async def _one(make: Callable[[K, int], Coroutine[Any, Any, Line]], key: K, index: int) -> tuple[K, int, Line | StuckError]:
    try:
        return key, index, await make(key, index)
    except StuckError as e:
        return key, index, e


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates of one prompt in the order of their draws; fewer than asked for where draws were dropped again and again."""

    seed: Seed
    candidates: tuple[Candidate, ...]


def check_prompts(seeds: Sequence[Seed]) -> None:
    """Raises `ConfigError` for a prompt that does not end with a user's message."""
    for seed in seeds:
        if not seed.context.messages or seed.context.messages[-1].role != "user":
            raise ConfigError(f"Prompt {seed.id} does not end with a user's message.")


async def simulate_pools(
    seeds: Sequence[Seed],
    sims: Simulators,
    *,
    on_done: Callable[[int], None] = lambda _: None,
    should_stop: Callable[[], bool] = never,
) -> tuple[list[Pool], dict[str, int]]:
    """The pool of every prompt, in order, and dropped draws by reason.

    Every call is journalled: the same seeds, config and journal give the same pools without a call. `on_done` gets the number of
    finished conversations. When `should_stop` says yes, it returns early with what there is. Raises `ConfigError` for a prompt
    that does not end with a user's message, `ChatError` when an endpoint fails for good.
    """
    check_prompts(seeds)

    async def make(place: int, index: int) -> Line:
        line = Line.start(seeds[place], place)
        for turn in range(sims.config.turns):
            if turn:
                line = await said(sims, line, "user", index)
            line = await said(sims, line, "assistant", index)
        return line

    wanted = dict.fromkeys(range(len(seeds)), sims.config.size)
    draws = await drawn(wanted, make, sims, on_done=on_done, should_stop=should_stop)
    pools = [
        Pool(seed, tuple(Candidate(index, line.conversation, line.turns) for index, line in draws.lines[place]))
        for place, seed in enumerate(seeds)
    ]
    return pools, dict(sorted(draws.dropped.items()))
