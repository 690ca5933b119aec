"""More of the same pairs: a store of a million in minutes, where writing each pair one by one takes an hour.

A copy has ids of its own, also those of its seed and conversations, and everything that was said about the pair. Its text is that of
the pair, so its ids are no hashes of it: a copy is for being listed, searched, compared and labelled, not for being exported, and
`music store check` names it. Ids decide where rows lie, so copies are read like as many different pairs; equal texts may compress
better.
"""

from music_core.store.connect import Store
from music_core.store.session import Session

# Tables and the ids in them that a copy has its own of.
_IDS = {
    "pair_rows": ("pair_id", "seed_id", "chosen_id", "rejected_id"),
    "origin_rows": ("origin_id", "pair_id"),
    "verdict_rows": ("pair_id",),
    "reading_rows": ("reading_id", "pair_id"),
    "trace_rows": ("trace_id", "pair_id"),
    "conversation_rows": ("conversation_id",),
}
_PAIRS = """
CREATE OR REPLACE TEMP TABLE copies AS
SELECT pair_id, chosen_id, rejected_id, k
FROM (SELECT *, row_number() OVER (ORDER BY pair_id) AS nth FROM lake.pair_rows), range(1, {most}) r(k)
WHERE k * {n_originals} + nth <= {n_pairs}"""
_SIDES = """
CREATE OR REPLACE TEMP TABLE sides AS
SELECT DISTINCT unnest([chosen_id, rejected_id]) AS conversation_id, k FROM copies"""
_COPY = "INSERT INTO lake.{table} SELECT t.* REPLACE ({own}) FROM lake.{table} t JOIN {wanted} w ON t.{key} = w.{key}"


def add_copies(store: Store, n_originals: int, n_pairs: int) -> None:
    """Bring a store that holds `n_originals` pairs and nothing else to `n_pairs`."""

    def copy(session: Session) -> None:
        session.rows(_PAIRS.format(most=-(-n_pairs // n_originals), n_originals=n_originals, n_pairs=n_pairs))
        session.rows(_SIDES)
        for table, columns in _IDS.items():
            wanted, key = ("sides", "conversation_id") if table == "conversation_rows" else ("copies", "pair_id")
            own = ", ".join(f"left(t.{c}, 2) || md5(t.{c} || '-' || w.k) AS {c}" for c in columns)
            session.rows(_COPY.format(table=table, own=own, wanted=wanted, key=key))

    with store.wide():
        store.write("pairs", copy)
