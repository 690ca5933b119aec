"""Labels of this workbench, as `music export --labels` writes them: one event a row, with its token, so that it stays one label.

The pairs are not in the file; they must be in the store already.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, cast, get_args

from music_core.sources.rows import BAD_LABEL, NOT_THIS_FORMAT, ForeignVotes, RowPairs, UnusableRowError
from music_core.types import BRANCHES, GivenLabel, LabelChoice, LabelEvent, LabelKind, side_marks

FORMAT = "labels"
REQUIRED = ("token", "pair_id", "person", "choice", "left_branch", "blind")
# What labels made elsewhere may say of a turn; ours are marks by side, see `LabelEvent`.
_MARKS = ("left", "right", "both", "neither", "tie")


def is_labels(row: Any) -> bool:
    """Whether the row is a label event."""
    return isinstance(row, Mapping) and set(REQUIRED) <= row.keys()


def read_labels(row: Any, locator: str) -> RowPairs:  # noqa: ARG001 -- a label's place in a file means nothing
    """No pair and one label event, exactly as it was."""
    if not is_labels(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    try:
        given = GivenLabel(_event(row), _moment(row.get("created_at")))
    except (TypeError, ValueError, KeyError, OverflowError, RecursionError) as e:
        raise UnusableRowError(BAD_LABEL) from e
    return RowPairs((), votes=ForeignVotes(labels=(given,)))


def _event(row: Mapping[str, Any]) -> LabelEvent:
    choice, left = row["choice"], row["left_branch"]
    if choice is not None and choice not in get_args(LabelChoice):
        raise ValueError("no choice")
    if left not in BRANCHES or not isinstance(row["blind"], bool) or not isinstance(row.get("verified", False), bool):
        raise ValueError("no branch or no truth value")
    shown = row.get("shown", {})
    if not isinstance(shown, Mapping):
        raise TypeError("not what was shown")
    json.dumps(shown, allow_nan=False)
    return LabelEvent(
        token=_text(row, "token"),
        pair_id=_text(row, "pair_id"),
        person=_text(row, "person"),
        choice=choice,
        left_branch=left,
        blind=row["blind"],
        verified=row.get("verified", False),
        seconds=_number(row.get("seconds"), 0, float("inf")),
        reasons=_reasons(row.get("reasons", ())),
        comment=_text(row, "comment", "", may_be_empty=True),
        turn_marks=_marks(row.get("turn_marks", {})),
        queue=_text(row, "queue", "all"),
        guideline=_text(row, "guideline", "1"),
        probability=_number(row.get("probability"), 0, 1),
        shown=shown,
        supersedes=None if row.get("supersedes") is None else _text(row, "supersedes"),
        kind=_kind(row.get("kind", "label")),
        beyond=bool(row.get("beyond", False)),
    )


def _kind(value: Any) -> LabelKind:
    if value not in get_args(LabelKind):
        raise ValueError("no kind of label")
    return cast("LabelKind", value)


def _text(row: Mapping[str, Any], key: str, default: str = "", *, may_be_empty: bool = False) -> str:
    value = row.get(key, default)
    if not isinstance(value, str) or not (value or may_be_empty):
        raise TypeError(f"{key} is no text")
    return value


def _number(value: Any, low: float, high: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not low <= value <= high:
        raise ValueError("not a number in its range")
    return float(value)


def _reasons(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        raise TypeError("not a list of reasons")
    return tuple(value)


def _marks(value: Any) -> dict[int, str]:
    if not isinstance(value, Mapping) or not all(v in _MARKS or side_marks(v) for v in value.values()):
        raise TypeError("not marks by turn")
    return {int(k): v for k, v in value.items()}


def _moment(value: Any) -> datetime | None:
    """A time with its zone; one without counts as UTC."""
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
