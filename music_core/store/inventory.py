"""How far each source is along the line: its pairs per split, and how many of them were judged, scored and labelled."""

from dataclasses import dataclass

from music_core.store.connect import Store
from music_core.store.filters import DECIDED


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


_COUNTS = ", ".join(
    ["count(*)"]
    + [f"count(*) FILTER (split = '{name}')" for name in ("train", "validation", "test")]
    + [f"count(*) FILTER ({done})" for done in ("judged", "scored", "labelled")]
)
# What was done with every pair is found once, for the sources and for the whole.
_ALL = f"""
WITH done AS MATERIALIZED (
  SELECT pair, split, pair IN (SELECT pair FROM fast.verdicts) AS judged, pair IN (SELECT pair FROM fast.margins) AS scored,
         pair IN (SELECT pair FROM fast.labels WHERE {DECIDED}) AS labelled
  FROM fast.pairs
), here AS (SELECT DISTINCT source, pair FROM fast.origins)
SELECT false AS whole, source, {_COUNTS} FROM here JOIN done USING (pair) GROUP BY source
UNION ALL SELECT true, '', {_COUNTS} FROM done
ORDER BY 1, 3 DESC, 2"""


def source_counts(store: Store) -> list[SourceCount]:
    """Every source, the largest first, then the whole store under the name '' (each pair once)."""
    with store.wide():
        return [SourceCount(*row[1:]) for row in store.indexed(lambda session: session.rows(_ALL))]
