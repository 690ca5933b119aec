"""The options that name pairs, shared by all commands that work on some."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def selection_options(function: F) -> F:
    """Which pairs: `--source`, `--split`, `--method`, `--schedule`, `--run`, `--limit`."""
    for option in (
        click.option("--limit", type=click.IntRange(min=1), help="At most so many pairs; always the same ones."),
        click.option("--run", "run_ids", multiple=True, help="Only pairs made by this run (may be repeated)."),
        click.option("--schedule", "schedules", multiple=True, help="Only pairs of this schedule (may be repeated)."),
        click.option("--method", "methods", multiple=True, help="Only pairs made in this way: one_call, two_call, swap (may be repeated)."),
        click.option(
            "--split", "splits", multiple=True, type=click.Choice(["train", "validation", "test"]), help="Only seeds of this split."
        ),
        click.option("--source", "sources", multiple=True, help="Only pairs of this source (may be repeated). Default: all sources."),
    ):
        function = option(function)
    return function
