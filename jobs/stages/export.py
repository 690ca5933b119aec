"""Export: pairs that pass a filter, or people's labels, to a file in the folder `exports` of the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jobs.context import RunContext
from music_core.config import from_mapping
from music_core.errors import ConfigError
from music_core.store.connect import Store
from music_core.store.export import export_labels, export_pairs, export_parquet
from music_core.store.filters import PairFilter

What = Literal["jsonl", "parquet", "labels"]
ENDINGS: Mapping[What, tuple[str, ...]] = {
    "jsonl": (".jsonl", ".jsonl.gz"),
    "parquet": (".parquet",),
    "labels": (".jsonl", ".jsonl.gz"),
}
FOLDER = "exports"


@dataclass(frozen=True)
class Config:
    """`name` is the file's name, never a path; `filter` holds fields of `PairFilter` and counts for pairs only."""

    name: str
    what: What = "jsonl"
    filter: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the kind of file, its name and the filter."""
        if self.what not in ENDINGS:
            raise ConfigError(f"There is no export of kind '{self.what}'.", f"Kinds are: {', '.join(ENDINGS)}.")
        if Path(self.name).name != self.name or self.name.startswith(".") or not self.name.isprintable() or len(self.name) > 120:
            raise ConfigError(f"'{self.name[:60]}' is no plain name of a file.", f"It goes into the folder {FOLDER} of the store.")
        if not self.name.endswith(ENDINGS[self.what]):
            raise ConfigError(f"The name must end in {' or '.join(ENDINGS[self.what])}.")
        pair_filter(self.filter)


def pair_filter(values: Mapping[str, Any]) -> PairFilter:
    """The filter from plain values. Raises `ConfigError` for an unknown field."""
    return from_mapping(PairFilter, values, "The filter of an export")


def write(store: Store, what: What, f: PairFilter, path: Path) -> int:
    """Write the file; the number of its rows."""
    if what == "labels":
        return export_labels(store, path)
    return (export_parquet if what == "parquet" else export_pairs)(store, f, path)


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Write the file whole or not at all. One that is there already is never replaced."""
    path = ctx.store.home / FOLDER / config.name
    if path.exists():
        raise ConfigError(f"There is a file {config.name} in {FOLDER} already.", "Take another name.")
    ctx.progress(0, 1, f"writing {config.name}")
    n = write(ctx.store, config.what, pair_filter(config.filter), path)
    ctx.progress(1, 1, f"{n:,} rows written")
    return {"rows": n, "path": str(path), "bytes": path.stat().st_size}
