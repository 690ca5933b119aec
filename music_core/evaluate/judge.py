"""Run a judge over pairs: many questions in flight, nothing asked twice, nothing stored that was not answered."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from music_core.chat.protocol import RequestRefusedError
from music_core.errors import ChatError
from music_core.evaluate.checklist import checklist_judge
from music_core.evaluate.pairwise import pairwise_judge
from music_core.evaluate.question import NOT_ASKED, Judge, Question, answered
from music_core.evaluate.score import score_judge
from music_core.types import ContrastPair, Reading, Verdict

__all__ = ["NOT_ASKED", "Estimate", "Judge", "Judged", "checklist_judge", "estimate", "pairwise_judge", "run_judge", "score_judge"]

# This many pairs one after the other without a single answer: the endpoint is down, not the pairs odd.
MAX_FAILED_IN_A_ROW = 5


class Judged(NamedTuple):
    """What is new about one pair. `verdict` is None while a question of the pair is not answered.

    That is so when the endpoint failed on it or the run was stopped: the readings there are can be stored, and a
    later run with them in `known` asks only the rest.
    """

    readings: list[Reading]
    verdict: Verdict | None


class Estimate(NamedTuple):
    """Calls still to make and their tokens: `tokens_in` roughly, `tokens_out` at most."""

    calls: int
    tokens_in: int
    tokens_out: int


def estimate(judge: Judge, pairs: Iterable[tuple[str, ContrastPair]], known: Mapping[str, Reading] | None = None) -> Estimate:
    """What `run_judge` with the same arguments would ask; sends nothing."""
    known = {} if known is None else known
    calls = tokens_in = tokens_out = 0
    for pair_id, pair in pairs:
        for asked in judge.ask(pair_id, pair):
            if asked.id not in known and asked.blank.finish_reason != NOT_ASKED:
                calls += 1
                tokens_in += asked.tokens_in
                tokens_out += asked.request.sampling.max_tokens
    return Estimate(calls, tokens_in, tokens_out)


async def run_judge(
    judge: Judge,
    pairs: Iterable[tuple[str, ContrastPair]],
    known: Mapping[str, Reading] | None = None,
    *,
    on_progress: Callable[[int], None] = lambda _: None,
    on_error: Callable[[str, ChatError], None] = lambda *_: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> AsyncGenerator[Judged, None]:
    """Readings and verdict of every pair, in the order in which they get ready; at most `max_concurrency` calls in flight.

    `pairs` holds (pair id, pair) and is read lazily. `known` maps reading ids to readings that are stored already
    (it may be filled while `pairs` is read): they are not asked again but count for the verdict, so a pair known
    whole yields no readings and its verdict. `on_progress` gets the number of pairs done, `on_error` the pair id and
    reason whenever the endpoint failed for good. `should_stop` is asked before every call; calls in flight are
    waited for.

    Raises `ChatError` when `MAX_FAILED_IN_A_ROW` pairs in a row, or all there were, got no answer at all.
    """
    run = _Run(judge, {} if known is None else known, should_stop)
    waiting = _once_each(pairs)
    health = _Health(judge)
    tasks: set[asyncio.Task[_Outcome]] = set()
    n_done = 0
    try:
        while True:
            # As many pairs as calls may be in flight keep the endpoint busy: each has at least one call to make.
            while len(tasks) < judge.chat.max_concurrency and not should_stop() and (item := next(waiting, None)):
                tasks.add(asyncio.create_task(run.judge_pair(*item)))
            if not tasks:
                break
            finished, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for outcome in [task.result() for task in finished]:
                n_done += 1
                health.note(outcome)
                if outcome.error:
                    on_error(outcome.pair_id, outcome.error)
                on_progress(n_done)
                if outcome.readings or outcome.verdict:
                    yield Judged(outcome.readings, outcome.verdict)
            health.check()
        if not should_stop():
            health.check_end()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _once_each(pairs: Iterable[tuple[str, ContrastPair]]) -> Iterator[tuple[str, ContrastPair]]:
    seen: set[str] = set()
    for pair_id, pair in pairs:
        if pair_id not in seen:
            seen.add(pair_id)
            yield pair_id, pair


@dataclass(slots=True)
class _Outcome:
    """What became of one pair. `n_answers` counts replies of the endpoint in this run, `n_known` those of earlier ones."""

    pair_id: str
    n_known: int = 0
    readings: list[Reading] = field(default_factory=list)
    verdict: Verdict | None = None
    n_answers: int = 0
    error: ChatError | None = None


class _Run:
    """Asks the questions of single pairs; all pairs share the limit of calls in flight."""

    def __init__(self, judge: Judge, known: Mapping[str, Reading], should_stop: Callable[[], bool]) -> None:
        self._judge = judge
        self._known = known
        self._should_stop = should_stop
        self._free = asyncio.Semaphore(judge.chat.max_concurrency)

    async def judge_pair(self, pair_id: str, pair: ContrastPair) -> _Outcome:
        """Ask what is not known, all at once; resolve if every question of the pair has its reading."""
        questions = self._judge.ask(pair_id, pair)
        outcome = _Outcome(pair_id, n_known=sum(q.id in self._known for q in questions))
        await asyncio.gather(*(self._ask(q, outcome) for q in questions if q.id not in self._known))
        read = {r.id: r for r in outcome.readings}
        every = [read.get(q.id) or self._known.get(q.id) for q in questions]
        present = [r for r in every if r is not None]
        if len(present) == len(questions):
            outcome.verdict = self._judge.resolve(pair_id, present)
        return outcome

    async def _ask(self, asked: Question, outcome: _Outcome) -> None:
        if asked.blank.finish_reason == NOT_ASKED:
            outcome.readings.append(asked.blank)
            return
        async with self._free:
            # After one failure the rest of the pair would only wait for the same endpoint; a later run asks it.
            if outcome.error or self._should_stop():
                return
            try:
                reply = await self._judge.chat.complete(asked.request)
            except ChatError as e:
                outcome.error = e
                return
        outcome.n_answers += 1
        outcome.readings.append(answered(self._judge, asked, reply))


class _Health:
    """Tells a dead or misconfigured endpoint from a pair that it will not take."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._n_failed_in_a_row = 0
        self._answers_now = self._answered_ever = False
        self._last: ChatError | None = None

    def note(self, outcome: _Outcome) -> None:
        """Count; a pair that asked nothing (all known, or too long) says nothing about the endpoint.

        A request refused by an endpoint that has answered others is that pair's own trouble.
        """
        self._answered_ever |= outcome.n_known + outcome.n_answers > 0
        if outcome.n_answers:
            self._answers_now, self._n_failed_in_a_row = True, 0
        elif outcome.error and not (self._answered_ever and isinstance(outcome.error, RequestRefusedError)):
            self._n_failed_in_a_row += 1
            self._last = outcome.error

    def check(self) -> None:
        """Raise after too many failures in a row."""
        if self._n_failed_in_a_row >= MAX_FAILED_IN_A_ROW:
            self._fail()

    def check_end(self) -> None:
        """Raise when the run ends and nothing but failures came."""
        if self._last and not self._answers_now:
            self._fail()

    def _fail(self) -> None:
        raise ChatError(
            f"Judge '{self._judge.name}': endpoint '{self._judge.endpoint}' gave no answer for {self._n_failed_in_a_row} pairs in a row. "
            f"{self._last.message if self._last else ''}",
            "What was read before is kept; run the judge again when the endpoint answers, and it goes on from there.",
        ) from self._last
