"""The mean over a frozen pool from many predictions and few labels, with all that a reader needs to judge it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from music_core.evaluate.prediction import Fit, Interval, Study, cluster_sums, fit, pool_interval, replicates, spread_of
from music_core.evaluate.sampling import FLOOR, Draw

LEVEL = 0.95
# Below these the intervals are not known to hold; see docs/estimates.md for what was measured.
MIN_CLUSTERS = 100
MIN_LABELS = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person said about one pair, as a number; None for a skip."""

    pair_id: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A prediction-powered mean of a pool of `n_pool` pairs.

    `interval` (95 %) is for seeds like those of the pool: replicates draw whole seeds and tune λ anew. `pool_interval` is for
    the mean of this very pool, where only the draw of the labels is left to chance. `classical` uses the labels alone
    (Hájek's form of the Horvitz–Thompson estimate), with its interval for seeds like these.

    `n_labelled` pairs have an answer, in `n_clusters` seeds; `n_skipped` drawn pairs have skips only, `n_waiting` nothing
    yet; answers on `n_not_drawn` pairs are left out, since no probability belongs to them, and so are `n_excluded` pairs
    that the question does not apply to, which are no part of the pool. `lam` is the weight of the predictions.
    `warnings` are to be shown beside the figure; `note` says what is assumed and why something is None.
    """

    n_pool: int
    n_labelled: int
    n_skipped: int
    n_waiting: int
    n_not_drawn: int
    n_clusters: int
    estimate: float | None = None
    interval: Interval | None = None
    pool_interval: Interval | None = None
    lam: float | None = None
    classical: float | None = None
    classical_interval: Interval | None = None
    note: str = ""
    warnings: tuple[str, ...] = ()
    n_excluded: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The estimate as JSON types."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    def with_note(self, text: str) -> "Estimate":
        """The same with one sentence more."""
        return replace(self, note=f"{self.note} {text}".strip())


@dataclass(frozen=True, slots=True)
class LabelsNeeded:
    """How many labels more give the wanted half-width; None where none do or it cannot be told, with the reason."""

    more: int | None
    note: str = ""


@dataclass(frozen=True)
class _Answers:
    """Per pair the mean of its answers (None for skips only), and how many pairs outside the draw were answered."""

    mean_of: Mapping[str, float | None]
    n_not_drawn: int


def estimate_mean(
    draws: Sequence[Draw],
    seed_of: Mapping[str, str],
    predictions: Mapping[str, float],
    answers: Iterable[Answer],
    *,
    lam: float | None = None,
    seed: int = 0,
    n_boot: int = 1000,
) -> Estimate:
    """Estimate the mean answer over all pairs of `draws`, one `Draw` per pair of the frozen pool.

    `seed_of` and `predictions` hold every pair of the pool. Several answers on one pair are averaged first, so that a pair
    counts once. Skips are non-response: counted, and taken for missing at random. `lam` fixes the weight of the predictions
    (0: classical, 1: untuned). `seed` starts the bootstrap of `n_boot` replicates. The order of nothing matters.

    Raises:
        ValueError: a pair is in the pool twice or has no seed or prediction, or a probability, prediction or answer is no
            number in its range.
    """
    pool = sorted(draws, key=lambda d: d.pair_id)
    given = _averaged(answers, pool)
    study = _study(pool, seed_of, predictions, given)
    n_drawn = sum(d.drawn for d in pool)
    blank = Estimate(
        n_pool=len(pool),
        n_labelled=int(study.labelled.sum()),
        n_skipped=sum(value is None for value in given.mean_of.values()),
        n_waiting=n_drawn - len(given.mean_of),
        n_not_drawn=given.n_not_drawn,
        n_clusters=len(np.unique(study.cluster[study.labelled])),
    )
    if blank.n_labelled == 0:
        return blank.with_note(_why_nothing(len(pool), n_drawn, blank.n_skipped))
    drawn = np.array([d.drawn for d in pool])
    response = float(study.weight.sum() / np.sum(1 / study.probability[drawn]))
    # About a point between y and f, so that sums of squares do not cancel.
    centre = float(np.sum(study.weight * study.y) / study.weight.sum())
    near = replace(study, f=study.f - study.f.mean(), y=np.where(study.labelled, study.y - centre, 0.0))
    sums = cluster_sums(near, response)
    whole = fit(sums.sum(axis=0, keepdims=True), lam)
    boot = replicates(sums, lam, seed=seed, n_boot=n_boot) if len(sums) > 1 and n_boot > 0 else Fit(*[np.zeros(0)] * 3)
    lam_used, value = float(whole.lam[0]), float(whole.estimate[0]) + centre
    found = replace(
        blank,
        estimate=value,
        interval=spread_of(boot.estimate + centre, blank.n_clusters, LEVEL),
        pool_interval=pool_interval(near, value, lam_used, response, LEVEL),
        lam=lam_used,
        classical=float(whole.classical[0]) + centre,
        classical_interval=spread_of(boot.classical + centre, blank.n_clusters, LEVEL),
        warnings=tuple(_warnings(blank, pool)),
    )
    return found.with_note(" ".join(_notes(found, len(sums), n_boot)))


def labels_needed(estimate: Estimate, half_width: float, *, of_pool: bool = False) -> LabelsNeeded:
    """How many labels more, drawn by the same kind of plan, bring the half-width of the interval down to `half_width`.

    The part of the variance that the labels add falls as 1/n − 1/N, n labels of N pairs. The rest, which seeds of another
    pool would show, stays; with `of_pool` only the first part counts.

    Raises:
        ValueError: `half_width` is not above 0.
    """
    if not half_width > 0:
        raise ValueError("a half-width is above 0")
    if estimate.pool_interval is None or (estimate.interval is None and not of_pool):
        return LabelsNeeded(None, "There is no interval yet to reckon from.")
    labels = _half(estimate.pool_interval) ** 2
    fixed = 0.0 if of_pool or estimate.interval is None else max(_half(estimate.interval) ** 2 - labels, 0.0)
    if labels + fixed <= half_width**2:
        return LabelsNeeded(0)
    n, size = estimate.n_labelled, estimate.n_pool
    if half_width**2 <= fixed:
        return LabelsNeeded(None, f"Labelling the whole pool would leave about {math.sqrt(fixed):.3f}: this takes more seeds.")
    share = (half_width**2 - fixed) / labels * (1 / n - 1 / size)
    return LabelsNeeded(min(math.ceil(1 / (1 / size + share) - n), size - n))


def _half(interval: Interval) -> float:
    return (interval[1] - interval[0]) / 2


def _averaged(answers: Iterable[Answer], pool: Sequence[Draw]) -> _Answers:
    drawn_of = {d.pair_id: d.drawn for d in pool}
    said: dict[str, list[float]] = {}
    outside: set[str] = set()
    for answer in answers:
        if answer.value is not None and not math.isfinite(answer.value):
            raise ValueError(f"the answer on {answer.pair_id} is {answer.value}, not a finite number")
        if not drawn_of.get(answer.pair_id, False):
            outside.add(answer.pair_id)
            continue
        values = said.setdefault(answer.pair_id, [])
        if answer.value is not None:
            values.append(answer.value)
    return _Answers({pair_id: math.fsum(v) / len(v) if v else None for pair_id, v in said.items()}, len(outside))


def _study(pool: Sequence[Draw], seed_of: Mapping[str, str], predictions: Mapping[str, float], given: _Answers) -> Study:
    for before, d in zip([None, *pool], pool, strict=False):
        if before is not None and before.pair_id == d.pair_id:
            raise ValueError(f"{d.pair_id} is in the pool twice")
        if not 0 < d.probability <= 1:
            raise ValueError(f"the probability of {d.pair_id} is {d.probability}, not a number in (0, 1]")
        if d.pair_id not in seed_of or not math.isfinite(predictions.get(d.pair_id, math.nan)):
            raise ValueError(f"{d.pair_id} of the pool has no seed or no prediction that is a number")
    number_of = {name: i for i, name in enumerate(sorted({seed_of[d.pair_id] for d in pool}))}
    values = [given.mean_of.get(d.pair_id) for d in pool]
    return Study(
        f=np.array([predictions[d.pair_id] for d in pool], np.float64),
        probability=np.array([d.probability for d in pool], np.float64),
        cluster=np.array([number_of[seed_of[d.pair_id]] for d in pool], np.int64),
        labelled=np.array([value is not None for value in values], np.bool_),
        y=np.array([0.0 if value is None else value for value in values], np.float64),
    )


def _why_nothing(n_pool: int, n_drawn: int, n_skipped: int) -> str:
    if n_pool == 0:
        return "There is no pair in the pool."
    if n_drawn == 0:
        return "No pair was drawn."
    return f"No drawn pair has a label: {n_skipped} of {n_drawn} were skipped, the others wait."


def _notes(e: Estimate, n_seeds: int, n_boot: int) -> Iterable[str]:
    missing = e.n_skipped + e.n_waiting
    if missing:
        yield (
            f"{e.n_skipped} drawn pairs were skipped and {e.n_waiting} wait for a label: "
            "the estimate assumes that answers on them would be like those given."
        )
    if e.n_not_drawn:
        yield f"Answers on {e.n_not_drawn} pairs that were not drawn are left out."
    if n_boot < 1:
        yield "No interval was asked for."
    elif n_seeds == 1:
        yield "No interval for seeds like these: all pairs come from one seed."
    elif e.interval is None or e.classical_interval is None:
        yield "No interval for seeds like these where labels come from one seed only, or drawing among the seeds shows no spread."
    if e.pool_interval is None:
        yield "No interval for this pool: the labels are too few or show no spread."


def _warnings(e: Estimate, pool: Sequence[Draw]) -> Iterable[str]:
    if e.n_clusters < MIN_CLUSTERS:
        yield f"Labels come from {e.n_clusters} seeds only; below {MIN_CLUSTERS} the interval tends to be too narrow."
    if e.n_labelled < MIN_LABELS:
        yield f"Only {e.n_labelled} pairs are labelled; below {MIN_LABELS} the interval tends to be too narrow."
    least = min(d.probability for d in pool)
    # Floors are met by arithmetic, so that a hair below is none.
    if least < FLOOR * (1 - 1e-9):
        yield f"Some pairs had a probability of {least:.3g} only; below {FLOOR:g} single labels weigh so much that the interval may miss."
