"""Origins: the left-over columns of a foreign row, and the `music` object of our own export.

The `music` object is {"origins": [ORIGIN, ...]}, where ORIGIN has the fields of `types.Origin`; a single ORIGIN is taken too.
"""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from music_core.sources.messages import checked_text
from music_core.sources.rows import BAD_MUSIC, HOLDS_NUL, NOT_JSON, NOT_UNICODE, UnusableRowError
from music_core.types import Contrast, Origin, TurnRecord

MAX_META_CHARS = 200
MAX_META_DEPTH = 16
MAX_INT = 2**63
_TEXT_FIELDS = frozenset({"source", "locator", "run_id", "method", "schedule"})
_TURN_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "branch": str,
    "turn": int,
    "role": str,
    "endpoint": str,
    "model": str,
    "prompt_hash": str,
    "sampling": Mapping,
    "seed": int,
    "finish_reason": str,
    "tokens_in": int,
    "tokens_out": int,
    "tokens_cached": int,
    "latency_s": (int, float),
    "cost": (int, float, type(None)),
    "purpose": str,
}


def plain_origin(row: Mapping[str, Any], locator: str, columns: Sequence[str]) -> Origin:
    """The origin of a foreign row; short plain values outside `columns` (a score, a language) are kept as `meta`.

    The name of the source is filled in by `read_source`.
    """
    return Origin("", locator, meta={k: v for k, v in row.items() if k not in columns and _is_short(k) and _is_short(v)})


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        try:
            return len(checked_text(value)) <= MAX_META_CHARS
        except UnusableRowError:
            return False
    return (isinstance(value, int) and abs(value) < MAX_INT) or (isinstance(value, float) and isfinite(value))


def checked_json(value: Any, depth: int = 0) -> Any:
    """`value` as plain JSON that can be written again: no NaN (becomes null), no text that cannot be stored, not too deep."""
    if depth > MAX_META_DEPTH:
        raise UnusableRowError(NOT_JSON)
    if isinstance(value, str):
        return checked_text(value)
    if isinstance(value, Mapping):
        return {checked_text(k): checked_json(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [checked_json(v, depth + 1) for v in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    if value is None or (isinstance(value, int) and abs(value) < MAX_INT):
        return value
    raise UnusableRowError(NOT_JSON)


def music_origins(value: Any) -> tuple[Origin, ...]:
    """The origins that a `music` object carries, at least one."""
    if isinstance(value, str):  # Parquet has no column for values of any shape, so our export keeps the object as JSON there
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as e:
            raise UnusableRowError(BAD_MUSIC) from e
    listed = value.get("origins", value) if isinstance(value, Mapping) else value
    entries = listed if isinstance(listed, list) else [listed]
    try:
        origins = tuple(_origin(checked_json(entry)) for entry in entries)
    except (TypeError, KeyError, ValueError, AttributeError) as e:
        raise UnusableRowError(BAD_MUSIC) from e
    except UnusableRowError as e:
        raise UnusableRowError(e.reason if e.reason in (NOT_UNICODE, HOLDS_NUL) else BAD_MUSIC) from e
    if not origins:
        raise UnusableRowError(BAD_MUSIC)
    return origins


def _origin(entry: dict[str, Any]) -> Origin:
    fields = {k: v for k, v in entry.items() if v is not None}
    texts = {k: fields.pop(k) for k in _TEXT_FIELDS & fields.keys()}
    if not all(isinstance(v, str) for v in texts.values()):
        raise TypeError("a name is not text")
    contrasts = tuple(_contrast(c) for c in fields.pop("contrasts", ()))
    turns = tuple(_turn(t) for t in fields.pop("turns", ()))
    meta = fields.pop("meta", {})
    if fields or not isinstance(meta, Mapping):
        raise TypeError("unknown field")
    return Origin(**{"source": "", **texts}, contrasts=contrasts, turns=turns, meta=meta)


def _contrast(entry: Mapping[str, Any]) -> Contrast:
    turn, instruction = entry["turn"], entry["instruction"]
    if not isinstance(turn, int) or turn < 1 or not isinstance(instruction, str):
        raise TypeError("not a contrast")
    return Contrast(turn, instruction)


def _turn(entry: Mapping[str, Any]) -> TurnRecord:
    if not all(isinstance(entry[k], _TURN_TYPES[k]) for k in entry):
        raise TypeError("not a turn record")
    if entry["branch"] not in ("chosen", "rejected") or entry["role"] not in ("system", "user", "assistant"):
        raise ValueError("unknown branch or role")
    return TurnRecord(**entry)
