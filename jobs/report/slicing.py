"""Agreement by a property of the pairs: the properties there are, and a matrix for each of their values. Pure."""

from collections.abc import Mapping, Sequence

from music_core.evaluate.slices import Slice, length_gap_bucket, sliced_cells
from music_core.facts import PairFacts
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


def _place(by: str, name: str) -> tuple[bool, int, str]:
    if by in ("turns", "divergence"):
        return False, int(name), ""
    order = {"length_gap": _GAPS, "split": _SPLITS}.get(by, ())
    return name == NOT_STATED, order.index(name) if name in order else len(order), name
