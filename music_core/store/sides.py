"""Whose answers the two sides of a pair are, where none of them was built to be better."""

from collections.abc import Iterable, Mapping, Sequence

from music_core.store.connect import Store
from music_core.store.filters import BUILT, PairFilter, selection
from music_core.store.session import Session, marks
from music_core.store.text import from_json
from music_core.types import BRANCHES, NEUTRAL_METHODS, BranchName, Origin

Systems = Mapping[BranchName, str]


def systems_of(origins: Sequence[Origin]) -> Systems | None:
    """The names of the two systems; None as soon as one origin built a better side, or where there is no origin at all.

    Several systems may have given the same answer: their names are joined. A side whose system is not known has an empty name.
    """
    if not are_neutral(origin.method for origin in origins):
        return None
    named = [sides for origin in origins if isinstance(sides := origin.meta.get("sides"), Mapping)]
    return {branch: " or ".join(dict.fromkeys(_names(named, branch))) for branch in BRANCHES}


def _names(named: Iterable[Mapping[str, object]], branch: BranchName) -> Iterable[str]:
    return (name for sides in named if isinstance(name := sides.get(branch), str) and name)


def systems_of_pair(session: Session, pair_id: str) -> Systems | None:
    """`systems_of` the pair as the index knows it."""
    found = session.rows("SELECT method FROM fast.origins WHERE pair = fast.number_of(?)", [pair_id])
    return systems_by_pair(session, [pair_id]).get(pair_id) if are_neutral(row[0] for row in found) else None


def are_neutral(methods: Iterable[str | None]) -> bool:
    """Whether none of a pair's origins, of which there are some, built a better side."""
    found = set(methods)
    return bool(found) and found <= set(NEUTRAL_METHODS)


def systems_by_pair(session: Session, neutral: Sequence[str]) -> dict[str, Systems]:
    """`systems_of` pairs of which it is known that no origin built a better side."""
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


def matchups(store: Store, f: PairFilter | None = None) -> dict[str, frozenset[tuple[str, str]]]:
    """Pair id → (system of the chosen side, system of the rejected side), of the pairs that pass `f` and that no origin built.

    Two conversations may meet several times: picks of several selectors, or answers that two systems share. Pairs whose systems are
    not both named, or are the same, are left out.
    """
    chosen = selection(f or PairFilter())
    sql = f"""{chosen.sql} SELECT pair_id, meta FROM lake.origin_rows WHERE pair_id IN (
          SELECT pair_id FROM chosen WHERE pair NOT IN (SELECT pair FROM fast.origins WHERE {BUILT})
        ) AND contains(meta, '"sides"') ORDER BY pair_id"""
    found: dict[str, set[tuple[str, str]]] = {}
    for pair_id, meta in store.indexed(lambda session: session.rows(sql, (*chosen.params, *NEUTRAL_METHODS))):
        stated = from_json(meta)
        meetings = stated.get("meetings")
        for meeting in (stated, *(meetings if isinstance(meetings, list) else ())):
            couple = _couple(meeting)
            if couple is not None:
                found.setdefault(pair_id, set()).add(couple)
    return {pair_id: frozenset(met) for pair_id, met in found.items()}


def _couple(meeting: object) -> tuple[str, str] | None:
    sides = meeting.get("sides") if isinstance(meeting, dict) else None
    if not isinstance(sides, dict):
        return None
    chosen, rejected = (sides.get(branch) for branch in BRANCHES)
    if not isinstance(chosen, str) or not isinstance(rejected, str) or not chosen or not rejected or chosen == rejected:
        return None
    return chosen, rejected
