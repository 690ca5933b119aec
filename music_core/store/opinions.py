"""Where people disagree with each other, and with themselves."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from music_core.store.connect import Store
from music_core.store.filters import DECIDED, PairFilter, selection
from music_core.store.label_rows import LABEL_COLUMNS as _LABEL
from music_core.store.label_rows import stored_label
from music_core.store.session import IdTable, Session, id_table, marks
from music_core.types import Repeated, StoredLabel, VerdictValue

_VALUE = "CASE WHEN choice IN ('tie', 'both_bad') THEN 0 WHEN (choice = 'left') = (left_branch = 'chosen') THEN 1 ELSE -1 END"
_SIGN: dict[VerdictValue | None, int] = {"chosen": 1, "tie": 0, "rejected": -1}


@dataclass(frozen=True, slots=True)
class OwnRound:
    """What one person did with the pairs of a queue: those decided, in order, and those that came back."""

    decided: tuple[str, ...]
    repeated: frozenset[str]


def disagreements(store: Store, f: PairFilter | None = None) -> dict[str, bool]:
    """Pairs that pass `f` on which two people's current labels differ by branch, by id; whether each has been adjudicated.

    A tie and both bad are the same here, as in every rate. An adjudication adds no disagreement.
    """
    chosen = selection(f or PairFilter())
    final = "kind IS NOT DISTINCT FROM 'adjudication'"
    sql = (
        f"{chosen.sql} SELECT pair_id, bool_or({final}) FROM fast.labels WHERE {DECIDED} AND pair IN (SELECT pair FROM chosen) "
        f"GROUP BY pair_id HAVING count(DISTINCT {_VALUE}) FILTER (NOT {final}) > 1 ORDER BY pair_id"
    )
    return dict(store.indexed(lambda session: session.rows(sql, chosen.params)))


def own_round(store: Store, person: str, ids: Iterable[str] | IdTable) -> OwnRound:
    """The person's decisions on these pairs in the order of their labels, skips left out, and the repeats given so far.

    `ids` may be an `id_table`.
    """
    where = "person = ? AND pair_id IN (SELECT id FROM wanted) ORDER BY seq"
    wanted = id_table(ids)

    def query(session: Session) -> OwnRound:
        decided = session.rows(f"SELECT pair_id FROM fast.labels WHERE {DECIDED} AND {where}", [person], wanted)
        repeated = session.rows(f"SELECT pair_id FROM fast.repeats WHERE choice IS NOT NULL AND {where}", [person], wanted)
        return OwnRound(tuple(row[0] for row in decided), frozenset(row[0] for row in repeated))

    return store.indexed(query)


def repeats_given(store: Store, f: PairFilter | None = None, person: str | None = None) -> list[Repeated]:
    """Every pair that a person decided twice, of those that pass `f`, by person and pair.

    The first decision is the label that was current when the pair came back, whatever became of it since. Skipped repeats and
    those taken back are left out.
    """
    chosen = selection(f or PairFilter())
    by, params = (" AND person = ?", (person,)) if person is not None else ("", ())
    sql = (
        f"{chosen.sql} SELECT c.seed_id, {', '.join(f'r.{name}' for name in _LABEL.split(', '))} FROM lake.current_repeats r "
        f"JOIN chosen c USING (pair_id) WHERE {DECIDED}{by} ORDER BY person, pair_id"
    )
    again = [(row[0], stored_label(row[1:])) for row in store.indexed(lambda session: session.rows(sql, (*chosen.params, *params)))]
    firsts = _by_id(store, {str(label.event.shown.get("repeats")) for _, label in again})
    found = []
    for seed_id, label in again:
        first, now = firsts.get(str(label.event.shown.get("repeats"))), label.event
        if first is not None and first.event.value is not None and now.value is not None:
            exchanged = first.event.left_branch != now.left_branch
            found.append(Repeated(now.person, now.pair_id, seed_id, _SIGN[first.event.value], _SIGN[now.value], exchanged))
    return found


def _by_id(store: Store, ids: Collection[str]) -> dict[str, StoredLabel]:
    if not ids:
        return {}
    wanted = sorted(ids)
    rows = store.read(f"SELECT {_LABEL} FROM lake.label_rows WHERE label_id IN ({marks(wanted)})", wanted)
    return {label.id: label for label in map(stored_label, rows)}
