"""Agreement by a property of the pairs: the properties there are, and a matrix for each of their values."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from music_core.evaluate.agreement import agreement_cells
from music_core.evaluate.slices import Slice, length_gap_bucket, sliced_cells
from music_core.evaluate.votes import VoteTable, table_of_numbers
from music_core.facts import PairFacts
from music_core.store.connect import Store
from music_core.store.pairs import PairFilter
from music_core.store.places import places_of
from music_core.store.slices import property_of
from music_core.store.votes import VoteColumns, vote_columns
from music_core.types import Vote

BY: Mapping[str, str] = {
    "turns": "Turns",
    "divergence": "Sides part at turn",
    "length_gap": "Length gap",
    "source": "Source",
    "schedule": "Schedule",
    "split": "Split",
    "simulator": "Simulator",
}
_GAPS = ("rejected much longer", "rejected longer", "about equal", "chosen longer", "chosen much longer")
_SPLITS = ("train", "validation", "test")
NOT_STATED = "not stated"


def values_of(pair: PairFacts, by: str) -> tuple[str, ...]:
    """The slices that a pair belongs to: several where it has several sources, schedules or simulators."""
    match by:
        case "turns":
            return (str(pair.n_turns),)
        case "divergence":
            return (str(pair.divergence),)
        case "length_gap":
            return (length_gap_bucket(pair.chars_chosen, pair.chars_rejected),)
        case "split":
            return (pair.split,)
        case "source":
            return pair.sources or (NOT_STATED,)
        case "schedule":
            return pair.schedules or (NOT_STATED,)
        case "simulator":
            return pair.simulators or (NOT_STATED,)
        case _:
            raise ValueError(f"pairs are not sliced by {by!r}")


def slices_by(by: str, votes: Sequence[Vote], facts: Sequence[PairFacts], *, seed: int = 0, n_boot: int = 1000) -> list[Slice]:
    """One matrix per value of `by` (a key of `BY`), in an order that a reader expects. A pair of two sources counts in both.

    Raises:
        ValueError: an unknown `by`, and as in `agreement_cells`.
    """
    values = {pair.pair_id: values_of(pair, by) for pair in facts}
    names = sorted({name for own in values.values() for name in own}, key=lambda name: _place(by, name))
    found = []
    for name in names:
        inside = [v for v in votes if name in values.get(v.pair_id, ())]
        found += sliced_cells(inside, dict.fromkeys({v.pair_id for v in inside}, name), seed=seed, n_boot=n_boot)
    return found


def slices_of(store: Store, f: PairFilter, by: str, *, with_training_pairs: bool = False, seed: int = 0, n_boot: int = 1000) -> list[Slice]:
    """The same as `slices_by` of the pairs that pass `f`, read as numbers: of many pairs an object for each vote takes longest.

    Raises:
        ValueError: an unknown `by`.
    """
    found = vote_columns(store, f)
    voted = np.flatnonzero(np.bincount(found.pair, minlength=len(found.seed)))
    table = table_of(found, with_training_pairs=with_training_pairs)
    members = members_by(store, by, found.index_numbers[voted], f)
    return [Slice(name, len(at), tuple(agreement_cells(table.only(voted[at]), seed=seed, n_boot=n_boot))) for name, at in members.items()]


def table_of(found: VoteColumns, *, with_training_pairs: bool = False) -> VoteTable:
    """The votes of a store as a table; with `with_training_pairs` a model's votes on what it was trained on count as others do."""
    trained_on = found.trained_on & (not with_training_pairs)
    return table_of_numbers(found.raters, found.rater, found.pair, found.value, trained_on, found.final, found.seed)


def members_by(store: Store, by: str, pairs: NDArray[np.uint64], f: PairFilter | None = None) -> dict[str, NDArray[np.int64]]:
    """Value of `by` → positions in `pairs` (numbers of the index, of pairs that pass `f`) of those that have it, in a reader's order.

    A pair of two sources is in both. Raises `ValueError` for an unknown `by`.
    """
    stated = property_of(store, by, f)
    order = np.argsort(pairs)
    place = places_of(stated.pair, pairs[order])
    at, value = order[place[place >= 0]], stated.value[place >= 0]
    found: dict[str, list[NDArray[np.int64]]] = {}
    for k in np.unique(value).tolist():
        found.setdefault(stated.names[k], []).append(at[value == k])
    others = np.ones(len(pairs), np.bool_)
    others[at] = False
    if others.any():
        found.setdefault(NOT_STATED, []).append(np.flatnonzero(others))
    return {name: np.unique(np.concatenate(found[name])) for name in sorted(found, key=lambda name: _place(by, name))}


def _place(by: str, name: str) -> tuple[bool, int, str]:
    if name == NOT_STATED:
        return True, 0, ""
    if by in ("turns", "divergence"):
        return False, int(name), ""
    order = {"length_gap": _GAPS, "split": _SPLITS}.get(by, ())
    return False, order.index(name) if name in order else len(order), name
