"""Read preferences or votes from a file, a folder or the hub as contrast pairs: all is parsed before anything is handed on."""

from collections import Counter
from collections.abc import Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, count, groupby, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from music_core.errors import SourceError
from music_core.sources.detect import FORMATS, GROUPS, describe, detect_format, known_formats
from music_core.sources.files import check_file, kind_and_stem, open_input, open_seekable
from music_core.sources.hub_rows import PREFIX, hub_rows, parse_name
from music_core.sources.json_rows import json_rows, jsonl_rows
from music_core.sources.mt_bench import FORMAT as MT_BENCH
from music_core.sources.mt_bench_folder import QUESTIONS, find_folder, open_folder
from music_core.sources.parquet_rows import parquet_rows
from music_core.sources.rows import (
    NOT_AN_OBJECT,
    NOT_THIS_FORMAT,
    ForeignVotes,
    GroupFormat,
    ImportReport,
    RowFormat,
    RowResult,
    UnusableRowError,
)
from music_core.sources.spool import ChatSpool, PairSpool
from music_core.sources.votes import Ledger
from music_core.types import SourcedChat, SourcedPair

SAMPLE_ROWS = 20
# So many rows of one key are read together at most: pairs grow with their square, and they are all in memory.
MAX_GROUP = 60
Item = TypeVar("Item", SourcedPair, SourcedChat)


@dataclass(frozen=True)
class SourceReading:
    """A source that was read to its end. Iterate over `pairs` as often as needed; leaving a `with` block frees the space.

    `votes` were given on these pairs or, of a label export, on pairs that a store may hold. `chats` are conversations without
    a counterpart.
    """

    name: str
    fmt: str
    pairs: PairSpool
    report: ImportReport
    votes: ForeignVotes = field(default_factory=ForeignVotes)
    chats: ChatSpool = field(default_factory=ChatSpool)

    def close(self) -> None:
        """Forget pairs and chats and remove their temporary files; otherwise done when the object goes."""
        self.pairs.close()
        self.chats.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Opened:
    """Rows about to be read, the name of where they are from, and the format where it follows from the place."""

    rows: Generator[Any]
    name: str
    fmt: str | None = None
    convert: RowFormat | None = None


