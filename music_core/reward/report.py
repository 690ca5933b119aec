"""What a training returns, and writes into `music.json` beside the weights. Needs no torch."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from music_core.config import from_mapping
from music_core.errors import RewardError

REPORT_FILE = "music.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class PairMetrics:
    """Means over `n` pairs. A tie (equal rewards) counts one half in `accuracy`; `margin` is r+ - r-."""

    n: int
    loss: float
    accuracy: float
    n_ties: int
    margin: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One optimiser step: loss and accuracy on its own batch, before the step. `validation` where it was measured."""

    step: int
    loss: float
    accuracy: float
    learning_rate: float
    grad_norm: float
    validation: PairMetrics | None = None


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a training did. `finished` False: stopped on request, the state is kept and the same call goes on from it.

    n_pairs: training pairs used; dropped: {reason: n}; dropped_by_source: {source: {used, shortened, reason: n}};
    tokens: tokens of all batches so far, without padding; seconds: time in the loop, over all sittings.
    """

    model_dir: str
    finished: bool
    steps_done: int
    steps: int
    batch_pairs: int
    n_pairs: int
    n_shortened: int
    dropped: Mapping[str, int]
    dropped_by_source: Mapping[str, Mapping[str, int]]
    n_validation: int
    n_validation_dropped: int
    validation: PairMetrics | None
    curve: tuple[CurvePoint, ...]
    tokens: int
    seconds: float
    fingerprint: str
    recipe: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """All fields, JSON types only."""
        return dataclasses.asdict(self)


def curve_from(rows: list[dict[str, Any]]) -> list[CurvePoint]:
    """Curve points from their JSON form."""
    points = []
    for row in rows:
        metrics = row.get("validation")
        points.append(CurvePoint(**{**row, "validation": PairMetrics(**metrics) if metrics else None}))
    return points


def write_report(report: TrainReport, folder: Path) -> None:
    """Write `music.json` into `folder`."""
    text = json.dumps({"format": FORMAT, **report.as_dict()}, ensure_ascii=False, indent=1)
    (folder / REPORT_FILE).write_text(text, encoding="utf-8")


def read_report(folder: Path) -> TrainReport | None:
    """The report of a model trained here; None for a folder without `music.json`. `RewardError` when it is damaged."""
    path = folder / REPORT_FILE
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        del values["format"]
        metrics = values["validation"]
        values.update(curve=curve_from(values["curve"]), validation=PairMetrics(**metrics) if metrics else None)
        return from_mapping(TrainReport, values, str(path))
    except (ValueError, KeyError, TypeError) as e:
        raise RewardError(f"{path} is damaged: {e}.", "Train again into another folder.") from e
