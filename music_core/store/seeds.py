"""Conversations without a counterpart: stored once by content, read back as seeds."""

from collections.abc import Iterator, Sequence
from typing import Any

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.pairs import BATCH, LOAD_BATCH, AddCount
from music_core.store.session import Session, marks
from music_core.store.text import now, to_json
from music_core.store.texts import read_texts
from music_core.types import Conversation, Seed, SourcedChat, content_id


def add_chats(store: Store, items: Sequence[SourcedChat]) -> AddCount:
    """Store `items`; a chat is known by its content, its origin by (chat, source, locator), so sending them twice changes nothing.

    Raises `StoreError` for a meta value that JSON cannot hold.
    """
    new = 0
    for i in range(0, len(items), BATCH):
        rows = [_rows(item) for item in items[i : i + BATCH]]
        # The lock of the pairs, since both write conversations.
        new += store.write("pairs", lambda session, rows=rows: _insert(session, rows))  # type: ignore[misc]
    return AddCount(new, len(items) - new)


def _rows(item: SourcedChat) -> tuple[dict[str, Any], dict[str, Any]]:
    id_, seed, origin = item.chat.id, Seed(item.chat), item.origin
    try:
        meta = to_json(dict(origin.meta))
    except (TypeError, ValueError) as e:
        raise StoreError(f"The origin {origin.source} {origin.locator} holds a value that is not JSON: {e}.") from e
    row = {
        "origin_id": content_id("o", [id_, origin.source, origin.locator]),
        "seed_id": seed.id,
        "split": seed.split,
        "conversation_id": id_,
        "source": origin.source,
        "locator": origin.locator,
        "meta": meta,
        "created_at": now(),
    }
    return {"conversation_id": id_, "messages": item.chat.as_dicts()}, row


def _insert(session: Session, rows: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> int:
    ids = {chat["conversation_id"] for chat, _ in rows}
    new = ids - session.known("seed_rows", "conversation_id", sorted(ids))
    session.insert_new("conversation_rows", "conversation_id", [chat for chat, _ in rows])
    session.insert_new("seed_rows", "origin_id", [row for _, row in rows])
    return len(new)


def iter_chat_seeds(store: Store, sources: Sequence[str] = (), splits: Sequence[str] = ()) -> Iterator[Seed]:
    """One seed per distinct seed id among the chats of these sources and splits (empty: all), by seed id.

    A seed is any system message and the first user message, as with `pairs.iter_seeds`.
    """
    conditions = [(f"{column} IN ({marks(values)})", values) for column, values in (("source", sources), ("split", splits)) if values]
    where = f" WHERE {' AND '.join(sql for sql, _ in conditions)}" if conditions else ""
    sql = f"SELECT min(conversation_id) FROM lake.seed_rows{where} GROUP BY seed_id ORDER BY seed_id"
    ids = [row[0] for row in store.read(sql, [value for _, values in conditions for value in values])]
    for i in range(0, len(ids), LOAD_BATCH):
        part = ids[i : i + LOAD_BATCH]
        found = store.view(lambda session, part=part: read_texts(session, part))  # type: ignore[misc]
        yield from (_opening(found[id_]) for id_ in part)


def _opening(chat: Conversation) -> Seed:
    end = next((k + 1 for k, m in enumerate(chat.messages) if m.role == "user"), len(chat.messages))
    return Seed(Conversation(chat.messages[:end]))
