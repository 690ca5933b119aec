"""The pairs of the multi-turn suite: out of the store, and out of files that need not be imported."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from jobs.stages.select import stored_pairs
from music_core.errors import ConfigError, RunError
from music_core.evaluate.benchmarks.items import ReadItems
from music_core.evaluate.benchmarks.multiturn import Candidate, candidate_items
from music_core.sources.read import read_source
from music_core.sources.rmb import FORMAT as RMB
from music_core.store.connect import Store
from music_core.store.pairs import PairFilter, StoredPair, pair_ids
from music_core.store.votes import votes
from music_core.types import NEUTRAL_METHODS


@dataclass(frozen=True)
class MultiturnSelection:
    """`sources` of the store (none: all of them, unless there are `paths`), `splits` of their seeds, and files or `hf:` names."""

    paths: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    min_turns: int = 2
    limit: int | None = None


def multiturn_items(store: Store, selection: MultiturnSelection, trained_on: frozenset[str]) -> ReadItems:
    """The suite's items; `limit` takes so many candidates of each source or file. Raises `RunError` when none is left."""
    if selection.min_turns < 1:
        raise ConfigError(f"min_turns must be at least 1, not {selection.min_turns}.")
    parts = [_from_store(store, selection)] if selection.sources or not selection.paths else []
    faults: dict[str, int] = {}
    parts += [islice(_from_file(path, faults), selection.limit) for path in selection.paths]
    found = candidate_items(chain.from_iterable(parts), trained_on=trained_on, min_turns=selection.min_turns)
    dropped = {**found.dropped, **{reason: found.dropped.get(reason, 0) + n for reason, n in faults.items()}}
    if not found.items:
        why = ", ".join(f"{n} × {reason}" for reason, n in dropped.items()) or "the store holds none"
        raise RunError(
            f"No pair can be used ({why}).", "Import some first, for instance: music import hf:Anthropic/hh-rlhf:test --source hh-test"
        )
    return ReadItems(found.items, found.rows + sum(faults.values()), dropped)


def _from_store(store: Store, selection: MultiturnSelection) -> Iterator[Candidate]:
    """Stored pairs, a source after the other, the same ones every time; a pair of two sources belongs to the first."""
    chosen = PairFilter(sources=selection.sources, splits=selection.splits)
    said: dict[str, list[int]] = {}
    for vote in votes(store, PairFilter(sources=selection.sources, splits=selection.splits, methods=NEUTRAL_METHODS)):
        if vote.rater.startswith("person:"):
            said.setdefault(vote.pair_id, []).append(vote.value)
    taken: dict[str, int] = {}
    for stored in stored_pairs(store, sorted(pair_ids(store, chosen))):
        suite, method = _origin(stored, selection.sources)
        taken[suite] = taken.get(suite, 0) + 1
        if selection.limit is None or taken[suite] <= selection.limit:
            yield Candidate(stored.id, suite, stored.pair, method, said.get(stored.id, ()))


def _origin(stored: StoredPair, sources: tuple[str, ...]) -> tuple[str, str | None]:
    """Source and method of the pair's first origin among `sources`. A pair that was built has a better side whoever voted on it."""
    own = [o for o in stored.origins if not sources or o.source in sources]
    built = [o for o in own if o.method not in NEUTRAL_METHODS]
    origin = (built or own)[0]
    return origin.source, origin.method


def _from_file(path: str, faults: dict[str, int]) -> Iterator[Candidate]:
    """Pairs of any file that `music import` reads; those of RMB's pairwise files are one suite, whatever a file is called."""
    with read_source(path) as reading:
        for reason, n in reading.report.dropped.items():
            faults[reason] = faults.get(reason, 0) + n
        for sourced in reading.pairs:
            name = "RMB" if reading.fmt == RMB else sourced.origin.source or Path(path).stem
            yield Candidate(sourced.pair.id, name, sourced.pair, sourced.origin.method)
