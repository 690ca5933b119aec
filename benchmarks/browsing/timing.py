"""Times of one thing and of its floor, taken in turns, so that both meet the same state of the machine."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PLACES = 1


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of the same number of repeats: ours and the floor's."""

    ours: tuple[float, ...]
    floor: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Median of ours by median of the floor."""
        return round(statistics.median(self.ours) / statistics.median(self.floor), 2)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile (inclusive, interpolated); of one value, that value."""
    return round(values[0] if len(values) == 1 else statistics.quantiles(values, n=20, method="inclusive")[-1], PLACES)


def milliseconds(fn: Callable[[], object]) -> float:
    """What one call of `fn` takes. Garbage of earlier calls is collected before, not within."""
    gc.collect()
    start = time.perf_counter()
    fn()
    return (time.perf_counter() - start) * 1000


def in_turns(
    n: int, ours: Callable[[int], object], floor: Callable[[int], object], before: Callable[[int], object] = lambda _: None
) -> Times:
    """`n` repeats of both, one after the other, each given its number; neither the first of each (number 0) nor `before` counts."""
    taken = []
    for i in range(n + 1):
        before(i)
        taken.append((milliseconds(lambda i=i: ours(i)), milliseconds(lambda i=i: floor(i))))  # type: ignore[misc]
    return Times(tuple(a for a, _ in taken[1:]), tuple(b for _, b in taken[1:]))
