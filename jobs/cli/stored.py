"""`music export`, `music store`, `music sample`: what lies in the store and how it gets out and in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jobs.cli.common import CONTEXT, Answer, command, facts, given, table
from jobs.cli.selecting import selection_options
from music_core.config import load_settings

if TYPE_CHECKING:
    from music_core.store.connect import Store


@contextmanager
def configured_store() -> Iterator["Store"]:
    """The configured store, closed at the end."""
    from jobs.worker import open_configured

    store = open_configured(load_settings())
    try:
        yield store
    finally:
        store.close()


def add_export_command(group: click.Group) -> None:
    """Register `music export`."""

    @command(group, "export")
    @click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
    @click.option("--labels", is_flag=True, help="Write people's labels, all events in order, instead of pairs.")
    @selection_options
    def export_command(path: Path, labels: bool, **values: Any) -> Answer:
        """Write pairs or labels to a .jsonl file.

        Pairs are written as conversational preference rows, {"chosen": [...], "rejected": [...]}, which TRL and others read, plus
        where they came from; importing the file again gives the same ids.

        Examples:
          music export pairs.jsonl --source demo
          music export labels.jsonl --labels
        """
        from jobs.stages.select import Selection, selected_filter
        from music_core.store.export import export_labels, export_pairs

        with configured_store() as store:
            n = export_labels(store, path) if labels else export_pairs(store, selected_filter(store, Selection(**_tuples(values))), path)
        what = "label events" if labels else "pairs"
        return Answer({"rows": n, "path": str(path)}, f"{n} {what} written to {path}")


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in given(**values).items()}


@click.group("store", context_settings=CONTEXT)
def store_group() -> None:
    """The store: what is in it, whether it is sound, and how to pack it."""


@command(store_group, "info")
def info_command() -> Answer:
    """Show what is in the store: counts, sources, versions, sizes.

    Example:
      music store info --json
    """
    from music_core.store.info import store_info

    with configured_store() as store:
        values = store_info(store)
    return Answer(values, facts(values))


@command(store_group, "check")
def check_command() -> Answer:
    """Read the whole store and report what does not fit: doubled ids, dangling references, changed text. Status 1 if there is any.

    Example:
      music store check
    """
    from music_core.store.maintain import check

    with configured_store() as store:
        problems = check(store)
    rows = [(p.kind, p.where, p.detail) for p in problems]
    data = {"problems": [{"kind": kind, "where": where, "detail": detail} for kind, where, detail in rows]}
    return Answer(data, table(("kind", "where", "what"), rows) if rows else "The store is sound.", exit_code=1 if rows else 0)


@command(store_group, "compact")
@click.option("--keep-days", default=7.0, show_default=True, type=click.FloatRange(min=0), help="Keep older states for so many days.")
def compact_command(keep_days: float) -> Answer:
    """Pack small files and drop old states. Data that a training run has pinned stays. Others may go on writing meanwhile.

    Example:
      music store compact --keep-days 30
    """
    from music_core.store.maintain import compact

    with configured_store() as store:
        done = compact(store, keep_days=keep_days)
    return Answer(done, facts(done))


@click.group("sample", context_settings=CONTEXT)
def sample_group() -> None:
    """The sample that comes with the workbench."""


@command(sample_group, "load")
@click.option("--from", "folder", type=click.Path(file_okay=False, path_type=Path), help="Folder. Default: the committed sample.")
def load_command(folder: Path | None) -> Answer:
    """Load the sample into the store: pairs, readings, verdicts, reward traces. Loading again changes nothing.

    Example:
      music sample load
    """
    from jobs.stages.sample import load_sample, sample_folder

    with configured_store() as store:
        counts = load_sample(store, folder or sample_folder())
    return Answer(counts, facts(counts))


@command(sample_group, "write")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@click.option("--source", "sources", multiple=True, required=True, help="Source to write (may be repeated).")
def write_command(out: Path, sources: tuple[str, ...]) -> Answer:
    """Write sources of the store, with all readings, verdicts and traces, in the form that `sample load` reads. For maintainers.

    Example:
      music sample write --out data/sample --source illustration --source pipeline
    """
    from jobs.stages.sample import write_sample

    with configured_store() as store:
        counts = write_sample(store, out, sources)
    return Answer(counts, facts(counts))
