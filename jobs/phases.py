"""Progress of a run with several phases: one total that stands from the start."""

from collections.abc import Callable, Mapping


class Phases:
    """`weights` says how much of the whole each phase takes, in the order in which they come; in calls, say."""

    def __init__(self, progress: Callable[[float, float, str], None], weights: Mapping[str, float]) -> None:
        """`progress(done, total, note)` is told of every step."""
        self._progress = progress
        self._weights = weights
        self._before: dict[str, float] = {}
        total = 0.0
        for name, weight in weights.items():
            self._before[name] = total
            total += weight
        self._total = max(1, round(total))

    def at(self, phase: str, share: float, note: str) -> None:
        """`share` of `phase` is done, in [0, 1]; all phases before it are."""
        self._progress(round(self._before[phase] + min(1.0, share) * self._weights[phase]), self._total, note)

    def end(self) -> None:
        """All is done."""
        self._progress(self._total, self._total, "")
