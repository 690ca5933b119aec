"""Random draws that derive from names, never from a running generator: the same run draws the same in any order of calls."""

import hashlib
import json
from collections.abc import Sequence
from typing import TypeVar

from music_core.prompts import template

T = TypeVar("T")
Part = str | int


def draw(*parts: Part) -> int:
    """An integer below 2**63 that depends on `parts` alone; put the run's seed first."""
    text = json.dumps(parts, ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big") >> 1


def share(*parts: Part) -> float:
    """A number in [0, 1) that depends on `parts` alone."""
    return draw(*parts) / 2**63


def shuffled(items: Sequence[T], *parts: Part) -> list[T]:
    """`items` in an order that depends on `parts` alone."""
    keyed = sorted((draw(*parts, i), i) for i in range(len(items)))
    return [items[i] for _, i in keyed]


def bullets(prompt: str) -> tuple[str, ...]:
    """The items of a prompt file that is a list to draw from: its lines that start with a dash."""
    return tuple(line.removeprefix("- ").strip() for line in template(prompt).splitlines() if line.startswith("- "))
