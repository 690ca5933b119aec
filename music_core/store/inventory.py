"""How far each source is along the line: its pairs per split, and how many of them were judged, scored and labelled."""

from dataclasses import dataclass

from music_core.store.connect import Store
from music_core.store.filters import DECIDED
from music_core.store.session import Session


@dataclass(frozen=True, slots=True)
class SourceCount:
    """One source. Every figure counts pairs; a pair of two sources counts in both. `labelled` is by anybody, skips left out."""

    source: str
    n: int
    train: int
    validation: int
    test: int
    judged: int
    scored: int
    labelled: int


_SPLITS = "count(*), count(*) FILTER (p.split = 'train'), count(*) FILTER (p.split = 'validation'), count(*) FILTER (p.split = 'test')"

_SOURCES = f"""
WITH here AS (SELECT DISTINCT source, pair FROM fast.origins),
     judged AS (SELECT DISTINCT pair FROM fast.verdicts),
     scored AS (SELECT DISTINCT pair FROM fast.margins),
     labelled AS (SELECT DISTINCT pair FROM fast.labels WHERE {DECIDED})
SELECT h.source, {_SPLITS}, count(j.pair), count(s.pair), count(l.pair)
FROM here h JOIN fast.pairs p USING (pair) LEFT JOIN judged j USING (pair) LEFT JOIN scored s USING (pair)
LEFT JOIN labelled l USING (pair)
GROUP BY 1 ORDER BY 2 DESC, 1"""

_ALL = f"""
SELECT {_SPLITS},
       count(*) FILTER (p.pair IN (SELECT pair FROM fast.verdicts)),
       count(*) FILTER (p.pair IN (SELECT pair FROM fast.margins)),
       count(*) FILTER (p.pair IN (SELECT pair FROM fast.labels WHERE {DECIDED}))
FROM fast.pairs p"""


def source_counts(store: Store) -> list[SourceCount]:
    """Every source, the largest first, then the whole store under the name '' (each pair once)."""

    def query(session: Session) -> list[SourceCount]:
        return [SourceCount(*row) for row in session.rows(_SOURCES)] + [SourceCount("", *row) for row in session.rows(_ALL)]

    with store.wide():
        return store.indexed(query)
