"""Rows of a Parquet file, a few hundred at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from music_core.errors import SourceError

BATCH_ROWS = 256
BUFFER_BYTES = 1 << 20


def parquet_rows(path: Path, file: IO[bytes]) -> Iterator[Any]:
    """Every row as a dict. Raises `SourceError` when the file is damaged or no Parquet at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    done = 0
    try:
        # Buffered and not pre-fetched: a row group, often the whole file, is not held in memory at once.
        with pq.ParquetFile(file, pre_buffer=False, buffer_size=BUFFER_BYTES) as parquet:
            for batch in parquet.iter_batches(BATCH_ROWS):
                rows = batch.to_pylist()
                yield from rows
                done += len(rows)
    except (pa.ArrowException, OSError) as e:
        raise SourceError(f"{path} is not a sound Parquet file: {_first_sentence(e)}.") from e
    except UnicodeDecodeError as e:
        raise SourceError(f"{path}, rows {done + 1} to {done + BATCH_ROWS}: text is not UTF-8.") from e


def _first_sentence(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].split(". ")[0].rstrip(".")
