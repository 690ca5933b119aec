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

# A pair has a construction as soon as one of its origins built it.
_BUILT = f"""
SELECT pair_id, seed_id, 'construction', 1, false, false FROM chosen WHERE pair_id IN (SELECT pair_id FROM fast.origins WHERE {BUILT})"""

_JUDGES = f"""
SELECT v.pair_id, s.seed_id, 'judge:' || v.judge, {VERDICT_VOTE}, false, false
FROM fast.verdicts v JOIN chosen s USING (pair_id) WHERE v.value <> 'unresolved'"""

_MODELS = """
SELECT g.pair_id, s.seed_id, 'model:' || d.name, CAST(sign(g.margin) AS INTEGER), t.pair_id IS NOT NULL, false
FROM fast.margins g JOIN chosen s USING (pair_id) JOIN lake.models d USING (model_id)
LEFT JOIN (SELECT run_id, pair_id FROM lake.manifests WHERE split = 'train') t ON t.run_id = d.run_id AND t.pair_id = g.pair_id"""

_PEOPLE = f"""
SELECT l.pair_id, s.seed_id, 'person:' || l.person, {LABEL_VOTE}, false, {FINAL}
FROM fast.labels l JOIN chosen s USING (pair_id) WHERE {DECIDED}"""

_SAID_BY: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "construction": (_BUILT, NEUTRAL_METHODS),
    "judge": (_JUDGES, ()),
    "model": (_MODELS, ()),
    "person": (_PEOPLE, ()),
}
_KINDS = tuple(_SAID_BY.values())
# The same as numbers: tables of the cursor, since each is asked for more than once.
_SAID = (
    f"""said(pair_id, seed_id, rater, value, trained_on, final) AS ({" UNION ALL ".join(sql for sql, _ in _KINDS)}) SELECT * FROM said"""
)
_NUMBERED = """
CREATE OR REPLACE TEMP TABLE numbered AS
SELECT pair_id, row_number() OVER (ORDER BY pair_id) - 1 AS pair, dense_rank() OVER (ORDER BY seed_id) - 1 AS seed
FROM (SELECT pair_id, min(seed_id) AS seed_id FROM said GROUP BY pair_id)"""
_RATERS = """
CREATE OR REPLACE TEMP TABLE raters AS
SELECT rater, row_number() OVER (ORDER BY rater) - 1 AS number FROM (SELECT DISTINCT rater FROM said)"""

_UNRESOLVED = """
SELECT 'judge:' || v.judge, 'unresolved', count(*) FROM fast.verdicts v JOIN chosen s USING (pair_id)
WHERE v.value = 'unresolved' GROUP BY v.judge"""

_UNDECIDED = """
SELECT 'person:' || l.person, CASE WHEN l.choice IS NULL THEN 'taken back' ELSE 'skipped' END AS reason, count(*)
FROM fast.labels l JOIN chosen s USING (pair_id) WHERE l.choice IS NULL OR l.choice = 'skip' GROUP BY ALL"""


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
            rows = session.rows(f"{chosen.sql} SELECT * FROM ({sql}) AS said ORDER BY 3, 1", (*chosen.params, *params))
            found += [Vote(*row) for row in rows]
        return found if adjudicated else [replace(v, final=False) if v.final else v for v in found]

    return store.indexed(query, chosen.needs)


@dataclass(frozen=True)
class VoteColumns:
    """Votes as numbers: vote k is what rater `raters[rater[k]]` says about pair number `pair[k]`; pair p is of seed number `seed[p]`.

    `pair_ids` are the ids of the pairs by number, where they were asked for.
    """

    raters: tuple[str, ...]
    rater: NDArray[np.int64]
    pair: NDArray[np.int64]
    value: NDArray[np.int64]
    trained_on: NDArray[np.bool_]
    final: NDArray[np.bool_]
    seed: NDArray[np.int64]
    pair_ids: tuple[str, ...] = ()


def vote_columns(store: Store, f: PairFilter | None = None, *, with_ids: bool = False) -> VoteColumns:
    """The votes of `votes`, adjudicated, as arrays: of hundreds of thousands, most of the time goes into making objects."""
    chosen = selection(f or PairFilter())
    params = (*chosen.params, *(value for _, values in _KINDS for value in values))

    def query(session: Session) -> VoteColumns:
        session.rows(f"CREATE OR REPLACE TEMP TABLE said AS {chosen.sql}, {_SAID}", params)
        session.rows(_NUMBERED)
        session.rows(_RATERS)
        raters = tuple(row[0] for row in session.rows("SELECT rater FROM raters ORDER BY number"))
        columns = "number, pair, value, trained_on, final, seed"
        found = session.arrays(f"SELECT {columns} FROM said JOIN numbered USING (pair_id) JOIN raters USING (rater)")
        pair = found["pair"].astype(np.int64)
        seed = np.zeros(int(pair.max()) + 1 if len(pair) else 0, np.int64)
        seed[pair] = found["seed"]
        return VoteColumns(
            raters,
            found["number"].astype(np.int64),
            pair,
            found["value"].astype(np.int64),
            found["trained_on"].astype(np.bool_),
            found["final"].astype(np.bool_),
            seed,
            tuple(row[0] for row in session.rows("SELECT pair_id FROM numbered ORDER BY pair")) if with_ids else (),
        )

    with store.wide():
        return store.indexed(query, chosen.needs)


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
