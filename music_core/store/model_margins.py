"""Margins of reward models over all pairs, in the form that comparisons of models need: few columns, or counts alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from music_core.store.connect import LABELS, Store
from music_core.store.filters import BUILT
from music_core.store.session import marks
from music_core.types import NEUTRAL_METHODS, Split

_TRAINED = "SELECT d.model_id, t.pair FROM fast.models d JOIN fast.trained t USING (run_id)"
_NEEDS = ("models", "trained")
_IS_BUILT = f"SELECT DISTINCT pair FROM fast.origins WHERE {BUILT}"

_TWO = f"""
WITH trained AS ({_TRAINED}), built AS ({_IS_BUILT})
SELECT pair, hash(p.seed_key) AS seed, b.pair IS NOT NULL AS built, ma.margin AS margin_a, mb.margin AS margin_b,
       pair IN (SELECT pair FROM trained WHERE model_id = ?) AS trained_a,
       pair IN (SELECT pair FROM trained WHERE model_id = ?) AS trained_b
FROM fast.pairs p
JOIN (SELECT pair, margin FROM fast.margins WHERE model_id = ?) ma USING (pair)
JOIN (SELECT pair, margin FROM fast.margins WHERE model_id = ?) mb USING (pair)
LEFT JOIN built b USING (pair) ORDER BY pair"""

# Seeds with equal counts are counted, not listed: a bootstrap over seeds needs no more, and a hundred thousand seeds are a few rows.
_HELD_OUT = f"""
WITH trained AS ({_TRAINED}), built AS ({_IS_BUILT}), by_seed AS (
  SELECT g.model_id, p.split, p.seed_key, count(*) FILTER (t.pair IS NULL) AS n,
         count(*) FILTER (t.pair IS NULL AND g.margin > 0) AS n_right, count(t.pair) AS n_trained_on
  FROM fast.margins g JOIN fast.pairs p USING (pair) JOIN built USING (pair)
  LEFT JOIN trained t ON t.model_id = g.model_id AND t.pair = g.pair GROUP BY ALL
)
SELECT model_id, split, n, n_right, count(*), CAST(sum(n_trained_on) AS BIGINT) FROM by_seed GROUP BY ALL ORDER BY ALL"""


@dataclass(frozen=True)
class TwoMargins:
    """The pairs that both models have scored, by id: columns of one length.

    `pair` is how the index calls a pair, `seed` is equal for pairs of one seed, `built` says whether one side was built to be better.
    Margins are those after the last turn; `trained_a` and `trained_b` say which pairs a model was trained on.
    """

    pair: NDArray[np.uint64]
    seed: NDArray[np.int64]
    built: NDArray[np.bool_]
    margin_a: NDArray[np.float64]
    margin_b: NDArray[np.float64]
    trained_a: NDArray[np.bool_]
    trained_b: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SeedCounts:
    """How many seeds of a split have `n` built pairs that the model scored and was not trained on, on `n_right` of them rightly.

    `n_trained_on` counts the training pairs of these seeds; right is a margin above 0.
    """

    model_id: str
    split: Split
    n: int
    n_right: int
    n_seeds: int
    n_trained_on: int


def written(store: Store, kinds: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """How often rows of each of these kinds were written, of labels the newest number: what is made of them holds until one changes."""
    found = dict(store.read(f"SELECT kind, max(n) FROM lake.locks WHERE kind IN ({marks(kinds)}) GROUP BY kind", kinds))
    if LABELS in kinds:  # these have no lock row, but each has a number
        newest = "SELECT max(seq) FROM (SELECT seq FROM fast.labels UNION ALL SELECT seq FROM fast.repeats)"
        found[LABELS] = store.indexed(lambda session: session.one(newest)) or 0
    return tuple(sorted(found.items()))


def margins_of_two(store: Store, a_id: str, b_id: str) -> TwoMargins:
    """Every pair that both models (by id) have scored. Seeds are told apart by 64 bits of a hash."""
    params = (*NEUTRAL_METHODS, a_id, b_id, a_id, b_id)
    with store.wide(store.is_large):
        found: dict[str, Any] = store.indexed(lambda session: session.arrays(_TWO, params), _NEEDS)
    seed = np.unique(found.pop("seed"), return_inverse=True)[1]
    return TwoMargins(seed=seed, **found)


def ids_of(store: Store, pairs: Sequence[int]) -> list[str]:
    """Ids of pairs by their numbers in the index, in this order."""
    sql = "SELECT pair, pair_id FROM fast.pairs WHERE pair IN (SELECT unnest(?::UBIGINT[]))"
    found: dict[int, str] = dict(store.indexed(lambda session: session.rows(sql, [list(pairs)])))
    return [found[pair] for pair in pairs]


def held_out_counts(store: Store) -> list[SeedCounts]:
    """Of every model and split, the seeds by their counts; see `SeedCounts`."""
    with store.wide(store.is_large):
        return [SeedCounts(*row) for row in store.indexed(lambda session: session.rows(_HELD_OUT, NEUTRAL_METHODS), _NEEDS)]