def read_source(path_or_name: str, *, fmt: str | None = None, source: str | None = None, limit: int | None = None) -> SourceReading:
    """Read a .jsonl, .json or .parquet file (each also .gz), a folder in MT-bench's layout, or `hf:NAME[:SPLIT]`.

    Args:
        path_or_name: the file or folder, or the name of a data set.
        fmt: one of `detect.FORMATS`; recognised from the first rows when not given.
        source: the name under which the pairs are kept; the file's name without endings when not given. Rows of our
            own export that carry their origins keep those.
        limit: look at the first so many rows only.

    Raises:
        SourceError: one sentence about the file, and the line where there is one. No pair has been handed on then.
        MissingExtraError: `datasets` is needed and not installed.
    """
    if fmt is not None and fmt not in FORMATS:
        raise SourceError(f"There is no format '{fmt}'.", known_formats())
    if limit is not None and limit < 1:
        raise SourceError(f"A limit of {limit} rows reads nothing.")
    opened = _open(path_or_name, fmt)
    with closing(opened.rows):
        wanted = islice(opened.rows, limit)
        sample = list(islice(wanted, SAMPLE_ROWS))
        if not sample:
            raise SourceError(f"{path_or_name} holds no rows.")
        chosen_fmt = opened.fmt or fmt or detect_format(sample, path_or_name)
        group = None if opened.convert else GROUPS.get(chosen_fmt)
        intake = _Intake(source or opened.name)
        try:
            for result in _results(chain(sample, wanted), opened.convert or FORMATS[chosen_fmt][1], group):
                intake.take(result)
        except BaseException:
            intake.close()
            raise
    report = intake.report()
    if report.dropped.get(NOT_THIS_FORMAT, 0) + report.dropped.get(NOT_AN_OBJECT, 0) == report.rows:
        raise SourceError(f"{path_or_name} holds no row of the format '{chosen_fmt}' ({describe(sample)}).", known_formats())
    return SourceReading(intake.source, chosen_fmt, intake.pairs, report, intake.ledger.votes(), intake.chats)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row as its file holds it: `values`, or None and the reason why it is no row of named values."""

    values: Mapping[str, Any] | None
    reason: str = ""


def open_rows(path_or_name: str) -> Generator[FileRow]:
    """Every row of a file or of `hf:NAME[:SPLIT]`, in no particular format: for readers that know the columns themselves.

    Raises `SourceError`, one sentence about the file; where a later part is at fault, only when reading comes to it.
    """
    opened = _open(path_or_name, None)
    with closing(opened.rows):
        for row in opened.rows:
            if isinstance(row, UnusableRowError):
                yield FileRow(None, row.reason)
            else:
                yield FileRow(row) if isinstance(row, dict) else FileRow(None, NOT_AN_OBJECT)


def _open(path_or_name: str, fmt: str | None) -> _Opened:
    if path_or_name.startswith(PREFIX):
        name, split = parse_name(path_or_name)
        return _Opened(hub_rows(path_or_name), f"{name}:{split}" if split else name)
    path = Path(path_or_name).expanduser()
    if path.is_dir() and fmt in (None, MT_BENCH):
        inner = find_folder(path)
        if inner is not None:
            folder = open_folder(inner, _file_rows)
            return _Opened(folder.rows(_file_rows), inner.resolve().name, MT_BENCH, folder.read)
        if fmt == MT_BENCH:
            raise SourceError(f"There is no {QUESTIONS} in {path}, which a folder of MT-bench has.", "docs/sources.md shows the layout.")
    check_file(path)
    return _Opened(_file_rows(path), kind_and_stem(path)[1])


def _file_rows(path: Path) -> Generator[Any]:
    ending, _, gzipped = kind_and_stem(path)
    if ending == ".parquet":
        with open_seekable(path, gzipped) as seekable:
            yield from parquet_rows(path, seekable)
        return
    with open_input(path, gzipped) as file:
        yield from (jsonl_rows if ending == ".jsonl" else json_rows)(file)


class _Intake:
    """What the rows gave, and how many there were.

    Many rows may vote on one pair, so a pair with votes is taken once; a pair of a preference row is a fact of its own.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.pairs, self.chats, self.ledger = PairSpool(), ChatSpool(), Ledger()
        self._n_rows = self._n_used = self._n_pairs = 0
        self._dropped: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()

    def take(self, result: RowResult) -> None:
        """Count one row and keep what it gave."""
        self._n_rows += 1
        if isinstance(result, UnusableRowError):
            self._dropped[result.reason] += 1
            return
        self._n_used += 1
        self._left_out.update(result.left_out)
        pairs: Sequence[SourcedPair] = result.pairs
        n_new = result.n_pairs
        if result.votes:
            self.ledger.add(result.votes)
            pairs, n_new = self.ledger.new_pairs(result.pairs)
        self._n_pairs += n_new
        for item in _named(pairs, self.source):
            self.pairs.append(item)
        for chat in _named(result.chats, self.source):
            self.chats.append(chat)

    def report(self) -> ImportReport:
        """The counts so far."""
        return ImportReport(self._n_rows, self._n_used, self._n_pairs, dict(self._dropped), dict(self._left_out), len(self.chats))

    def close(self) -> None:
        """Forget everything."""
        self.pairs.close()
        self.chats.close()


def _results(rows: Iterable[Any], convert: RowFormat, group: GroupFormat | None) -> Iterator[RowResult]:
    """What became of each row, in order; a row's number, from 1, is its locator."""
    numbered = zip(rows, map(str, count(1)), strict=False)
    if group is None:
        yield from (_result(row, convert, locator) for row, locator in numbered)
        return
    for key, run in groupby(numbered, key=lambda pair: _key(pair[0], group)):
        while part := list(islice(run, 1 if key is None else MAX_GROUP)):
            yield from (_result(row, convert, locator) for row, locator in part) if key is None else group.read(part)


def _key(row: Any, group: GroupFormat) -> Hashable | None:
    return group.key(row) if isinstance(row, dict) else None


def _result(row: Any, convert: RowFormat, locator: str) -> RowResult:
    if isinstance(row, UnusableRowError):
        return row
    if not isinstance(row, dict):
        return UnusableRowError(NOT_AN_OBJECT)
    try:
        return convert(row, locator)
    except UnusableRowError as e:
        return e


def _named(items: Sequence[Item], source: str) -> Iterator[Item]:
    for item in items:
        yield item if item.origin.source else replace(item, origin=replace(item.origin, source=source))
