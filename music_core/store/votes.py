"""Everybody's position on every pair, by branch: what agreement is computed from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from music_core.store.connect import Store
from music_core.store.filters import BUILT, DECIDED, PairFilter, selection
from music_core.store.places import places_of
from music_core.store.said import FINAL, LABEL_VOTE, VERDICT_VOTE
from music_core.store.session import Session
from music_core.types import NEUTRAL_METHODS, Vote

# Each kind of raters as a query for pair, name of the rater, value, whether it was trained on the pair, and whether it is final. A pair
# has a construction as soon as one of its origins built it, and a row for each of these.
_BUILT = f"""
SELECT pair, '' AS name, 1 AS value, false AS trained_on, false AS final FROM fast.origins WHERE {BUILT}"""

_JUDGES = f"""
SELECT pair, judge AS name, {VERDICT_VOTE} AS value, false AS trained_on, false AS final FROM fast.verdicts WHERE value <> 'unresolved'"""

_MODELS = """
SELECT g.pair, d.name, CAST(sign(g.margin) AS INTEGER) AS value, t.pair IS NOT NULL AS trained_on, false AS final
FROM fast.margins g JOIN fast.models d USING (model_id) LEFT JOIN fast.trained t ON t.run_id = d.run_id AND t.pair = g.pair"""

_PEOPLE = f"""
SELECT pair, person AS name, {LABEL_VOTE} AS value, false AS trained_on, {FINAL} AS final FROM fast.labels WHERE {DECIDED}"""

_SAID_BY: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "construction": (_BUILT, NEUTRAL_METHODS),
    "judge": (_JUDGES, ()),
    "model": (_MODELS, ()),
    "person": (_PEOPLE, ()),
}
_NEEDS = ("models", "trained")
_RATERS = """
CREATE OR REPLACE TEMP TABLE raters AS
SELECT kind, name, CAST(row_number() OVER (ORDER BY kind, name) - 1 AS SMALLINT) AS number FROM (
  SELECT 'construction' AS kind, '' AS name UNION SELECT 'judge', judge FROM fast.verdicts
  UNION SELECT 'model', name FROM fast.models UNION SELECT 'person', person FROM fast.labels)"""
# One small number for all that is said: many votes take long to fetch.
_TRAINED_ON, _FINAL = 4, 8
_CODE = f"1 + value + {_TRAINED_ON} * CAST(trained_on AS TINYINT) + {_FINAL} * CAST(final AS TINYINT)"
_NUMBERS = f"SELECT pair, number, CAST({_CODE} AS TINYINT) AS said FROM ({{said}}) JOIN (FROM raters WHERE kind = '{{kind}}') USING (name)"

_NOTHING = {"pair": np.empty(0, np.uint64), "number": np.empty(0, np.int16), "said": np.empty(0, np.int8)}

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
        for kind in (kind for kind in _SAID_BY if kind in kinds):
            sql, params = _SAID_BY[kind]
            once = "DISTINCT" if kind == "construction" else ""
            said = f"SELECT {once} pair_id, seed_id, name, value, trained_on, final FROM ({sql}) JOIN chosen USING (pair)"
            rows = session.rows(f"{chosen.sql} {said} ORDER BY name, pair_id", (*chosen.params, *params))
            found += [Vote(pair_id, seed_id, _rater(kind, name), *rest) for pair_id, seed_id, name, *rest in rows]
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

    def query(session: Session) -> VoteColumns:
        session.rows(_RATERS)
        names = [_rater(kind, name) for kind, name in session.rows("SELECT kind, name FROM raters ORDER BY number")]
        pairs = session.arrays(f"{chosen.sql} SELECT pair, hash(seed_key) AS seed FROM chosen ORDER BY pair", chosen.params)
        by_seed = np.argsort(pairs["seed"])
        seeds = pairs["seed"][by_seed]
        # Of the pairs in the order of their numbers, how they are called here.
        n_of = np.empty(len(by_seed), np.int64)
        n_of[by_seed] = np.arange(len(by_seed))
        found = [_NOTHING, *(_said(session, kind) for kind in _SAID_BY if kind in kinds)]
        pair, number, said = (np.concatenate([part[name] for part in found]) for name in _NOTHING)
        # DuckDB takes four times as long to join a million votes with a million pairs.
        place = places_of(pair, pairs["pair"])
        here = np.flatnonzero(place >= 0)
        number, said = number[here], said[here]
        present = np.flatnonzero(np.bincount(number, minlength=len(names)))
        rank = np.zeros(len(names), np.int64)
        rank[present] = np.arange(len(present))
        return VoteColumns(
            tuple(names[i] for i in present),
            rank[number],
            n_of[place[here]],
            (said & 3) - 1,
            said & _TRAINED_ON > 0,
            said & _FINAL > 0,
            np.cumsum(np.diff(seeds, prepend=seeds[:1]) != 0),
            pairs["pair"][by_seed],
        )

    with store.wide():
        return store.indexed(query, {*chosen.needs, *_NEEDS})


def _rater(kind: str, name: str) -> str:
    return f"{kind}:{name}" if name or kind != "construction" else kind


def _said(session: Session, kind: str) -> dict[str, Any]:
    """Columns of the votes of a kind: the index's number of the pair, number of the rater, `_CODE`."""
    sql, params = _SAID_BY[kind]
    found = session.arrays(_NUMBERS.format(said=sql, kind=kind), params)
    if kind == "construction" and len(found["pair"]):  # a row for each origin, which all say the same
        # numpy.unique, which hashes numbers like these, takes fifty times as long.
        pair = np.sort(found["pair"])
        once = np.flatnonzero(np.append(True, pair[1:] != pair[:-1]))
        return {name: values[: len(once)] for name, values in found.items()} | {"pair": pair[once]}
    return found


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
