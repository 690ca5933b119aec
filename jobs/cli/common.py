"""What all commands share: `--json`, errors as one clear message, tables."""

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from music_core.errors import MusicError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_JSON_META = "music.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command gives back: `data` for `--json`, `text` for people, the exit status."""

    data: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    exit_code: int = 0


def wants_json() -> bool:
    """Whether the command that is running was called with `--json`."""
    context = click.get_current_context(silent=True)
    return bool(context is not None and context.meta.get(_JSON_META))


def command(group: click.Group, name: str) -> Callable[[Callable[..., Answer]], click.Command]:
    """Register a function as command `name` of `group`, with `--json` and one way to report errors.

    With `--json` the last line of stdout is one JSON object: the answer's data, or {"error", "hint"}.
    A `MusicError` is shown as its message and hint and ends with status 1, without a traceback; so is a file or folder that the
    system refuses.
    """

    def register(function: Callable[..., Answer]) -> click.Command:
        @functools.wraps(function)
        def call(*, as_json: bool, **values: Any) -> None:
            click.get_current_context().meta[_JSON_META] = as_json
            try:
                answer = function(**values)
            except MusicError as e:
                answer = _of_error(e)
            except OSError as e:
                if e.filename is None:
                    raise
                answer = _of_error(MusicError(f"{e.filename}: {e.strerror or e}.", "Check the path, its permissions and the free space."))
            if as_json:
                click.echo(json.dumps(answer.data, ensure_ascii=False, default=str))
            elif answer.text:
                click.echo(answer.text)
            if answer.exit_code:
                raise click.exceptions.Exit(answer.exit_code)

        option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line of stdout.")
        made = click.command(name, help=help_text(function), context_settings=CONTEXT)(option(call))
        group.add_command(made)
        return made

    return register


def help_text(function: Callable[..., Any]) -> str:
    """The docstring, its indented paragraphs (examples) marked so that click keeps their lines."""
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    return "\n\n".join("\b\n" + p if "\n  " in p else p for p in paragraphs)


def _of_error(error: MusicError) -> Answer:
    click.echo(click.style("Error: ", fg="red", bold=True) + error.message, err=True)
    if error.hint:
        click.echo(error.hint, err=True)
    return Answer({"error": error.message, "hint": error.hint}, exit_code=1)


def say(text: str) -> None:
    """One line to stderr: for people, never part of the answer."""
    click.echo(text, err=True)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns aligned with spaces; numbers to the right."""
    cells = [[_cell(v) for v in row] for row in rows]
    widths = [max([len(h), *(len(r[i]) for r in cells)]) for i, h in enumerate(heads)]
    right = [bool(rows) and all(isinstance(r[i], int | float) or r[i] is None for r in rows) for i in range(len(heads))]

    def line(values: Sequence[str]) -> str:
        return "  ".join(v.rjust(w) if r else v.ljust(w) for v, w, r in zip(values, widths, right, strict=True)).rstrip()

    return "\n".join([line(list(heads)), line(["-" * w for w in widths]), *(line(r) for r in cells)])


def _cell(value: object) -> str:
    if value is None or value == "" or value == []:
        return "-"
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return ", ".join(value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def facts(values: Mapping[str, object]) -> str:
    """One `name  value` line per entry, names aligned; nested tables are indented."""
    width = max((len(k) for k in values), default=0)
    lines: list[str] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines.append(name if value else f"{name.ljust(width)}  -")
            lines.extend("  " + inner for inner in facts({str(k): v for k, v in value.items()}).splitlines())
        else:
            lines.append(f"{name.ljust(width)}  {_cell(value)}")
    return "\n".join(lines)


def given(**values: Any) -> dict[str, Any]:
    """The options that were given: None and empty tuples left out, so that a stage's own defaults hold."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items() if v is not None and v != ()}
