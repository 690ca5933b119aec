"""Rows of RewardBench (Lambert et al., arXiv 2403.13787) as pairs to look at, judge and label.

Running the benchmark needs no import; see `music_core.evaluate.benchmarks`.
"""

from collections.abc import Mapping
from typing import Any

from music_core.sources.rows import NOT_THIS_FORMAT, RowPairs, UnusableRowError
from music_core.sources.trl import read_trl

FORMAT = "rewardbench"


def is_rewardbench(row: Any) -> bool:
    """Whether the row has a prompt, the text of two answers and the subset."""
    if not isinstance(row, Mapping) or not isinstance(row.get("prompt"), str | list) or "music" in row:
        return False
    return all(isinstance(row.get(k), str) for k in ("chosen", "rejected", "subset"))


def read_rewardbench(row: Any, locator: str) -> RowPairs:
    """One pair; subset, id and the names of the models are kept in its origin."""
    if not is_rewardbench(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    return read_trl(row, locator)
