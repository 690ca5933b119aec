"""`music evaluate report`: agreement, bias, estimates and evaluations as one HTML file."""

from pathlib import Path
from typing import Any

import click

from jobs.cli.common import Answer, command, given
from jobs.cli.selecting import selection_options
from music_core.config import from_mapping
from music_core.errors import RunError


def add_report_command(group: click.Group) -> None:
    """Register the command in `group`."""

    @command(group, "report")
    @click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write, for instance report.html.")
    @click.option("--force", is_flag=True, help="Write over a file that is there already.")
    @selection_options
    def report_command(out: Path, force: bool, **values: Any) -> Answer:
        """Write a report as one HTML file: agreement and its slices, biases, estimates of labelling queues, Best-of-N, benchmarks.

        The file needs no network and can be sent on; it is light or dark as the reader's system. The options choose the pairs behind
        agreement, slices and bias; evaluations are all that have finished in this store, estimates those of all its queues. Every
        figure has a table under it, every number its n and interval.

        Examples:
          music evaluate report --out report.html
          music evaluate report --out test.html --source demo --split test --force --json
        """
        from jobs.cli.stored import configured_store
        from jobs.report.page import build
        from jobs.stages.select import Selection

        if out.exists() and not force:
            raise RunError(f"There is a file {out} already.", "Give another name, or --force to write over it.")
        selection = from_mapping(Selection, given(**values), "Settings of 'report'")
        with configured_store() as store:
            text, sections = build(store, selection)
        n_bytes = out.write_bytes(text.encode("utf-8"))
        return Answer({"path": str(out), "bytes": n_bytes, "sections": sections}, f"{n_bytes / 1e6:.1f} MB written to {out}")
