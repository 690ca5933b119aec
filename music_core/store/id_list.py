"""Ids of pairs by the million, in 16 bytes each, where a string of Python takes 90."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from music_core.store.filters import Selection
from music_core.store.session import Session
from music_core.store.text import decode

_CONTENT_ID = re.compile("p_([0-9a-f]{16})([0-9a-f]{16})")
# Both halves of an id as numbers; what is no content id as it is.
_COLUMNS = """pair AS first,
  CASE WHEN fast.content_key('p', pair_id) IS NOT NULL THEN ('0x' || substring(pair_id, 19))::UBIGINT END AS rest,
  CASE WHEN fast.content_key('p', pair_id) IS NULL THEN pair_id END AS strange"""


class IdList(Sequence[str]):
    """Ids of pairs in an order, each once. Never changed, so that threads and sessions may share one.

    `first` and `rest` are the two halves of each id as numbers, shape (n,), uint64: what `fast.number_of` makes of an id, and the other
    64 bits. `strange` has the ids that are no content ids, by their places from 0; their `rest` means nothing.
    """

    def __init__(self, first: npt.NDArray[np.uint64], rest: npt.NDArray[np.uint64], strange: Mapping[int, str]) -> None:
        self._first, self._rest, self._strange = first, rest, strange
        self._places = {id_: place for place, id_ in strange.items()}
        self._sorted = bool((first[1:] >= first[:-1]).all())

    def __len__(self) -> int:
        return len(self._first)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return tuple(self[i] for i in range(*place.indices(len(self))))
        i = range(len(self))[place]
        return self._strange[i] if i in self._strange else f"p_{int(self._first[i]):016x}{int(self._rest[i]):016x}"

    def __contains__(self, id_: object) -> bool:
        return self.place_of(id_) is not None

    def place_of(self, id_: object) -> int | None:
        """Where an id stands, from 0; None where it does not."""
        if id_ in self._places:
            return self._places[str(id_)]
        halves = _halves(id_)
        if halves is None:
            return None
        first, rest = halves
        # A million numbers are compared in half a millisecond.
        near = [int(np.searchsorted(self._first, first))] if self._sorted else np.flatnonzero(self._first == first).tolist()
        return next((i for i in near if i < len(self) and self._is_at(i, first, rest)), None)

    def index(self, id_: str, start: int = 0, stop: int | None = None) -> int:
        """As of any sequence. Raises `ValueError` for an id that does not stand there."""
        place = self.place_of(id_)
        if place is None or place not in range(*slice(start, stop).indices(len(self))):
            raise ValueError(f"{id_} is not in the list")
        return place

    def _is_at(self, i: int, first: np.uint64, rest: np.uint64) -> bool:
        return bool(self._first[i] == first and self._rest[i] == rest) and i not in self._strange

    def n_of(self, ids: Collection[str]) -> int:
        """How many of these different ids are among them. Thousands are looked up at once."""
        known = [id_ for id_ in ids if _CONTENT_ID.fullmatch(id_)]
        n_strange = sum(id_ in self._places for id_ in ids)
        if not self._sorted or not len(self) or not known:
            return n_strange + sum(id_ in self for id_ in known)
        halves = np.frombuffer(bytes.fromhex("".join(id_[2:] for id_ in known)), ">u8").reshape(-1, 2)
        first, rest = halves[:, 0].astype(np.uint64), halves[:, 1].astype(np.uint64)
        at = np.minimum(np.searchsorted(self._first, first), len(self) - 1)
        there = (self._first[at] == first) & (self._rest[at] == rest)
        return n_strange + sum(i not in self._strange for i in at[there].tolist())


def _halves(id_: object) -> tuple[np.uint64, np.uint64] | None:
    found = _CONTENT_ID.fullmatch(id_) if isinstance(id_, str) else None
    return (np.uint64(int(found[1], 16)), np.uint64(int(found[2], 16))) if found else None


def read_ids(session: Session, chosen: Selection, by: str) -> IdList:
    """The ids of the pairs that pass, ordered by these terms."""
    found = session.arrays(f"{chosen.sql} SELECT {_COLUMNS} FROM chosen ORDER BY {by}", chosen.params)
    rest = np.ma.asarray(found["rest"])
    places = np.flatnonzero(np.ma.getmaskarray(rest)).tolist()
    return IdList(np.asarray(found["first"]), np.asarray(rest.filled(0)), {i: decode(found["strange"][i]) for i in places})
