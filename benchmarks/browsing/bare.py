"""The floors on the server's side: for each thing measured the shortest SQL that gives the rows, in a DuckDB of its own.

No index in memory, no count of all pages, no lock row, no turn among writers, no values of our own types: the lake's
tables and the driver, nothing else.
"""

from pathlib import Path
from typing import Any

from music_core.store.attach import address, connect

_LIST = """
SELECT p.pair_id, p.opening, p.n_turns, p.divergence, p.created_at FROM lake.pair_rows p
WHERE p.split = ? AND p.pair_id IN (SELECT pair_id FROM lake.origin_rows WHERE source = ?)
ORDER BY p.chars_chosen + p.chars_rejected DESC LIMIT 30"""
_SEARCH = """
WITH hits AS MATERIALIZED (
  SELECT conversation_id FROM lake.conversation_rows WHERE len(list_filter(messages, lambda m: contains(m.content, ?))) > 0
)
SELECT pair_id FROM lake.pair_rows WHERE chosen_id IN (FROM hits) OR rejected_id IN (FROM hits)
ORDER BY created_at DESC, pair_id LIMIT 30"""
_MATRIX = """
WITH votes AS MATERIALIZED (
  SELECT pair_id, 'construction' AS rater, 1 AS value FROM lake.origin_rows WHERE method IS NULL OR method <> 'votes'
  UNION ALL SELECT pair_id, judge, CASE value WHEN 'chosen' THEN 1 WHEN 'rejected' THEN -1 ELSE 0 END FROM lake.verdict_rows
  UNION ALL SELECT pair_id, model_id, sign(sum(CASE branch WHEN 'chosen' THEN last_reward ELSE -last_reward END))
            FROM lake.trace_rows GROUP BY pair_id, model_id
  UNION ALL SELECT pair_id, person, CASE WHEN choice IN ('tie', 'both_bad') THEN 0 WHEN (choice = 'left') = (left_branch = 'chosen') THEN 1
            ELSE -1 END FROM lake.label_rows WHERE choice <> 'skip'
)
SELECT a.rater, b.rater, count(*), avg(CAST(a.value = b.value AS INTEGER)) FROM votes a JOIN votes b USING (pair_id)
WHERE a.rater < b.rater GROUP BY ALL"""


class Bare:
    """A connection to the lake in `home`, without the store."""

    def __init__(self, home: Path) -> None:
        self._connection = connect(address(home, None, None))

    def rows(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """All rows."""
        return self._connection.execute(sql, params).fetchall()

    def list(self, split: str, source: str) -> object:
        """Thirty narrow rows by two conditions and a sorting."""
        return self.rows(_LIST, split, source)

    def pair(self, pair_id: str) -> object:
        """The messages of both sides, where from, and everything said about the pair: one query for each table."""
        sides = self.rows("SELECT chosen_id, rejected_id FROM lake.pair_rows WHERE pair_id = ?", pair_id)[0]
        found = [self.rows("SELECT messages FROM lake.conversation_rows WHERE conversation_id IN (?, ?)", *sides)]
        tables = ("origin_rows", "trace_rows", "reading_rows", "verdict_rows", "label_rows")
        return found + [self.rows(f"SELECT * FROM lake.{table} WHERE pair_id = ?", pair_id) for table in tables]  # noqa: S608

    def save(self, token: str) -> object:
        """A row into a table of one column, committed, and read back."""
        self.rows("INSERT INTO lake.bare_labels VALUES (?)", token)
        return self.rows("SELECT token FROM lake.bare_labels WHERE token = ?", token)

    def prepare_save(self) -> None:
        """Make the table that `save` writes to."""
        self.rows("CREATE TABLE IF NOT EXISTS lake.bare_labels (token VARCHAR)")

    def search(self, text: str) -> object:
        """The newest thirty pairs with the text, letter by letter as it is written."""
        return self.rows(_SEARCH, text)

    def matrix(self) -> object:
        """Agreement of every two raters without κ, α, groups and intervals."""
        return self.rows(_MATRIX)

    def close(self) -> None:
        """Let go of the lake."""
        self._connection.close()
