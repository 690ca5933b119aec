"""Read a preference file or a data set of the hub as contrast pairs: everything is parsed before anything is handed on."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from music_core.errors import SourceError
from music_core.sources.detect import FORMATS, describe, detect_format, known_formats
from music_core.sources.files import check_file, kind_and_stem, open_input, open_seekable
from music_core.sources.hub_rows import PREFIX, hub_rows, parse_name
from music_core.sources.json_rows import json_rows, jsonl_rows
from music_core.sources.parquet_rows import parquet_rows
from music_core.sources.rows import NOT_AN_OBJECT, NOT_THIS_FORMAT, ImportReport, RowFormat, RowPairs, UnusableRowError
from music_core.sources.spool import PairSpool
from music_core.types import SourcedPair

SAMPLE_ROWS = 20


@dataclass(frozen=True)
class SourceReading:
    """A source that was read to its end. Iterate over `pairs` as often as needed; leaving a `with` block frees the space."""

    name: str
    fmt: str
    pairs: PairSpool
    report: ImportReport

    def close(self) -> None:
        """Forget the pairs and remove their temporary file; otherwise done when the object goes."""
        self.pairs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def read_source(path_or_name: str, *, fmt: str | None = None, source: str | None = None, limit: int | None = None) -> SourceReading:
    """Read a .jsonl, .json or .parquet file (each also .gz), or `hf:NAME[:SPLIT]`.

    Args:
        path_or_name: the file, or the name of a data set.
        fmt: hh, trl, sharegpt or oasst; recognised from the first rows when not given.
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
    rows, name = _open(path_or_name)
    with closing(rows):
        wanted = islice(rows, limit)
        sample = list(islice(wanted, SAMPLE_ROWS))
        if not sample:
            raise SourceError(f"{path_or_name} holds no rows.")
        chosen_fmt = fmt or detect_format(sample, path_or_name)
        spool = PairSpool()
        try:
            report = _convert(chain(sample, wanted), FORMATS[chosen_fmt][1], source or name, spool)
        except BaseException:
            spool.close()
            raise
    if report.dropped.get(NOT_THIS_FORMAT, 0) + report.dropped.get(NOT_AN_OBJECT, 0) == report.rows:
        raise SourceError(f"{path_or_name} holds no row of the format '{chosen_fmt}' ({describe(sample)}).", known_formats())
    return SourceReading(source or name, chosen_fmt, spool, report)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row as its file holds it: `values`, or None and the reason why it is no row of named values."""

    values: Mapping[str, Any] | None
    reason: str = ""


def open_rows(path_or_name: str) -> Generator[FileRow]:
    """Every row of a file or of `hf:NAME[:SPLIT]`, in no particular format: for readers that know the columns themselves.

    Raises `SourceError`, one sentence about the file; where a later part is at fault, only when reading comes to it.
    """
    rows, _ = _open(path_or_name)
    with closing(rows):
        for row in rows:
            if isinstance(row, UnusableRowError):
                yield FileRow(None, row.reason)
            else:
                yield FileRow(row) if isinstance(row, dict) else FileRow(None, NOT_AN_OBJECT)


def _open(path_or_name: str) -> tuple[Generator[Any], str]:
    if path_or_name.startswith(PREFIX):
        name, split = parse_name(path_or_name)
        return hub_rows(path_or_name), f"{name}:{split}" if split else name
    path = Path(path_or_name).expanduser()
    check_file(path)
    return _file_rows(path), kind_and_stem(path)[1]


def _file_rows(path: Path) -> Generator[Any]:
    ending, _, gzipped = kind_and_stem(path)
    if ending == ".parquet":
        with open_seekable(path, gzipped) as seekable:
            yield from parquet_rows(path, seekable)
        return
    with open_input(path, gzipped) as file:
        yield from (jsonl_rows if ending == ".jsonl" else json_rows)(file)


def _convert(rows: Iterable[Any], convert: RowFormat, source: str, spool: PairSpool) -> ImportReport:
    """Fill `spool` from `rows`; a row's number, from 1, is its locator."""
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
        n_pairs += made.n_pairs
        left_out.update(made.left_out)
        for item in _named(made.pairs, source):
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
