"""Which pairs a stage works on: the same few settings for judging, scoring, exporting, agreement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from music_core.errors import RunError
from music_core.store.connect import Store
from music_core.store.pairs import PairFilter, StoredPair, get_pairs, pair_ids

CHUNK = 200


@dataclass(frozen=True)
class Selection:
    """Pairs by where they come from; an empty tuple leaves that open. `limit` takes so many, always the same ones."""

    sources: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    run_ids: tuple[str, ...] = ()
    limit: int | None = None


def filter_of(selection: Selection) -> PairFilter:
    """The filter of a selection, without its limit."""
    return PairFilter(
        sources=selection.sources,
        splits=selection.splits,
        methods=selection.methods,
        schedules=selection.schedules,
        run_ids=selection.run_ids,
    )


def selected_ids(store: Store, selection: Selection, *, built: bool | None = None) -> list[str]:
    """Ids of the selected pairs, sorted. Ids are hashes, so the first n of them are a fixed random sample.

    `built` takes only pairs that were built to have a better side, or only the others.

    Raises `RunError` when no pair is selected.
    """
    ids = sorted(pair_ids(store, replace(filter_of(selection), built=built)))
    if not ids:
        raise RunError("No pairs are selected.", "See what is there with: music store info. Import some with: music import PATH")
    return ids[: selection.limit]


def selected_filter(store: Store, selection: Selection) -> PairFilter:
    """A filter that also honours the limit."""
    if selection.limit is None:
        return filter_of(selection)
    return PairFilter(pair_ids=tuple(selected_ids(store, selection)))


def stored_pairs(store: Store, ids: Sequence[str]) -> Iterator[StoredPair]:
    """The pairs of `ids` in their order, read in chunks."""
    for i in range(0, len(ids), CHUNK):
        yield from get_pairs(store, ids[i : i + CHUNK])
