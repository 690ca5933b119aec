"""Skywork-Reward-Preference-80K (Liu et al., arXiv 2410.18451): two whole conversations and the data set that they are from.

`source` is kept in the origin, since parts of version 0.1 overlap with RewardBench.
"""

from collections.abc import Mapping
from typing import Any

from music_core.sources.rows import NOT_THIS_FORMAT, RowPairs, UnusableRowError
from music_core.sources.trl import read_trl

FORMAT = "skywork"


def is_skywork(row: Any) -> bool:
    """Whether the row has two conversations and a source, and no prompt, scores or origins of ours."""
    if not isinstance(row, Mapping) or not isinstance(row.get("source"), str):
        return False
    others = {"prompt", "conversations", "trajectory", "music", "score_chosen", "score_rejected"}
    return all(isinstance(row.get(k), list) for k in ("chosen", "rejected")) and not others & row.keys()


def read_skywork(row: Any, locator: str) -> RowPairs:
    """One pair."""
    if not is_skywork(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    return read_trl(row, locator)
