"""What a training run read, as counts: a line of a model's page, whatever the number of pairs."""

from collections.abc import Mapping
from dataclasses import dataclass

from music_core.store.connect import Store
from music_core.store.session import Session


@dataclass(frozen=True, slots=True)
class ManifestCounts:
    """Pairs of a run's manifest. `by_source` maps a source to its pairs by split; a pair of two sources counts in both.

    `snapshot` is the store's version that the run pinned; None where nothing was pinned.
    """

    snapshot: int | None
    by_split: Mapping[str, int]
    by_source: Mapping[str, Mapping[str, int]]


def manifest_counts(store: Store, run_id: str) -> ManifestCounts | None:
    """The counts of a run's manifest; None for a run without one."""
    by_split = "SELECT split, count(*) FROM lake.manifests WHERE run_id = ? GROUP BY split ORDER BY split"
    by_source = """
        SELECT o.source, m.split, count(DISTINCT pair) FROM lake.manifests m JOIN fast.origins o ON pair = fast.number_of(m.pair_id)
        WHERE m.run_id = ? GROUP BY ALL ORDER BY count(DISTINCT pair) DESC, o.source, m.split"""

    def query(session: Session) -> ManifestCounts | None:
        splits: dict[str, int] = dict(session.rows(by_split, [run_id]))
        if not splits:
            return None
        sources: dict[str, dict[str, int]] = {}
        for source, split, n in session.rows(by_source, [run_id]):
            sources.setdefault(source, {})[split] = n
        snapshot = session.one("SELECT snapshot_id FROM lake.pins WHERE run_id = ?", [run_id])
        return ManifestCounts(None if snapshot is None else int(snapshot), splits, sources)

    return store.indexed(query)
