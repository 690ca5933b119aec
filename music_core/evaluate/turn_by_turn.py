"""Best-of-N reply by reply: at every turn each selector takes one of N replies, and the user goes on from it.

Each (selector, N) has a conversation of its own. Where histories coincide (the first turn of all, and as long as selectors take
the same replies) the draws are the same calls, also those of the pool, and are made once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from music_core.chat.engine import never
from music_core.evaluate.best_of_n import Pick
from music_core.evaluate.pool import check_prompts, drawn
from music_core.evaluate.selectors import Scorer, best
from music_core.evaluate.simulation import Line, Simulators, said
from music_core.types import Message, Seed

History = tuple[int, tuple[Message, ...]]
"""A prompt's place, and the messages so far."""
Replies = Mapping[History, Sequence[tuple[int, Line]]]


@dataclass(frozen=True, slots=True)
class _Chain:
    """The conversation of one selector under one N, as far as it got."""

    selector: str
    n: int
    line: Line
    indexes: tuple[int, ...] = ()
    tied: bool = False

    @property
    def history(self) -> History:
        return self.line.priority, self.line.messages


async def pick_turn_by_turn(
    seeds: Sequence[Seed],
    scorers: Mapping[str, Scorer],
    ns: Sequence[int],
    sims: Simulators,
    *,
    on_part: Callable[[float], None] = lambda _: None,
    should_stop: Callable[[], bool] = never,
) -> tuple[list[Pick], dict[str, int]]:
    """A pick for every prompt, selector and N whose conversation came to its end, and dropped draws by reason.

    A chain ends early where a turn has fewer than N replies that passed the gates, where none of them can be scored, or where the
    user's message is refused for good. `on_part` gets the share that is done, in [0, 1]. Selectors score all chains' replies of a
    turn together, between the calls. When `should_stop` says yes, it returns early, without picks. Raises as `simulate_pools` does.
    """
    check_prompts(seeds)
    chains = [_Chain(name, n, Line.start(seed, place)) for place, seed in enumerate(seeds) for name in scorers for n in ns]
    dropped: dict[str, int] = {}
    n_turns = sims.config.turns
    for turn in range(n_turns):
        part = _Part(on_part, 2 * turn, 2 * n_turns - 1)
        replies = await _replies(chains, sims, dropped, part, should_stop)
        if should_stop():
            return [], {}
        chains = _advance(chains, replies, scorers)
        if turn < n_turns - 1:
            part = _Part(on_part, 2 * turn + 1, 2 * n_turns - 1)
            chains = await _users(chains, sims, dropped, part, should_stop)
    return [] if should_stop() else [_pick(c) for c in chains], dict(sorted(dropped.items()))


@dataclass(frozen=True, slots=True)
class _Part:
    """Reports the `k`-th of `of` equal parts of the work."""

    report: Callable[[float], None]
    k: int
    of: int

    def of_total(self, total: int) -> Callable[[int], None]:
        return lambda done: self.report((self.k + done / max(1, total)) / self.of)


async def _replies(
    chains: Sequence[_Chain], sims: Simulators, dropped: dict[str, int], part: _Part, should_stop: Callable[[], bool]
) -> Replies:
    """As many replies to every different history as the largest N that has it asks for."""
    lines: dict[History, Line] = {}
    wanted: dict[History, int] = {}
    for c in chains:
        lines[c.history] = c.line
        wanted[c.history] = max(c.n, wanted.get(c.history, 0))

    async def make(history: History, index: int) -> Line:
        return await said(sims, lines[history], "assistant", index)

    on_done = part.of_total(sum(wanted.values()))
    draws = await drawn(wanted, make, sims, on_done=on_done, should_stop=should_stop)
    _add(dropped, draws.dropped)
    return draws.lines


def _advance(chains: Sequence[_Chain], replies: Replies, scorers: Mapping[str, Scorer]) -> list[_Chain]:
    """Every chain with the reply that its selector takes; those that have none are left out."""
    after: list[_Chain] = []
    for name, scorer in scorers.items():
        own = [c for c in chains if c.selector == name and len(replies[c.history]) >= c.n]
        offered = {line.messages: line.conversation for c in own for _, line in replies[c.history][: c.n]}
        scores = dict(zip(offered, scorer(list(offered.values())), strict=True))
        for c in own:
            choices = replies[c.history][: c.n]
            top = best([scores[line.messages] for _, line in choices])
            if top is not None:
                index, line = choices[top.at]
                # The calls so far are this chain's own, whichever chain's line the replies were drawn for.
                taken = replace(line, turns=(*c.line.turns, line.turns[-1]))
                after.append(replace(c, line=taken, indexes=(*c.indexes, index), tied=c.tied or top.tied))
    return after


async def _users(
    chains: Sequence[_Chain], sims: Simulators, dropped: dict[str, int], part: _Part, should_stop: Callable[[], bool]
) -> list[_Chain]:
    """Every chain with the user's next message: the same draw as in the pool, that of the reply it follows."""
    lines = {(c.history, c.indexes[-1]): c.line for c in chains}

    async def make(key: tuple[History, int], _index: int) -> Line:
        return await said(sims, lines[key], "user", key[1])

    wanted = dict.fromkeys(lines, 1)
    draws = await drawn(wanted, make, sims, most=1, on_done=part.of_total(len(wanted)), should_stop=should_stop)
    _add(dropped, draws.dropped)
    after: list[_Chain] = []
    for c in chains:
        for _, line in draws.lines[c.history, c.indexes[-1]]:
            after.append(replace(c, line=replace(line, turns=(*c.line.turns, line.turns[-1]))))
    return after


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for reason, n in more.items():
        counts[reason] = counts.get(reason, 0) + n


def _pick(c: _Chain) -> Pick:
    seed = c.line.seed
    return Pick(seed.id, seed.context.id, c.selector, "turn_by_turn", c.n, c.indexes, c.line.conversation, c.line.turns, c.tied)
