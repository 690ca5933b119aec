"""Out of the store, as JSON lines that the importer reads back to the same ids."""

import dataclasses
import gzip
import itertools
import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.filters import PairFilter
from music_core.store.labels import all_labels
from music_core.store.pairs import StoredPair, get_pairs, iter_pairs, pair_ids
from music_core.types import StoredLabel


def export_pairs(store: Store, f: PairFilter, path: Path) -> int:
    """Write the pairs that pass `f`, oldest first, one JSON object a line; the number of them. Gzipped where `path` ends in .gz.

    Rows are TRL's conversational preference form with an implicit prompt ({chosen, rejected}: whole conversations as
    {role, content} lists), plus `music` with the ids, the split and every origin. The file appears only when it is whole.
    """
    return _write(path, (pair_row(stored) for stored in iter_pairs(store, f)))


def export_parquet(store: Store, f: PairFilter, path: Path) -> int:
    """The same rows as a Parquet file; `music` is JSON text there. Raises `StoreError` for text that is no valid Unicode."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    side = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    schema = pa.schema([("chosen", side), ("rejected", side), ("music", pa.string())])
    n = 0
    with _aside(path) as aside, pq.ParquetWriter(aside, schema, compression="zstd") as out:
        for batch in _batches(iter_pairs(store, f)):
            rows = [{**pair_row(stored), "music": json.dumps(pair_row(stored)["music"], ensure_ascii=False)} for stored in batch]
            try:
                out.write_table(pa.Table.from_pylist(rows, schema=schema))
            except UnicodeEncodeError as e:
                raise StoreError("Some text is no valid Unicode, which Parquet cannot hold.", "Export as JSON lines, which can.") from e
            n += len(rows)
    return n


def estimate_bytes(store: Store, f: PairFilter, n_sample: int = 100) -> tuple[int, int]:
    """How many pairs pass `f`, and about how many bytes they take as JSON lines, by `n_sample` of them evenly spread."""
    ids = sorted(pair_ids(store, f))
    step = max(1, len(ids) // n_sample)
    sample = get_pairs(store, ids[::step][:n_sample])
    each = sum(len(_line(pair_row(stored))) for stored in sample) / len(sample) if sample else 0.0
    return len(ids), round(each * len(ids))


def export_labels(store: Store, path: Path) -> int:
    """Write every label event in order, with its id, time, decision and marks by branch, and whether it is current; the number of them.

    A repeat is never current.
    """
    events = all_labels(store)
    newest = {(e.event.pair_id, e.event.person): e.id for e in events if e.event.kind != "repeat"}
    return _write(path, (label_row(e, e.id == newest.get((e.event.pair_id, e.event.person))) for e in events))


def pair_row(stored: StoredPair) -> dict[str, Any]:
    """One line of `export_pairs`."""
    return {
        "chosen": stored.pair.chosen.as_dicts(),
        "rejected": stored.pair.rejected.as_dicts(),
        "music": {
            "pair_id": stored.id,
            "seed_id": stored.seed_id,
            "split": stored.split,
            "origins": [dataclasses.asdict(origin) for origin in stored.origins],
        },
    }


def label_row(label: StoredLabel, current: bool) -> dict[str, Any]:
    """One line of `export_labels`."""
    event = dataclasses.asdict(label.event)
    said = {"value": label.event.value, "marks_by_branch": label.event.marks_by_branch}
    return {"id": label.id, **event, **said, "current": current, "created_at": label.created_at.isoformat()}


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    n = 0
    with _aside(path) as aside, aside.open("wb") as raw, gzip.open(raw, "wb") if path.suffix == ".gz" else raw as out:
        for row in rows:
            out.write(_line(row))
            n += 1
    return n


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place at the end, or goes if anything fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _batches(pairs: Iterable[StoredPair], size: int = 500) -> Iterator[list[StoredPair]]:
    rest = iter(pairs)
    while batch := list(itertools.islice(rest, size)):
        yield batch


def _line(row: dict[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8; as an escape it survives
        return json.dumps(row).encode() + b"\n"
