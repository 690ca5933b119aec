"""Import: a source is read whole, then stored."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from jobs.context import RunContext
from jobs.stages.votes import store_votes
from music_core.sources.read import read_source
from music_core.store.pairs import add_pairs
from music_core.store.seeds import add_chats
from music_core.types import SourcedChat, SourcedPair

BATCH = 2000
Item = TypeVar("Item", SourcedPair, SourcedChat)
NO_PAIR = "pair is not in this store"


@dataclass(frozen=True)
class Config:
    """`path` is a file, a folder of MT-bench or hf:NAME.

    `fmt` is the format where it is not recognised, `name` the source's name in the store, `limit` the most rows to read.
    """

    path: str
    fmt: str | None = None
    name: str | None = None
    limit: int | None = None


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Read, then store in batches. An unreadable file stores nothing; a stopped import keeps what it stored and goes on later."""
    ctx.progress(0, 1, f"reading {config.path}")
    with read_source(config.path, fmt=config.fmt, source=config.name, limit=config.limit) as reading:
        new = stored = 0
        total = len(reading.pairs) + len(reading.chats)
        for batch in _batches(reading.pairs):
            ctx.check()
            new += add_pairs(ctx.store, batch).new
            stored += len(batch)
            ctx.progress(stored, total, f"storing '{reading.name}'")
        for chats in _batches(reading.chats):
            ctx.check()
            new += add_chats(ctx.store, chats).new
            stored += len(chats)
            ctx.progress(stored, total, f"storing '{reading.name}'")
        report = reading.report
        if reading.votes:
            ctx.progress(stored, total, f"storing the votes of '{reading.name}'")
        votes = store_votes(ctx.store, reading.votes, ctx.check)
    dropped = dict(report.dropped) | ({NO_PAIR: votes.without_pair} if votes.without_pair else {})
    return {
        "rows": report.rows,
        "rows_used": report.rows_used - votes.without_pair,
        "pairs": report.pairs,
        "chats": report.chats,
        "dropped": dropped,
        "left_out": dict(report.left_out),
        "new": new,
        "labels": votes.labels,
        "readings": votes.readings,
        "verdicts": votes.verdicts,
        "source": reading.name,
        "format": reading.fmt,
    }


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(itertools.islice(rest, BATCH)):
        yield batch
