"""The text of a few conversations, out of the files in which it lies.

DuckLake asks the catalog for the files of a table before each query, which takes more than half as long as reading two
conversations. A conversation's id is the hash of its text and its row never changes, so a file that was the lake's once may be read without
asking. What is not found there, or where a compaction has taken a file away, the lake is asked for.
"""

from collections.abc import Sequence

import duckdb

from music_core.store.connect import Store
from music_core.store.session import Session, marks
from music_core.types import Conversation, conversation

# More are read as quickly by way of the lake.
FEW = 20


def read_texts(session: Session, ids: Sequence[str], source: str = "lake.conversation_rows") -> dict[str, Conversation]:
    """The conversations with these ids (at most a thousand); those that `source` does not have are left out."""
    rows = session.rows(f"SELECT conversation_id, messages FROM {source} WHERE conversation_id IN ({marks(ids)})", ids)
    return {id_: conversation(messages) for id_, messages in rows}


def few_texts(store: Store, ids: Sequence[str]) -> dict[str, Conversation]:
    """The conversations with these ids (at most `FEW`); those that the store does not have are left out."""
    found = _out_of_files(store, ids)
    missing = [i for i in ids if i not in found]
    if missing:
        others, store.text_files = store.view(lambda session: (read_texts(session, missing), _files(session)))
        found |= others
    return found


def _out_of_files(store: Store, ids: Sequence[str]) -> dict[str, Conversation]:
    if not store.text_files or not ids:
        return {}
    files = ", ".join("'" + file.replace("'", "''") + "'" for file in store.text_files)
    try:
        return store.outside(lambda session: read_texts(session, ids, f"read_parquet([{files}])"))
    except duckdb.Error:  # gone, or damaged: the lake says what is wrong, if anything is
        return {}


def _files(session: Session) -> tuple[str, ...]:
    return tuple(row[0] for row in session.rows("SELECT data_file FROM ducklake_list_files('lake', 'conversation_rows')"))
