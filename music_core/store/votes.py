"""Everybody's position on every pair, by branch: what agreement is computed from."""

from dataclasses import replace

from music_core.store.connect import Store
from music_core.store.filters import BUILT, DECIDED, PairFilter, selection
from music_core.store.said import FINAL, LABEL_VOTE, VERDICT_VOTE
from music_core.store.session import Session
from music_core.types import NEUTRAL_METHODS, Vote

# A pair has a construction as soon as one of its origins built it.
_BUILT = f"""
SELECT pair_id, seed_id FROM chosen WHERE pair_id IN (SELECT pair_id FROM fast.origins WHERE {BUILT}) ORDER BY pair_id"""

_JUDGES = f"""
SELECT v.pair_id, s.seed_id, 'judge:' || v.judge, {VERDICT_VOTE}
FROM fast.verdicts v JOIN chosen s USING (pair_id) WHERE v.value <> 'unresolved' ORDER BY v.judge, v.pair_id"""

_MODELS = """
SELECT g.pair_id, s.seed_id, 'model:' || d.name, CAST(sign(g.margin) AS INTEGER), t.pair_id IS NOT NULL
FROM fast.margins g JOIN chosen s USING (pair_id) JOIN lake.models d USING (model_id)
LEFT JOIN (SELECT run_id, pair_id FROM lake.manifests WHERE split = 'train') t ON t.run_id = d.run_id AND t.pair_id = g.pair_id
ORDER BY d.name, g.pair_id"""

_PEOPLE = f"""
SELECT l.pair_id, s.seed_id, 'person:' || l.person, {LABEL_VOTE}, false, {FINAL}
FROM fast.labels l JOIN chosen s USING (pair_id) WHERE {DECIDED} ORDER BY l.person, l.pair_id"""

_UNRESOLVED = """
SELECT 'judge:' || v.judge, 'unresolved', count(*) FROM fast.verdicts v JOIN chosen s USING (pair_id)
WHERE v.value = 'unresolved' GROUP BY v.judge"""

_UNDECIDED = """
SELECT 'person:' || l.person, CASE WHEN l.choice IS NULL THEN 'taken back' ELSE 'skipped' END AS reason, count(*)
FROM fast.labels l JOIN chosen s USING (pair_id) WHERE l.choice IS NULL OR l.choice = 'skip' GROUP BY ALL"""


def votes(store: Store, f: PairFilter | None = None, *, adjudicated: bool = True) -> list[Vote]:
    """Votes on the pairs that pass `f` (None: all): `construction`, then `judge:`, `model:` and `person:` raters by name.

    Construction says +1 on every pair that was built to have a better side; `NEUTRAL_METHODS` build none. A judge's tie, flip
    and split are 0. A model votes the sign of its margin after the last turn. Unresolved verdicts, skips and labels taken back
    are no votes; `excluded_votes` counts them. An adjudication is its person's vote and final for the pair; without
    `adjudicated` it is a vote like any other, so that `people` are the plain majority.
    """
    chosen = selection(f or PairFilter())

    def query(session: Session) -> list[Vote]:
        built = session.rows(chosen.sql + _BUILT, (*chosen.params, *NEUTRAL_METHODS))
        found = [Vote(pair_id, seed_id, "construction", 1) for pair_id, seed_id in built]
        for sql in (_JUDGES, _MODELS, _PEOPLE):
            found += [Vote(*row) for row in session.rows(chosen.sql + sql, chosen.params)]
        return found if adjudicated else [replace(v, final=False) if v.final else v for v in found]

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
