"""What happens around a judge's questions: which pairs are open, what waits to be stored, how far all judges are, what the report says."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from jobs.context import RunContext
from jobs.stages.select import stored_pairs
from music_core.errors import ChatError
from music_core.evaluate.judge import NOT_ASKED, Judge, Judged, run_judge
from music_core.store.connect import Store
from music_core.store.pairs import PairFilter, StoredPair, pair_ids
from music_core.store.readings import add_readings, read_ids, reading_counts, readings_of
from music_core.types import ContrastPair, Reading, Verdict

STORE_EVERY_S = 5.0  # a lake commit costs about 12 ms, and a kill loses what was not committed


def simulated_by(model: str, stored: StoredPair) -> bool:
    """Whether `model` has written anything of the pair: as its judge it may share the simulator's biases."""
    return any(t.model == model for origin in stored.origins for t in origin.turns)


class OpenPairs:
    """Pairs with a question that the judge has not answered; what it has answered of them comes into `known` as they are read.

    Pairs that the judge's model simulated itself are left out unless `allow_simulator`. `n_passed` counts all that were not
    handed on.
    """

    def __init__(self, judge: Judge, store: Store, ids: Sequence[str], tally: "Tally", *, allow_simulator: bool) -> None:
        self._judge, self._store, self._ids, self._tally = judge, store, ids, tally
        self._allow_simulator = allow_simulator
        self.known: dict[str, Reading] = {}
        self.n_passed = 0

    def __iter__(self) -> Iterator[tuple[str, ContrastPair]]:
        """Read the pairs lazily."""
        answered = read_ids(self._store, self._judge.name)
        resolved = set(pair_ids(self._store, PairFilter(judge=self._judge.name)))
        n_readings = reading_counts(self._store, self._judge.name)
        for stored in stored_pairs(self._store, self._ids):
            own = simulated_by(self._judge.model, stored)
            self._tally.note_simulator(self._judge, stored.id, own=own, left_out=own and not self._allow_simulator)
            if own and not self._allow_simulator:
                self.n_passed += 1
                continue
            here = [q.id in answered for q in self._judge.ask(stored.id, stored.pair)] if answered else [False]
            # With more readings than questions the verdict in force may be that of another prompt, or of more repeats.
            if all(here) and stored.id in resolved and n_readings.get(stored.id) == len(here):
                self.n_passed += 1
                self._tally.n_skipped += 1
                continue
            if any(here):
                self.known.update({r.id: r for r in readings_of(self._store, stored.id) if r.judge == self._judge.name})
            yield stored.id, stored.pair


class Waiting:
    """Readings and verdicts on their way into the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readings: list[Reading] = []
        self._verdicts: list[Verdict] = []

    def add(self, item: Judged) -> None:
        """Take what is new about one pair."""
        self._readings += item.readings
        self._verdicts += [item.verdict] if item.verdict else []

    def store(self) -> None:
        """Commit what there is."""
        if self._readings or self._verdicts:
            add_readings(self._store, self._readings, self._verdicts)
        self._readings, self._verdicts = [], []


class Advance:
    """How many pairs all judges together are through; endpoints work side by side, so their judges advance in any order."""

    def __init__(self, ctx: RunContext, n_pairs: int, n_judges: int) -> None:
        self._ctx, self._total = ctx, n_pairs * n_judges
        self._done: Counter[str] = Counter()

    def at(self, judge: str, n_done: int) -> None:
        """Judge `judge` is through with `n_done` pairs."""
        self._done[judge] = n_done
        self._ctx.progress(self._done.total(), self._total, judge)


@dataclass(slots=True)
class Tally:
    """What the report says."""

    n_pairs: int
    working_s: float = 0.0
    n_skipped: int = 0
    n_left_open: int = 0
    n_left_out: int = 0
    judges: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    same_model: set[str] = field(default_factory=set)
    left_out: dict[str, set[str]] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    first_rates: dict[str, list[float]] = field(default_factory=dict)

    def note(self, judge: Judge, item: Judged) -> None:
        """Count one pair's readings and verdict."""
        self.readings += [replace(r, raw="") for r in item.readings]
        if item.verdict is not None:
            self.verdicts.setdefault(judge.name, Counter())[item.verdict.value] += 1
            if item.verdict.first_rate is not None:
                self.first_rates.setdefault(judge.name, []).append(item.verdict.first_rate)

    def note_simulator(self, judge: Judge, pair_id: str, *, own: bool, left_out: bool) -> None:
        """Count pairs that the judging model has simulated itself: judged all the same, or left out."""
        if left_out:
            self.n_left_out += 1
            self.left_out.setdefault(judge.model, set()).add(pair_id)
        elif own:
            self.same_model.add(pair_id)

    def left_out_counts(self) -> dict[str, int]:
        """Model → number of pairs that it did not judge because it simulated them."""
        return {model: len(ids) for model, ids in self.left_out.items()}

    def tokens_of(self, endpoint: str) -> tuple[int, int]:
        """(read, written) by one endpoint."""
        mine = [r for r in self.readings if r.endpoint == endpoint]
        return sum(r.tokens_in for r in mine), sum(r.tokens_out for r in mine)

    def report(self) -> dict[str, Any]:
        """JSON types only. Calls and tokens are of this run; `judged_before` and `left_open` count a pair once for each judge."""
        return {
            "pairs": self.n_pairs,
            "judged_before": self.n_skipped,
            "left_open": self.n_left_open,
            "readings": len(self.readings),
            "calls": sum(r.finish_reason != NOT_ASKED for r in self.readings),
            "tokens_in": sum(r.tokens_in for r in self.readings),
            "tokens_out": sum(r.tokens_out for r in self.readings),
            "working_s": round(self.working_s, 2),
            "unparsed": sum(r.label == "unparsed" for r in self.readings),
            "verdicts": {name: dict(counts) for name, counts in self.verdicts.items()},
            "first_position_rate": {name: round(fmean(rates), 4) for name, rates in self.first_rates.items()},
            "judged_by_their_simulator": len(self.same_model),
            "left_out_by_simulator": self.left_out_counts(),
            "judges": {name: dict(about) for name, about in self.judges.items()},
        }


async def judge_ids(
    judge: Judge, ctx: RunContext, ids: Sequence[str], tally: Tally, advance: Advance, *, allow_simulator: bool = False
) -> None:
    """Ask `judge` what it was not asked before about the pairs `ids`; readings reach the store every few seconds."""
    open_pairs = OpenPairs(judge, ctx.store, ids, tally, allow_simulator=allow_simulator)
    waiting, stored_at = Waiting(ctx.store), time.monotonic()
    advance.at(judge.name, 0)  # the total must be known before the first, perhaps slow, pair is done

    def failed(pair_id: str, error: ChatError) -> None:
        tally.n_left_open += 1
        ctx.log(f"{judge.name}: no answer for {pair_id}: {error}")

    judged = run_judge(
        judge,
        open_pairs,
        open_pairs.known,
        on_progress=lambda done: advance.at(judge.name, open_pairs.n_passed + done),
        on_error=failed,
        should_stop=ctx.should_stop,
    )
    try:
        async for item in judged:
            waiting.add(item)
            tally.note(judge, item)
            if time.monotonic() - stored_at > STORE_EVERY_S:
                # In a thread: a busy store must not keep the endpoint waiting.
                await asyncio.to_thread(waiting.store)
                stored_at = time.monotonic()
    finally:
        waiting.store()
    if not ctx.should_stop():
        advance.at(judge.name, len(ids))
