"""Saved views: a filter of the list of pairs under a name. Everybody sees them; who saved one can take it away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.session import Session
from music_core.store.text import from_json, now, to_json, utc

MOST_NAME_CHARS = 60
MOST_QUERY_CHARS = 8000
ViewQuery = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class SavedView:
    """A name of `person` for the list that `query`, the parameters of an address, shows."""

    person: str
    name: str
    query: ViewQuery
    created_at: datetime


def save_view(store: Store, person: str, name: str, query: ViewQuery, token: str) -> SavedView:
    """Give `query` a name; the same name of the same person again takes the place of the one before. Returns what is stored.

    `token` makes a double click one view. Raises `StoreError` for an unusable name, a missing person or a query that is too long.
    """
    if not name.strip() or name != " ".join(name.split()) or len(name) > MOST_NAME_CHARS or not name.isprintable():
        raise StoreError(f"'{name}' is no name for a view.", f"Take one line of at most {MOST_NAME_CHARS} characters.")
    if not person:
        raise StoreError("A view belongs to somebody.", "Say who you are first.")
    text = to_json({key: value if isinstance(value, str) else list(value) for key, value in query.items()})
    if len(text) > MOST_QUERY_CHARS:
        raise StoreError("This filter is too long to be kept under a name.", "Take some of its values off.")
    store.write("views", lambda session: _append(session, person, name, text, token))
    saved = next((v for v in list_views(store) if (v.person, v.name) == (person, name)), None)
    if saved is None:
        raise StoreError("The view was written but cannot be read back.", "Run music store check.")
    return saved


def delete_view(store: Store, person: str, name: str, token: str) -> bool:
    """Take a view away by one more event; whether there was one."""

    def take_away(session: Session) -> bool:
        sql = "SELECT count(*) FROM lake.saved_views WHERE person = ? AND name = ? AND query IS NOT NULL"
        found = bool(session.one(sql, [person, name]))
        if found:
            _append(session, person, name, None, token)
        return found

    return store.write("views", take_away)


def list_views(store: Store) -> list[SavedView]:
    """All views that are there, by name, then by person."""
    sql = "SELECT person, name, query, created_at FROM lake.saved_views WHERE query IS NOT NULL ORDER BY lower(name), name, person"
    return [SavedView(person, name, from_json(query), utc(created)) for person, name, query, created in store.read(sql)]


def _append(session: Session, person: str, name: str, query: str | None, token: str) -> None:
    known, seq = session.rows("SELECT count(*) FILTER (token = ?), coalesce(max(seq), 0) + 1 FROM lake.view_rows", [token])[0]
    if not known:
        row = {"token": token, "seq": seq, "person": person, "name": name, "query": query, "created_at": now()}
        session.insert("view_rows", [row])
