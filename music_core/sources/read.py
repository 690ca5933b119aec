"""Read preferences or votes from a file, a folder or the hub as contrast pairs: all is parsed before anything is handed on."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from music_core.errors import SourceError
from music_core.sources.detect import FORMATS, describe, detect_format, known_formats
from music_core.sources.files import check_file, kind_and_stem, open_input, open_seekable
from music_core.sources.hub_rows import PREFIX, hub_rows, parse_name
from music_core.sources.json_rows import json_rows, jsonl_rows
from music_core.sources.mt_bench import FORMAT as MT_BENCH
from music_core.sources.mt_bench_folder import QUESTIONS, find_folder, open_folder
from music_core.sources.parquet_rows import parquet_rows
from music_core.sources.rows import NOT_AN_OBJECT, NOT_THIS_FORMAT, ForeignVotes, ImportReport, RowFormat, RowPairs, UnusableRowError
from music_core.sources.spool import PairSpool
from music_core.sources.votes import Ledger
from music_core.types import SourcedPair

SAMPLE_ROWS = 20


@dataclass(frozen=True)
class SourceReading:
    """A source that was read to its end. Iterate over `pairs` as often as needed; leaving a `with` block frees the space.

    `votes` were given on these pairs or, of a label export, on pairs that a store may hold.
    """

    name: str
    fmt: str
    pairs: PairSpool
    report: ImportReport
    votes: ForeignVotes = field(default_factory=ForeignVotes)

    def close(self) -> None:
        """Forget the pairs and remove their temporary file; otherwise done when the object goes."""
        self.pairs.close()

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
        spool, ledger = PairSpool(), Ledger()
        try:
            report = _convert(chain(sample, wanted), opened.convert or FORMATS[chosen_fmt][1], source or opened.name, spool, ledger)
        except BaseException:
            spool.close()
            raise
    if report.dropped.get(NOT_THIS_FORMAT, 0) + report.dropped.get(NOT_AN_OBJECT, 0) == report.rows:
        raise SourceError(f"{path_or_name} holds no row of the format '{chosen_fmt}' ({describe(sample)}).", known_formats())
    return SourceReading(source or opened.name, chosen_fmt, spool, report, ledger.votes())


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


def _convert(rows: Iterable[Any], convert: RowFormat, source: str, spool: PairSpool, ledger: Ledger) -> ImportReport:
    """Fill `spool` and `ledger` from `rows`; a row's number, from 1, is its locator.

    Many rows may vote on one pair, so a pair with votes is taken once; a pair of a preference row is a fact of its own.
    """
    n_rows = n_used = n_pairs = 0
    dropped: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for n_rows, row in enumerate(rows, 1):
        try:
            made = _row_pairs(row, convert, str(n_rows))
        except UnusableRowError as e:
            dropped[e.reason] += 1
            continue
        n_used += 1
        left_out.update(made.left_out)
        pairs: Sequence[SourcedPair] = made.pairs
        if made.votes:
            ledger.add(made.votes)
            pairs, n_new = ledger.new_pairs(made.pairs)
        else:
            n_new = made.n_pairs
        n_pairs += n_new
        for item in _named(pairs, source):
            spool.append(item)
    return ImportReport(n_rows, n_used, n_pairs, dict(dropped), dict(left_out))


def _row_pairs(row: Any, convert: RowFormat, locator: str) -> RowPairs:
    if isinstance(row, UnusableRowError):
        raise row
    if not isinstance(row, dict):
        raise UnusableRowError(NOT_AN_OBJECT)
    return convert(row, locator)


def _named(pairs: Sequence[SourcedPair], source: str) -> Iterator[SourcedPair]:
    for item in pairs:
        yield item if item.origin.source else replace(item, origin=replace(item.origin, source=source))
