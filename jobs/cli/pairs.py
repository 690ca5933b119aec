"""`music pairs`: one pair of the store, in the terminal or as a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jobs.cli.common import CONTEXT, Answer, command, facts
from music_core.errors import RunError

if TYPE_CHECKING:
    from jobs.report.pair.document import PairFile


@click.group("pairs", context_settings=CONTEXT)
def pairs_group() -> None:
    """Single pairs of the store."""


def _known(file: "PairFile") -> dict[str, Any]:
    pair, events = file.stored.pair, file.history
    margins = {}
    for model_id, sides in file.traces.items():
        if {"chosen", "rejected"} <= set(sides) and all(t.rewards for t in sides.values()):
            margins[file.model_names.get(model_id, model_id)] = round(sides["chosen"].rewards[-1] - sides["rejected"].rewards[-1], 4)
    return {
        "id": file.stored.id,
        "turns": pair.n_turns,
        "divergence": pair.divergence,
        "split": file.stored.split,
        "sources": [origin.source for origin in file.stored.origins],
        "verdicts": {v.judge: v.value for v in file.verdicts},
        "margins": margins,
        "label_events": len(events),
    }


@command(pairs_group, "show")
@click.argument("pair_id")
@click.option("--html", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write the whole pair to this HTML file.")
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
def show_command(pair_id: str, out: Path | None, force: bool) -> Answer:
    """Show what is known about one pair, or write all of it as one HTML file.

    The file holds both conversations beside each other with their changed words, the contrast instructions, reward traces, verdicts
    with the judges' reasons, labels with their history, and where every message came from. It needs no network and runs no script.

    Examples:
      music pairs show p_0123456789abcdef0123456789abcdef
      music pairs show p_0123456789abcdef0123456789abcdef --html pair.html
    """
    from jobs.cli.stored import configured_store
    from jobs.report.pair.document import document, read

    if out is not None and out.exists() and not force:
        raise RunError(f"There is a file {out} already.", "Give another name, or --force to write over it.")
    with configured_store() as store:
        file = read(store, pair_id)
    known = _known(file)
    if out is None:
        return Answer(known, facts({name: value for name, value in known.items() if value not in ({}, [])}))
    n_bytes = out.write_bytes(document(file).encode("utf-8", "replace"))
    return Answer({**known, "path": str(out), "bytes": n_bytes}, f"{n_bytes / 1e6:.2f} MB written to {out}")
