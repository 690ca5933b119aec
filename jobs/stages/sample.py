"""The committed sample: written from a store by its maintainers, loaded into a store by everybody else.

A folder holds `SOURCE.jsonl` for each source, in the form of `music export`, and `models.jsonl`, `readings.jsonl`,
`verdicts.jsonl`, `traces.jsonl`: one object a line with the fields of the dataclass of `music_core.types`. `manifests.jsonl` says
which of the pairs a model learned from ({run_id, pair_id, split}). Each may be gzipped.
"""

import dataclasses
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from jobs.context import RunContext
from music_core.errors import SourceError
from music_core.sources.read import read_source
from music_core.store.connect import Store
from music_core.store.export import export_pairs
from music_core.store.models import list_models, register_model
from music_core.store.pairs import PairFilter, add_pairs, pair_ids
from music_core.store.readings import add_readings, readings_of, verdicts_of
from music_core.store.runs import read_manifest, write_manifest
from music_core.store.traces import add_traces, traces_of
from music_core.types import Reading, RewardModel, RewardTrace, Split, Verdict

T = TypeVar("T")
ABOUT_PAIRS = ("manifests", "models", "readings", "verdicts", "traces")


@dataclass(frozen=True)
class Config:
    """`folder` of a sample; empty for the committed one."""

    folder: str = ""


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Load the sample."""
    ctx.progress(0, 1, "loading the sample")
    counts = load_sample(ctx.store, Path(config.folder) if config.folder else sample_folder())
    ctx.progress(1, 1, "loaded")
    return dict(counts)


def sample_folder() -> Path:
    """Where the committed sample lies: data/sample beside the package."""
    return Path(__file__).resolve().parents[2] / "data" / "sample"


def load_sample(store: Store, folder: Path) -> dict[str, int]:
    """Load a sample; counts of what was new. Loading again changes nothing. Raises `SourceError` naming what cannot be read."""
    sources = [p for p in sorted(folder.glob("*.jsonl*")) if p.name.endswith((".jsonl", ".jsonl.gz")) and _stem(p) not in ABOUT_PAIRS]
    if not sources:
        raise SourceError(f"There is no sample in {folder}.", "It holds a file SOURCE.jsonl for each of its sources.")
    # Everything is parsed before anything is stored.
    readings = [_of_row(Reading, row, at) for row, at in _rows(folder, "readings")]
    verdicts = [_of_row(Verdict, row, at) for row, at in _rows(folder, "verdicts")]
    traces = [_of_row(RewardTrace, {**row, "rewards": tuple(row["rewards"])}, at) for row, at in _rows(folder, "traces")]
    models = [_of_row(RewardModel, {**row, "created_at": _moment(row.get("created_at"))}, at) for row, at in _rows(folder, "models")]
    manifests: dict[str, list[tuple[str, Split]]] = {}
    for row, at in _rows(folder, "manifests"):
        line = _of_row(_ManifestLine, row, at)
        manifests.setdefault(line.run_id, []).append((line.pair_id, line.split))
    new_pairs = 0
    for path in sources:
        with read_source(str(path), fmt="trl", source=_stem(path)) as reading:
            if reading.report.dropped:
                raise SourceError(f"{path}: rows cannot be used: {reading.report.dropped}.")
            new_pairs += add_pairs(store, list(reading.pairs)).new
    known = {m.id for m in list_models(store)}
    for model in models:
        register_model(store, model)
    for run_id, items in manifests.items():
        if not read_manifest(store, run_id):
            write_manifest(store, run_id, items)
    return {
        "pairs": new_pairs,
        "models": sum(m.id not in known for m in models),
        "readings": add_readings(store, readings, verdicts),
        "traces": add_traces(store, traces),
    }


def write_sample(store: Store, folder: Path, sources: Sequence[str]) -> dict[str, int]:
    """Write `sources` of the store with every reading, verdict and trace of their pairs; counts of rows.

    Models are written without their folder: their weights are not part of a sample.
    """
    ids: list[str] = []
    n_pairs = 0
    for source in sources:
        chosen = PairFilter(sources=(source,))
        found = pair_ids(store, chosen, descending=False)
        if source in ABOUT_PAIRS:
            raise SourceError(f"A sample's source cannot be called '{source}'.")
        if not found:
            raise SourceError(f"There is no source '{source}' in the store.", "See the sources with: music store info")
        ids += [i for i in found if i not in ids]
        n_pairs += export_pairs(store, chosen, folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', source)}.jsonl")
    traces = [t for i in ids for t in traces_of(store, i)]
    used = {t.model_id for t in traces}
    models = [dataclasses.replace(m, path="") for m in list_models(store) if m.id in used]
    return {
        "pairs": n_pairs,
        "models": _write(folder / "models.jsonl", sorted(models, key=lambda m: m.name)),
        "readings": _write(folder / "readings.jsonl", (r for i in ids for r in readings_of(store, i))),
        "verdicts": _write(folder / "verdicts.jsonl", (v for i in ids for v in verdicts_of(store, i))),
        "traces": _write(folder / "traces.jsonl", traces),
        "manifests": _write(folder / "manifests.jsonl", _manifests(store, models, set(ids))),
    }


@dataclass(frozen=True, slots=True)
class _ManifestLine:
    """One pair that a training run read."""

    run_id: str
    pair_id: str
    split: Split


def _manifests(store: Store, models: Sequence[RewardModel], ids: set[str]) -> Iterator[_ManifestLine]:
    """The models' training pairs, those among `ids`: others are not in the sample and can mark nothing."""
    for model in models:
        for pair_id, split in read_manifest(store, model.run_id) if model.run_id else ():
            if pair_id in ids:
                yield _ManifestLine(model.run_id or "", pair_id, split)


def _write(path: Path, values: Iterable[Any]) -> int:
    n = 0
    with path.open("w", encoding="utf-8") as f:
        for value in values:
            f.write(json.dumps(dataclasses.asdict(value), ensure_ascii=False, default=_plain) + "\n")
            n += 1
    return n


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _rows(folder: Path, stem: str) -> Iterator[tuple[dict[str, Any], str]]:
    """(object, where it stands) of each line of `stem`.jsonl or `stem`.jsonl.gz; nothing when there is neither."""
    for path in (folder / f"{stem}.jsonl", folder / f"{stem}.jsonl.gz"):
        if not path.is_file():
            continue
        with path.open("rb") as raw, gzip.open(raw) if path.suffix == ".gz" else raw as lines:
            for n, line in enumerate(lines, start=1):
                try:
                    yield json.loads(line), f"{path}, line {n}"
                except ValueError as e:
                    raise SourceError(f"{path}, line {n} is not JSON: {e}.") from e


def _of_row(cls: type[T], row: Mapping[str, Any], at: str) -> T:
    try:
        return cls(**row)
    except TypeError as e:
        raise SourceError(f"{at}: {e}.") from e


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl")
