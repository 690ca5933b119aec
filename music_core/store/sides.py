"""Whose answers the two sides of a pair are, where none of them was built to be better."""

from collections.abc import Iterable, Mapping, Sequence

from music_core.store.session import Session, marks
from music_core.store.text import from_json
from music_core.types import BRANCHES, NEUTRAL_METHODS, BranchName, Origin

Systems = Mapping[BranchName, str]


def systems_of(origins: Sequence[Origin]) -> Systems | None:
    """The names of the two systems; None as soon as one origin built a better side, or where there is no origin at all.

    Several systems may have given the same answer: their names are joined. A side whose system is not known has an empty name.
    """
    if not origins or any(origin.method not in NEUTRAL_METHODS for origin in origins):
        return None
    named = [sides for origin in origins if isinstance(sides := origin.meta.get("sides"), Mapping)]
    return {branch: " or ".join(dict.fromkeys(_names(named, branch))) for branch in BRANCHES}


def _names(named: Iterable[Mapping[str, object]], branch: BranchName) -> Iterable[str]:
    return (name for sides in named if isinstance(name := sides.get(branch), str) and name)


def systems_by_pair(session: Session, ids: Sequence[str]) -> dict[str, Systems]:
    """`systems_of` for those of the pairs that no origin built a better side of; the others are left out."""
    sql = f"SELECT pair_id, method FROM fast.origins WHERE pair_id IN ({marks(ids)})"
    methods: dict[str, set[str | None]] = {}
    for pair_id, method in session.rows(sql, ids):
        methods.setdefault(pair_id, set()).add(method)
    neutral = [pair_id for pair_id, found in methods.items() if found <= set(NEUTRAL_METHODS)]
    if not neutral:
        return {}
    # The index leaves the facts of an origin away; a page has few such pairs, so they are read from the lake.
    rows = session.rows(
        f"SELECT pair_id, method, meta FROM lake.origin_rows WHERE pair_id IN ({marks(neutral)}) ORDER BY created_at, origin_id", neutral
    )
    origins: dict[str, list[Origin]] = {}
    for pair_id, method, meta in rows:
        origins.setdefault(pair_id, []).append(Origin("", method=method, meta=from_json(meta)))
    return {pair_id: systems for pair_id, found in origins.items() if (systems := systems_of(found)) is not None}
