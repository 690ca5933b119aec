"""Everybody's position on every pair, by branch: what agreement is computed from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from music_core.store.connect import Store
from music_core.store.filters import BUILT, DECIDED, PairFilter, selection
from music_core.store.said import FINAL, LABEL_VOTE, VERDICT_VOTE
from music_core.store.session import Session
from music_core.types import NEUTRAL_METHODS, Vote

# Each kind of raters as a query for `{pair}` of the pairs in `{pairs}`, then rater, value, whether it was trained on the pair, and
# whether it is final. A pair has a construction as soon as one of its origins built it.
_BUILT = f"""
SELECT {{pair}}, 'construction' AS rater, 1 AS value, false AS trained_on, false AS final
FROM {{pairs}} s WHERE s.pair IN (SELECT pair FROM fast.origins WHERE {BUILT})"""

_JUDGES = f"""
SELECT {{pair}}, 'judge:' || v.judge AS rater, {VERDICT_VOTE} AS value, false AS trained_on, false AS final
FROM fast.verdicts v JOIN {{pairs}} s USING (pair) WHERE v.value <> 'unresolved'"""

_MODELS = """
SELECT {pair}, 'model:' || d.name AS rater, CAST(sign(g.margin) AS INTEGER) AS value, t.pair IS NOT NULL AS trained_on, false AS final
FROM fast.margins g JOIN {pairs} s USING (pair) JOIN fast.models d USING (model_id)
LEFT JOIN fast.trained t ON t.run_id = d.run_id AND t.pair = g.pair"""

_PEOPLE = f"""
SELECT {{pair}}, 'person:' || l.person AS rater, {LABEL_VOTE} AS value, false AS trained_on, {FINAL} AS final
FROM fast.labels l JOIN {{pairs}} s USING (pair) WHERE {DECIDED}"""

_SAID_BY: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "construction": (_BUILT, NEUTRAL_METHODS),
    "judge": (_JUDGES, ()),
    "model": (_MODELS, ()),
    "person": (_PEOPLE, ()),
}
_NEEDS = ("models", "trained")
# The same as numbers from 0 on, pairs in the order of their seeds.
_NUMBERED = """
CREATE OR REPLACE TEMP TABLE numbered AS {chosen}
SELECT pair, CAST(row_number() OVER () - 1 AS INTEGER) AS n, seed FROM (SELECT pair, hash(seed_key) AS seed FROM chosen ORDER BY seed)"""
_RATERS = """
CREATE OR REPLACE TEMP TABLE raters AS
SELECT rater, CAST(row_number() OVER (ORDER BY rater) - 1 AS INTEGER) AS number FROM (
  SELECT 'construction' AS rater UNION SELECT 'judge:' || judge FROM fast.verdicts
  UNION SELECT 'model:' || name FROM fast.models UNION SELECT 'person:' || person FROM fast.labels)"""
# One small number for all that is said: many votes take long to fetch.
_TRAINED_ON, _FINAL = 4, 8
_CODE = f"1 + value + {_TRAINED_ON} * CAST(trained_on AS TINYINT) + {_FINAL} * CAST(final AS TINYINT)"
_NUMBERS = f"SELECT n, CAST(number AS SMALLINT) AS number, CAST({_CODE} AS TINYINT) AS said FROM ({{said}}) JOIN raters USING (rater)"

_UNRESOLVED = """
SELECT 'judge:' || v.judge, 'unresolved', count(*) FROM fast.verdicts v JOIN chosen s USING (pair)
WHERE v.value = 'unresolved' GROUP BY v.judge"""

_UNDECIDED = """
SELECT 'person:' || l.person, CASE WHEN l.choice IS NULL THEN 'taken back' ELSE 'skipped' END AS reason, count(*)
FROM fast.labels l JOIN chosen s USING (pair) WHERE l.choice IS NULL OR l.choice = 'skip' GROUP BY ALL"""


def votes(store: Store, f: PairFilter | None = None, *, adjudicated: bool = True, kinds: Collection[str] = tuple(_SAID_BY)) -> list[Vote]:
    """Votes on the pairs that pass `f` (None: all): `construction`, then `judge:`, `model:` and `person:` raters by name.

    Construction says +1 on every pair that was built to have a better side; `NEUTRAL_METHODS` build none. A judge's tie, flip
    and split are 0. A model votes the sign of its margin after the last turn. Unresolved verdicts, skips and labels taken back
    are no votes; `excluded_votes` counts them. An adjudication is its person's vote and final for the pair; without
    `adjudicated` it is a vote like any other, so that `people` are the plain majority. `kinds` of raters are read: the others cost
    nothing.
    """
    chosen = selection(f or PairFilter())

    def query(session: Session) -> list[Vote]:
        found: list[Vote] = []
        for sql, params in (_SAID_BY[kind] for kind in _SAID_BY if kind in kinds):
            said = sql.format(pair="s.pair_id, s.seed_id", pairs="chosen")
            rows = session.rows(f"{chosen.sql} SELECT * FROM ({said}) AS said ORDER BY rater, pair_id", (*chosen.params, *params))
            found += [Vote(*row) for row in rows]
        return found if adjudicated else [replace(v, final=False) if v.final else v for v in found]

    return store.indexed(query, {*chosen.needs, *_NEEDS} if "model" in kinds else chosen.needs)


@dataclass(frozen=True)
class VoteColumns:
    """Votes as numbers: vote k is what rater `raters[rater[k]]` says about pair number `pair[k]`; pair p is of seed number `seed[p]`.

    Pairs are numbered in the order of their seeds, those without votes too. `index_numbers[p]` is how the index calls pair p.
    """

    raters: tuple[str, ...]
    rater: NDArray[np.int64]
    pair: NDArray[np.int64]
    value: NDArray[np.int8]
    trained_on: NDArray[np.bool_]
    final: NDArray[np.bool_]
    seed: NDArray[np.int64]
    index_numbers: NDArray[np.uint64]


def vote_columns(store: Store, f: PairFilter | None = None, *, kinds: Collection[str] = tuple(_SAID_BY)) -> VoteColumns:
    """The votes of `votes`, adjudicated, as arrays: of hundreds of thousands, most of the time goes into making objects.

    Seeds are told apart by 64 bits of a hash.
    """
    chosen = selection(f or PairFilter())

    said = " UNION ALL ".join(sql.format(pair="s.n", pairs="numbered") for kind, (sql, _) in _SAID_BY.items() if kind in kinds)

    def query(session: Session) -> VoteColumns:
        session.rows(_NUMBERED.format(chosen=chosen.sql), chosen.params)
        session.rows(_RATERS)
        names = [row[0] for row in session.rows("SELECT rater FROM raters ORDER BY number")]
        found = session.arrays(_NUMBERS.format(said=said), NEUTRAL_METHODS if "construction" in kinds else ())
        pairs = session.arrays("SELECT seed, pair FROM numbered ORDER BY n")
        seeds = pairs["seed"]
        present = np.flatnonzero(np.bincount(found["number"], minlength=len(names)))
        place = np.zeros(len(names), np.int64)
        place[present] = np.arange(len(present))
        return VoteColumns(
            tuple(names[i] for i in present),
            place[found["number"]],
            found["n"].astype(np.int64),
            (found["said"] & 3) - 1,
            found["said"] & _TRAINED_ON > 0,
            found["said"] & _FINAL > 0,
            _numbered(seeds),
            pairs["pair"],
        )

    with store.wide():
        return store.indexed(query, {*chosen.needs, *_NEEDS})


def _numbered(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """A number for each different value, from 0 on: by counting where they come sorted, as they do though SQL does not promise it."""
    if (hashes[1:] >= hashes[:-1]).all():
        return np.cumsum(np.diff(hashes, prepend=hashes[:1]) != 0)
    return np.unique(hashes, return_inverse=True)[1].astype(np.int64)


def excluded_votes(store: Store, f: PairFilter | None = None) -> dict[str, dict[str, int]]:
    """Rater → reason → number of pairs on which the rater said something that is no vote."""
    chosen = selection(f or PairFilter())

    def query(session: Session) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for sql in (_UNRESOLVED, _UNDECIDED):
            for rater, reason, n in session.rows(chosen.sql + sql, chosen.params):
                found.setdefault(rater, {})[reason] = n
        return found

    return store.indexed(query, chosen.needs)
