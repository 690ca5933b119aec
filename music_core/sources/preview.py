"""What an import would take and drop, with rows to look at; nothing is stored."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from music_core.sources.detect import FORMATS
from music_core.sources.mt_bench import FORMAT as MT_BENCH
from music_core.sources.read import open_rows, read_source
from music_core.sources.rows import ImportReport, UnusableRowError
from music_core.types import Message

PREVIEW_ROWS = 20_000
EXAMPLES = 2
_EXAMPLE_CHARS = 400
_OPENINGS = 3


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """A row that gives no pair: its number, from 1, and the beginning of it as JSON."""

    n: int
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a source, read as an import reads it. `whole` says that there are no further rows.

    `pair_ids` are those of its pairs, each once; `voted` counts labels, readings and verdicts by the pair that they are on;
    `examples` has dropped rows by reason; `openings` the first messages of a few pairs.
    """

    name: str
    fmt: str
    report: ImportReport
    whole: bool
    pair_ids: tuple[str, ...]
    voted: Mapping[str, int]
    n_labels: int
    n_readings: int
    n_verdicts: int
    openings: tuple[str, ...] = ()
    examples: Mapping[str, tuple[DroppedRow, ...]] = field(default_factory=dict)


def preview(path_or_name: str, *, fmt: str | None = None, source: str | None = None, limit: int | None = None) -> Preview:
    """Read at most `PREVIEW_ROWS` rows. Raises what `read_source` raises."""
    most = min(limit or PREVIEW_ROWS, PREVIEW_ROWS)
    with read_source(path_or_name, fmt=fmt, source=source, limit=most) as reading:
        ids = dict.fromkeys(item.pair.id for item in reading.pairs)
        openings = tuple(_opening(item.pair.chosen.messages) for item in islice(reading.pairs, _OPENINGS))
        votes = reading.votes
        voted = Counter(given.event.pair_id for given in votes.labels)
        voted.update(r.pair_id for r in votes.readings)
        voted.update(v.pair_id for v in votes.verdicts)
        found = Preview(
            name=reading.name,
            fmt=reading.fmt,
            report=reading.report,
            whole=reading.report.rows < most or most == limit,
            pair_ids=tuple(ids),
            voted=dict(voted),
            n_labels=len(votes.labels),
            n_readings=len(votes.readings),
            n_verdicts=len(votes.verdicts),
            openings=openings,
        )
    if not found.report.dropped or found.fmt == MT_BENCH:
        return found
    return _with_examples(found, path_or_name, most)


def _opening(messages: Sequence[Message]) -> str:
    return next((m.content for m in messages if m.role == "user"), "")[:_EXAMPLE_CHARS]


def _with_examples(found: Preview, path_or_name: str, most: int) -> Preview:
    convert = FORMATS[found.fmt][1]
    examples: dict[str, list[DroppedRow]] = {reason: [] for reason in found.report.dropped}
    for n, row in enumerate(islice(open_rows(path_or_name), most), 1):
        reason = row.reason
        if row.values is not None:
            try:
                convert(row.values, str(n))
                continue
            except UnusableRowError as e:
                reason = e.reason
        kept = examples.setdefault(reason, [])
        if len(kept) < EXAMPLES:
            kept.append(DroppedRow(n, _text(row.values)))
        if all(len(rows) >= EXAMPLES for rows in examples.values()):
            break
    return replace(found, examples={reason: tuple(rows) for reason, rows in examples.items()})


def _text(values: Any) -> str:
    if values is None:
        return ""
    return json.dumps(values, ensure_ascii=False, default=str)[:_EXAMPLE_CHARS]
