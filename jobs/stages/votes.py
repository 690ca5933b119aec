"""Votes and verdicts of an import on their way into the store: a judge's readings are resolved by our own rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from music_core.evaluate.verdict import resolve
from music_core.sources.rows import ForeignVotes
from music_core.store.connect import Store
from music_core.store.labels import add_labels
from music_core.store.pairs import known_pairs
from music_core.store.readings import add_readings, judged
from music_core.types import Reading, Verdict

BATCH = 300
Said = Reading | Verdict


@dataclass(frozen=True, slots=True)
class VoteCounts:
    """What was new; `without_pair` labels were left out since the store does not hold their pair."""

    labels: int = 0
    readings: int = 0
    verdicts: int = 0
    without_pair: int = 0


def store_votes(store: Store, votes: ForeignVotes, check: Callable[[], None]) -> VoteCounts:
    """Store what is new among `votes`; `check` is called between commits and may raise to stop."""
    known = known_pairs(store, (given.event.pair_id for given in votes.labels))
    usable = [given for given in votes.labels if given.event.pair_id in known]
    n_labels = add_labels(store, usable)
    n_readings = n_verdicts = 0
    said: list[Said] = [*votes.readings, *votes.verdicts]
    pair_ids = list(dict.fromkeys(s.pair_id for s in said))
    for i in range(0, len(pair_ids), BATCH):
        check()
        part = set(pair_ids[i : i + BATCH])
        readings, verdicts = _news(
            store, [r for r in votes.readings if r.pair_id in part], [v for v in votes.verdicts if v.pair_id in part]
        )
        if readings or verdicts:
            n_readings += add_readings(store, readings, verdicts)
        n_verdicts += len(verdicts)
    return VoteCounts(n_labels, n_readings, n_verdicts, len(votes.labels) - len(usable))


def _news(store: Store, readings: Sequence[Reading], verdicts: Sequence[Verdict]) -> tuple[list[Reading], list[Verdict]]:
    """The readings that the store does not have, and the verdicts that differ from the present ones.

    A verdict follows from all readings of its judge, those in the store first; one that came resolved counts where there are none.
    """
    said: list[Said] = [*readings, *verdicts]
    stored, present = judged(store, sorted({s.pair_id for s in said}))
    by_id = {r.id: r for r in stored}
    new = [r for r in readings if by_id.setdefault(r.id, r) is r]
    by_judge: dict[tuple[str, str], list[Reading]] = {}
    for r in by_id.values():
        by_judge.setdefault((r.pair_id, r.judge), []).append(r)
    resolved = {(v.pair_id, v.judge): v for v in verdicts if (v.pair_id, v.judge) not in by_judge}
    for r in readings:
        mine = [m for m in by_judge[r.pair_id, r.judge] if m.kind == r.kind]
        resolved[r.pair_id, r.judge] = resolve(r.pair_id, r.judge, r.kind, mine)
    now = {(v.pair_id, v.judge): v for v in present}
    return new, [v for key, v in resolved.items() if now.get(key) != v]
