"""A form as data: settings in words, what they hold at first, and the config that comes out of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Shape = Literal["whole", "real", "text", "one", "open", "many", "open_many", "yes_no"]
_MANY = ("many", "open_many")


@dataclass(frozen=True, slots=True)
class Field:
    """One setting: `shape` is its kind of field, `open` and `open_many` are choices that also take other text. `least` bounds numbers.

    An `optional` one may be left empty and is then not given; `more` puts it into the folded part.
    """

    name: str
    label: str
    shape: Shape
    default: Any = None
    help: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    least: float | None = None
    optional: bool = False
    more: bool = False
    hint: str = ""


def prefilled(fields: Sequence[Field], query: Mapping[str, Sequence[str]], before: Mapping[str, Any]) -> dict[str, Any]:
    """Values to show first: those of an earlier run's config, else of the address, else the defaults."""
    return {f.name: _earlier(f, before[f.name]) if f.name in before else _read(f, query.get(f.name, ())) for f in fields}


def _earlier(f: Field, value: Any) -> Any:
    return named(value) if f.shape in _MANY else value


def named(value: Any) -> tuple[str, ...]:
    """One or several names as a tuple: some settings take either."""
    return (value,) if isinstance(value, str) else tuple(str(v) for v in value or ())


def _read(f: Field, given: Sequence[str]) -> Any:
    words = [v for v in given if v]
    if not words:
        return f.default
    if f.shape in _MANY:
        return tuple(words)
    if f.shape == "yes_no":
        return words[-1].lower() in ("1", "true", "yes")
    if f.shape in ("whole", "real"):
        number = _number(words[-1], f.shape)
        return f.default if number is None or (f.least is not None and number < f.least) else number
    return words[-1] if f.shape != "one" or words[-1] in f.options else f.default


def _number(text: str, shape: Shape) -> float | None:
    try:
        return int(text) if shape == "whole" else float(text)
    except ValueError:
        return None


def config_from(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """The run's config from what the fields hold; empty ones are not given, so that the run's own default counts."""
    out: dict[str, Any] = {}
    for f in fields:
        value = values.get(f.name)
        value = value.strip() if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else value
        if value not in (None, "", []) or not (f.optional or f.default in ("", ())):
            out[f.name] = value
    return out
