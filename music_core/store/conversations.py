"""Conversations by themselves: listed by page, and read back with every place where each stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from music_core.errors import StoreError
from music_core.store.browse import Facet, openings_of
from music_core.store.connect import Store
from music_core.store.conversation_filter import (
    MEASURED,
    NEEDS,
    ConversationFilter,
    asks_texts,
    order,
    order_back,
    selection,
    stands_before,
)
from music_core.store.filters import Selection
from music_core.store.index_tables import OF_TEXT, PLACES
from music_core.store.pairs import origins_of
from music_core.store.session import Row, Session, marks
from music_core.store.text import from_json, utc
from music_core.types import BRANCHES, NEUTRAL_METHODS, BranchName, Conversation, Origin, RewardTrace, Split, conversation

# A conversation may be a side of hundreds of pairs; so many are read with it.
MOST_PAIRS = 20


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A line of the Conversations page. `source` and `split` are those of the oldest place, `sources` all of them.

    `pairs` maps where it stands (`chosen`, `rejected`, `neutral`; see `STANDS`) to the pairs in which it does, oldest first,
    `rewards` a model id to its reward after the last turn. `n_chars` counts code points as stored, over all messages.
    """

    conversation_id: str
    opening: str
    n_messages: int
    n_turns: int
    n_chars: int
    created_at: datetime
    split: Split
    sources: tuple[str, ...]
    pairs: Mapping[str, tuple[str, ...]]
    rewards: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """One page of rows and the number of conversations that pass the filter on all pages."""

    rows: tuple[ConversationRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PairSide:
    """A pair that the conversation is a side of, with all origins of the pair (oldest first); `other_id` is the other side."""

    pair_id: str
    branch: BranchName
    other_id: str
    divergence: int
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation as it lies in the store. `sides` are its first pairs, oldest first; `n_pairs` counts all of them.

    `chats` are the places that it came from without a counterpart, `traces` the rewards by each model, one each.
    """

    conversation: Conversation
    split: Split
    n_pairs: int
    sides: tuple[PairSide, ...]
    chats: tuple[Origin, ...]
    traces: tuple[RewardTrace, ...]


def list_conversations(
    store: Store, f: ConversationFilter, *, sort: str = "created", descending: bool = True, limit: int = 30, offset: int = 0
) -> ConversationPage:
    """One page of the conversations that pass `f`. Raises `StoreError` for an unknown sort."""
    (chosen, measured), terms = _selection(store, f, sort), order(descending)
    columns = "conversation_key, created_at" + ", opening_of, opening, n_messages, n_turns, n_chars" * measured
    page = f"SELECT place, sort_key FROM chosen ORDER BY {terms} LIMIT ? OFFSET ?"
    sql = (
        f"{chosen.sql} SELECT n, {columns} FROM (SELECT count(*) AS n FROM passing) LEFT JOIN ({page}) ON true "
        f"LEFT JOIN fast.{'measured' if measured else 'conversations'} c ON c.rowid = place ORDER BY {terms}"
    )

    def query(session: Session) -> ConversationPage:
        found = session.rows(sql, [*chosen.params, limit, offset])
        return ConversationPage(_complete(session, f, [row[1:] for row in found if row[1] is not None]), int(found[0][0]))

    with store.wide(bool(f.text) or store.is_large):
        return store.indexed(query, chosen.needs)


def _selection(store: Store, f: ConversationFilter, sort: str) -> tuple[Selection, bool]:
    """The conversations that pass, and whether they are those of `fast.measured`."""
    measured = asks_texts(f, sort) or _is_measured(store)
    return selection(f, sort, measured=measured), measured


def _is_measured(store: Store) -> bool:
    """Whether to have all texts read for the index. In a large store that is waited for only where a list depends on it."""
    store.seen(lambda _: None)  # which tells how large it is
    return not store.is_large or store.holds(MEASURED)


def conversation_place(
    store: Store, id_: str, f: ConversationFilter, *, sort: str = "created", descending: bool = True
) -> tuple[int | None, int, str | None, str | None]:
    """Where a conversation stands in the list: position (from 1), number of all, the id before it and the id after it.

    One that `f` leaves out has no position and nothing before it; the first of the list comes after it.
    """
    (chosen, _), terms, before = _selection(store, f, sort), order(descending), stands_before(descending)
    sql = f"""{chosen.sql}, ranked AS MATERIALIZED (SELECT conversation_key, sort_key FROM chosen),
        here AS (SELECT sort_key AS key, conversation_key AS own FROM ranked WHERE conversation_key = fast.key_of('c', ?))
        SELECT (SELECT count(*) FROM here), (SELECT count(*) FROM ranked, here WHERE {before}), (SELECT count(*) FROM ranked),
          (SELECT conversation_key FROM ranked, here WHERE {before} ORDER BY {order_back(descending)} LIMIT 1),
          (SELECT conversation_key FROM ranked, here WHERE NOT ({before}) AND conversation_key <> own ORDER BY {terms} LIMIT 1),
          (SELECT conversation_key FROM ranked ORDER BY {terms} LIMIT 1)"""

    def query(session: Session) -> tuple[int | None, int, str | None, str | None]:
        is_in, n_before, total, *keys = session.rows(sql, [*chosen.params, id_])[0]
        previous, following, first = (_id(session, key) for key in keys)
        return (n_before + 1, total, previous, following) if is_in else (None, total, None, first)

    with store.wide(bool(f.text) or store.is_large):
        return store.indexed(query, chosen.needs)


def _id(session: Session, key: UUID | None) -> str | None:
    """The id of a conversation of which this is the key."""
    sql = f"SELECT conversation_id FROM ({PLACES}) WHERE conversation_key = ? LIMIT 1"
    return None if key is None else str(session.one(sql, [key]))


def _complete(session: Session, f: ConversationFilter, heads: Sequence[tuple[Any, ...]]) -> tuple[ConversationRow, ...]:
    """The rows of a page with what lies in other tables, looked up for these conversations only."""
    keys = [row[0] for row in heads]
    if not keys:
        return ()
    here = f"SELECT * FROM ({PLACES}) WHERE conversation_key IN ({marks(keys)})"
    # One row for every origin of every pair, or for every chat.
    sql = f"""SELECT h.conversation_key, h.conversation_id, h.pair_id, h.branch, h.split, coalesce(h.source, o.source), o.method
        FROM ({here}) h LEFT JOIN fast.origins o USING (pair) ORDER BY h.created_at, h.pair_id, o.created_at, o.origin"""
    places: dict[UUID, list[tuple[Any, ...]]] = {key: [] for key in keys}
    for key, *place in session.rows(sql, keys):
        places[key].append(tuple(place))
    sql = f"""SELECT h.conversation_key, t.model_id, min_by(t.reward, h.pair) FROM ({here}) h
        JOIN fast.rewards t ON t.pair = h.pair AND t.branch = h.branch GROUP BY ALL"""
    rewards: dict[UUID, dict[str, float]] = {}
    for key, model_id, reward in session.rows(sql, keys):
        rewards.setdefault(key, {})[model_id] = reward
    ids = {key: places[key][0][0] for key in keys}
    texts = _of_index(session, heads) if len(heads[0]) > 2 else _of_lake(session, ids)
    return tuple(_row(ids[key], (created_at, *texts[key]), places[key], f, rewards.get(key, {})) for key, created_at, *_ in heads)


def _of_index(session: Session, heads: Sequence[Row]) -> dict[UUID, Row]:
    """What the texts say (messages, turns, characters, opening) by key, of rows of `fast.measured`."""
    openings = openings_of(session, [pair for _, _, pair, *_ in heads if pair is not None])
    return {key: (*counts, openings[pair] if opening is None else opening) for key, _, pair, opening, *counts in heads}


def _of_lake(session: Session, ids: Mapping[UUID, str]) -> dict[UUID, Row]:
    """The same out of the texts, of conversations by their keys and ids."""
    sql = f"SELECT conversation_id, {OF_TEXT} FROM lake.conversation_rows WHERE conversation_id IN ({marks(ids)})"
    found = {id_: tuple(said) for id_, *said in session.rows(sql, list(ids.values()))}
    return {key: found[id_] for key, id_ in ids.items()}


def _row(id_: str, head: Sequence[Any], places: Sequence[Row], f: ConversationFilter, rewards: Mapping[str, float]) -> ConversationRow:
    created_at, n_messages, n_turns, n_chars, opening = head
    sources = dict.fromkeys(source for *_, source, _ in places if source)
    built = {pair_id for _, pair_id, *_, method in places if method not in NEUTRAL_METHODS}
    pairs: dict[str, dict[str, None]] = {}
    for _, pair_id, branch, *_ in places:
        if pair_id is not None:
            pairs.setdefault(branch if pair_id in built else "neutral", {})[pair_id] = None
    return ConversationRow(
        conversation_id=id_,
        opening=opening,
        n_messages=n_messages,
        n_turns=n_turns,
        n_chars=n_chars,
        created_at=utc(created_at),
        split=places[0][3],
        # Those that were asked for come first.
        sources=tuple(sorted(sources, key=lambda source: source not in f.sources)),
        pairs={stand: tuple(found) for stand, found in pairs.items()},
        rewards=rewards,
    )


_FACETS: Mapping[str, str] = {
    "source": f"""SELECT source, count(DISTINCT conversation_key) FROM (
        SELECT conversation_key, coalesce(h.source, o.source) AS source FROM ({PLACES}) h LEFT JOIN fast.origins o USING (pair)
    ) GROUP BY 1""",
    "split": f"SELECT split, count(DISTINCT conversation_key) FROM ({PLACES}) GROUP BY 1",
    "model": "SELECT model_id, count(*) FROM fast.rewards GROUP BY 1",
    "all": "SELECT 'all', count(*) FROM fast.{table}",
}


def conversation_facets(store: Store) -> dict[str, list[Facet]]:
    """Values of source and split with their number of conversations, model ids with that of their traces, most first.

    `all` has one value, the number of all conversations.
    """
    table, needs = ("measured", MEASURED) if _is_measured(store) else ("conversations", NEEDS)

    def values(session: Session, sql: str) -> list[Facet]:
        found = session.rows(f"SELECT * FROM ({sql.format(table=table)}) t(value, n) WHERE value IS NOT NULL ORDER BY n DESC, value")
        return [Facet(*row) for row in found]

    return store.indexed(lambda session: {name: values(session, sql) for name, sql in _FACETS.items()}, needs)


def get_conversation(store: Store, conversation_id: str) -> StoredConversation:
    """One conversation with where it stands and its rewards. Raises `StoreError` for an unknown id."""
    found = store.indexed(lambda session: _read(session, conversation_id), ("chats",))
    if found is None:
        raise StoreError(f"There is no conversation {conversation_id} in this store.", "Choose one from the list of conversations.")
    return found


def _read(session: Session, id_: str) -> StoredConversation | None:
    text = session.rows("SELECT messages FROM lake.conversation_rows WHERE conversation_id = ? LIMIT 1", [id_])
    sql = (
        "SELECT pair_id, chosen_id, rejected_id, split, divergence FROM fast.pairs "
        "WHERE fast.key_of('c', ?) IN (chosen_key, rejected_key) ORDER BY created_at, pair_id"
    )
    heads = session.rows(sql, [id_])
    chats: list[tuple[Any, ...]] = []
    # The index tells at no cost that there is none, which is the rule.
    if session.one("SELECT 1 FROM fast.chats WHERE conversation_id = ? LIMIT 1", [id_]):
        sql = "SELECT source, locator, meta, split FROM lake.seed_rows WHERE conversation_id = ? ORDER BY created_at, origin_id"
        chats = session.rows(sql, [id_])
    if not text or not (heads or chats):
        return None
    shown = heads[:MOST_PAIRS]
    ids = [row[0] for row in shown]
    origins = origins_of(session, ids) if ids else {}
    sides = [
        PairSide(pair_id, branch, other, divergence, tuple(origins.get(pair_id, ())))
        for pair_id, chosen, rejected, _, divergence in shown
        for branch, own, other in zip(BRANCHES, (chosen, rejected), (rejected, chosen), strict=True)
        if own == id_
    ]
    return StoredConversation(
        conversation=conversation(text[0][0]),
        split=heads[0][3] if heads else chats[0][3],
        n_pairs=len(heads),
        sides=tuple(sides),
        chats=tuple(Origin(source, locator, meta=from_json(meta)) for source, locator, meta, _ in chats),
        traces=_traces(session, id_),
    )


def _traces(session: Session, id_: str) -> tuple[RewardTrace, ...]:
    """One trace by each model that has scored the conversation, in whichever pair; none without a reward."""
    sql = """SELECT min(p.pair_id), min_by(t.branch, p.pair_id), t.model_id FROM fast.rewards t JOIN fast.pairs p USING (pair)
        WHERE (t.branch = 'chosen' AND p.chosen_key = fast.key_of('c', ?))
          OR (t.branch = 'rejected' AND p.rejected_key = fast.key_of('c', ?)) GROUP BY t.model_id"""
    wanted = session.rows(sql, [id_, id_])
    if not wanted:
        return ()
    pairs = list({row[0] for row in wanted})
    # Files are sorted by pair, so the pairs say where to look.
    sql = f"""SELECT pair_id, branch, model_id, rewards, one_pass FROM lake.trace_rows
        WHERE pair_id IN ({marks(pairs)}) AND (pair_id, branch, model_id) IN ({", ".join(["(?, ?, ?)"] * len(wanted))})
        QUALIFY row_number() OVER (PARTITION BY trace_id ORDER BY created_at) = 1 ORDER BY model_id"""
    found = session.rows(sql, [*pairs, *(value for row in wanted for value in row)])
    return tuple(RewardTrace(p, b, m, tuple(rewards), one_pass) for p, b, m, rewards, one_pass in found)
