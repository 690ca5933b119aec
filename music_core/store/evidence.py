"""What is known of one pair beside its text, in short: what the Label page hides until the decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from music_core.store.connect import Store
from music_core.store.readings import VERDICT_COLUMNS
from music_core.store.session import Session
from music_core.store.sides import Systems, systems_of_pair
from music_core.types import Verdict


@dataclass(frozen=True, slots=True)
class Evidence:
    """The present verdicts by judge, and the margin of each model (by id) that scored both sides, after the last turn.

    `systems` are the names of both sides' systems; None where one side was built to be better.
    """

    verdicts: tuple[Verdict, ...] = ()
    margins: Mapping[str, float] = field(default_factory=dict)
    systems: Systems | None = None


def evidence_of(store: Store, pair_id: str) -> Evidence:
    """Out of the index, as new as this process last saw the lake. Only names of systems, where nobody built the pair, lie in the lake."""

    def query(session: Session) -> Evidence:
        margins = session.rows("SELECT model_id, margin FROM fast.margins WHERE pair = fast.number_of(?) ORDER BY model_id", [pair_id])
        return Evidence(_verdicts(session, pair_id), dict(margins), systems_of_pair(session, pair_id))

    return store.seen(query)


def verdicts_on(store: Store, pair_id: str) -> tuple[tuple[Verdict, ...], bool]:
    """The present verdicts, by judge, and whether anybody has ever labelled the pair, out of the index at the newest snapshot."""

    def query(session: Session) -> tuple[tuple[Verdict, ...], bool]:
        labelled = session.one("SELECT count(*) FROM fast.events WHERE pair_id = ?", [pair_id])
        return _verdicts(session, pair_id), bool(labelled)

    return store.indexed(query)


def _verdicts(session: Session, pair_id: str) -> tuple[Verdict, ...]:
    sql = f"SELECT {VERDICT_COLUMNS} FROM (SELECT ? AS pair_id, * FROM fast.verdicts WHERE pair = fast.number_of(?)) ORDER BY judge"
    rows = session.rows(sql, [pair_id, pair_id])
    return tuple(Verdict(*row) for row in rows)
