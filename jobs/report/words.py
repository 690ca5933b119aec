"""The words and numbers that the app and reports have in common. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.report.markup import signed

_GROUPS = {"construction": "Construction", "judges": "All judges", "people": "All people"}
MODES: Mapping[str, str] = {"conversation": "whole conversations", "turn_by_turn": "reply by reply"}
# Fewer pairs than this say little: at 50 % agreement the 95 % interval spans 36 points.
FEW = 30


def rater_name(rater: str) -> str:
    """The rater without its kind: `Construction`, `All judges`, else its own name."""
    return _GROUPS.get(rater) or rater.partition(":")[2] or rater


def rater_kind(rater: str) -> str:
    """What it is: construction, judge, model, person, or a group."""
    return "group" if rater in ("judges", "people") else rater.partition(":")[0]


def share(value: float | None) -> str:
    """A share with two digits, a dash where it is undefined."""
    return "–" if value is None else _two_digits(value)


def _two_digits(value: float) -> str:
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text


def percent(value: float | None) -> str:
    """A share in percent with one digit, a dash where it is undefined."""
    return "–" if value is None else f"{100 * value:.1f}"


def interval(ends: Sequence[float] | None) -> str:
    """An interval of shares, a dash where there is none."""
    return "–" if ends is None else f"{_two_digits(ends[0])} to {_two_digits(ends[1])}"


def signed_interval(ends: Sequence[float] | None) -> str:
    """An interval of differences, with signs."""
    return "–" if ends is None else f"{signed(ends[0])} to {signed(ends[1])}"


def percent_interval(ends: Sequence[float] | None) -> str:
    """An interval of shares in percent."""
    return "–" if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"


def reused(report: Mapping[str, Any]) -> str:
    """Which conversations of a Best-of-N run earlier runs had simulated, in a sentence; empty where none."""
    found: Mapping[str, int] = report.get("reused_conversations") or {}
    if not found:
        return ""
    of = f" of {report['conversations']:,} conversations reused from "
    return (
        f"{sum(found.values()):,}{of}"
        + ", ".join(f"run {name} ({n:,})" if len(found) > 1 else f"run {name}" for name, n in found.items())
        + "."
    )


def comparison(row: Mapping[str, Any]) -> str:
    """What a line of a Best-of-N chart is called."""
    return f"{row['a']} against {row['b']}, {MODES.get(row['mode'], row['mode'])}"
