"""Contrast pairs: stored once by content, listed by page, read back whole."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from music_core.errors import NotThereError, StoreError
from music_core.store.browse import Facet as Facet
from music_core.store.browse import PairPage as PairPage
from music_core.store.browse import PairRow as PairRow
from music_core.store.browse import facets as facets
from music_core.store.browse import list_pairs as list_pairs
from music_core.store.browse import simulators as simulators
from music_core.store.connect import Store
from music_core.store.filters import PairFilter as PairFilter
from music_core.store.filters import Selection, order, selection
from music_core.store.id_list import IdList as IdList
from music_core.store.id_list import read_ids
from music_core.store.session import Row, Session, marks
from music_core.store.text import from_json, now, to_json
from music_core.store.texts import FEW, few_texts, read_texts
from music_core.types import Contrast, ContrastPair, Conversation, Origin, Seed, SourcedPair, Split, TurnRecord, content_id

OPENING_CHARS = 200
# A commit costs about 12 ms, so pairs go in batches; but a long transaction loses against short ones of other
# processes again and again, so the batches stay small.
BATCH = 500
LOAD_BATCH = 500


@dataclass(frozen=True, slots=True)
class AddCount:
    """How many of the given pairs were new, and how many the store had (or the list held) already."""

    new: int
    known: int


@dataclass(frozen=True, slots=True)
class StoredPair:
    """A pair as it lies in the store, with every place it came from (oldest first)."""

    pair: ContrastPair
    origins: tuple[Origin, ...]
    split: Split

    @property
    def id(self) -> str:
        """Content id of the pair."""
        return self.pair.id

    @property
    def seed_id(self) -> str:
        """Content id of the pair's seed."""
        return self.pair.seed.id


def add_pairs(store: Store, items: Sequence[SourcedPair]) -> AddCount:
    """Store `items`; a pair is known by its content, an origin by (pair, source, locator), so sending them twice changes nothing.

    Text comes back exactly as it was in the first copy of a pair that arrived. Raises `StoreError` for a meta value
    that JSON cannot hold; of the batch that holds it (500 pairs), nothing is stored.
    """
    # A generator: while the next rows are made ready, writers of other processes get their turn.
    batches = (_Batch.of(items[i : i + BATCH]) for i in range(0, len(items), BATCH))
    new = sum(store.write("pairs", batch.insert) for batch in batches)
    return AddCount(new, len(items) - new)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows made ready outside of the transaction, so that this stays short."""

    pairs: list[dict[str, Any]]
    conversations: list[dict[str, Any]]
    origins: list[dict[str, Any]]

    @classmethod
    def of(cls, items: Sequence[SourcedPair]) -> "_Batch":
        created = now()
        batch = cls([], [], [])
        for item in items:
            row = _pair_row(item.pair)
            batch.pairs.append({**row, "created_at": created})
            for side, id_ in ((item.pair.chosen, row["chosen_id"]), (item.pair.rejected, row["rejected_id"])):
                batch.conversations.append({"conversation_id": id_, "messages": side.as_dicts()})
            batch.origins.append({**_origin_row(row["pair_id"], item.origin), "created_at": created})
        return batch

    def insert(self, session: Session) -> int:
        new = session.insert_new("pair_rows", "pair_id", self.pairs)
        if new:
            session.insert_new("conversation_rows", "conversation_id", self.conversations)
        session.insert_new("origin_rows", "origin_id", self.origins)
        return len(new)


def _pair_row(pair: ContrastPair) -> dict[str, Any]:
    seed, chosen_id, rejected_id = pair.seed, pair.chosen.id, pair.rejected.id
    opening = next((m.content for m in pair.chosen.messages if m.role == "user"), "")
    return {
        "pair_id": content_id("p", [chosen_id, rejected_id]),
        "seed_id": seed.id,
        "split": seed.split,
        "chosen_id": chosen_id,
        "rejected_id": rejected_id,
        "n_turns": pair.n_turns,
        "divergence": pair.divergence,
        "opening": opening[:OPENING_CHARS],
        "chars_chosen": pair.chosen.n_chars,
        "chars_rejected": pair.rejected.n_chars,
    }


def _origin_row(pair_id: str, origin: Origin) -> dict[str, Any]:
    try:
        return {
            "origin_id": content_id("o", [pair_id, origin.source, origin.locator]),
            "pair_id": pair_id,
            "source": origin.source,
            "locator": origin.locator,
            "run_id": origin.run_id,
            "method": origin.method,
            "schedule": origin.schedule,
            "contrasts": to_json([[c.turn, c.instruction] for c in origin.contrasts]),
            "turns": to_json([dataclasses.asdict(t) for t in origin.turns]),
            "meta": to_json(dict(origin.meta)),
        }
    except (TypeError, ValueError) as e:
        raise StoreError(f"The origin {origin.source} {origin.locator} holds a value that is not JSON: {e}.") from e


def origin_of(row: Mapping[str, Any]) -> Origin:
    """The origin in a row of `origin_rows`."""
    return Origin(
        source=row["source"],
        locator=row["locator"],
        run_id=row["run_id"],
        method=row["method"],
        schedule=row["schedule"],
        contrasts=tuple(Contrast(turn, text) for turn, text in from_json(row["contrasts"])),
        turns=tuple(TurnRecord(**record) for record in from_json(row["turns"])),
        meta=from_json(row["meta"]),
    )


def get_pair(store: Store, pair_id: str) -> StoredPair:
    """The pair with this id. Raises `StoreError` when there is none."""
    return get_pairs(store, [pair_id])[0]


def get_pairs(store: Store, ids: Sequence[str]) -> list[StoredPair]:
    """The pairs with these ids, in this order. Raises `StoreError` naming the first id that is not there."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, StoredPair] = {}
    for i in range(0, len(wanted), LOAD_BATCH):
        part = wanted[i : i + LOAD_BATCH]
        found |= _load_known(store, part)
    missing = next((i for i in wanted if i not in found), None)
    if missing is not None:
        raise NotThereError(f"There is no pair {missing} in this store.")
    return [found[i] for i in ids]


def get_text(store: Store, pair_id: str) -> ContrastPair:
    """The pair with this id, without asking where it came from. Raises `StoreError` when there is none."""
    heads = store.glance(lambda session: _heads(session, [pair_id], "fast.pairs"))
    heads = heads or store.view(lambda session: _heads(session, [pair_id], "lake.pair_rows"))
    if not heads:
        raise NotThereError(f"There is no pair {pair_id} in this store.")
    _, chosen, rejected, _ = heads[0]
    texts = few_texts(store, [chosen, rejected])
    if not {chosen, rejected} <= texts.keys():
        raise StoreError(f"The text of {pair_id} is not in this store.", "Run music store check: it names what is damaged.")
    return ContrastPair(texts[chosen], texts[rejected])


def _load_known(store: Store, ids: Sequence[str]) -> dict[str, StoredPair]:
    heads = store.glance(lambda session: _heads(session, ids, "fast.pairs")) or ()
    sides = _sides(heads)
    known = few_texts(store, sides) if len(sides) <= FEW else {}
    return store.view(lambda session: load(session, ids, heads=heads, known=known))


def known_pairs(store: Store, ids: Iterable[str]) -> set[str]:
    """Those of `ids` that are pairs of this store: out of the index as it stands, since a pair never goes away, else out of the lake."""
    asked = list(dict.fromkeys(ids))
    found = store.glance(lambda session: _indexed(session, asked)) or set()
    wanted = [i for i in asked if i not in found]
    for i in range(0, len(wanted), LOAD_BATCH):
        part = wanted[i : i + LOAD_BATCH]
        found |= store.view(lambda session, part=part: session.known("pair_rows", "pair_id", part))  # type: ignore[misc]
    return found


def _indexed(session: Session, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that the index has."""
    if len(ids) == 1:
        return {head[0] for head in _heads(session, ids, "fast.pairs")}
    return session.known("pairs", "pair_id", ids, "fast")


def load(
    session: Session,
    ids: Sequence[str],
    snapshot_id: int | None = None,
    *,
    heads: Sequence[Row] = (),
    known: Mapping[str, Conversation] | None = None,
) -> dict[str, StoredPair]:
    """Pairs by id, as of a snapshot (None: now). Ids that are not there are left out.

    Reads the tables rather than the views: time travel does not reach into views. `heads` are rows of `_heads` and `known`
    conversations that were read already.
    """
    at = "" if snapshot_id is None else f" AT (VERSION => {int(snapshot_id)})"
    if not ids:
        return {}
    seen = {row[0] for row in heads}
    if missing := [i for i in ids if i not in seen]:
        heads = [*heads, *_heads(session, missing, f"lake.pair_rows{at}")]
    texts = dict(known or {})
    if sides := [side for side in _sides(heads) if side not in texts]:
        texts |= read_texts(session, sides, f"lake.conversation_rows{at}")
    origins = origins_of(session, ids, at)
    return {
        pair_id: StoredPair(ContrastPair(texts[chosen], texts[rejected]), tuple(origins.get(pair_id, ())), split)
        for pair_id, chosen, rejected, split in heads
    }


def _sides(heads: Sequence[Row]) -> list[str]:
    """Ids of the conversations of these rows of `_heads`."""
    return sorted({side for row in heads for side in row[1:3]})


def _heads(session: Session, ids: Sequence[str], table: str) -> list[Row]:
    """(pair id, ids of both sides, split) of these pairs: nothing of a pair that ever changes."""
    head = f"SELECT pair_id, chosen_id, rejected_id, split FROM {table}"
    if table == "fast.pairs" and len(ids) == 1:  # by its number in a third of the time that its id takes among a million
        return session.rows(f"{head} WHERE pair = fast.number_of(?) AND pair_id = ?", [*ids, *ids])
    return session.rows(f"{head} WHERE pair_id IN ({marks(ids)})", ids)


_ORIGIN_COLUMNS = ("pair_id", "source", "locator", "run_id", "method", "schedule", "contrasts", "turns", "meta")


def origins_of(session: Session, ids: Sequence[str], at: str = "") -> dict[str, list[Origin]]:
    """The origins of these pairs by pair id, oldest first; `at` is as in `load`."""
    sql = f"SELECT {', '.join(_ORIGIN_COLUMNS)} FROM lake.origin_rows{at} WHERE pair_id IN ({marks(ids)}) ORDER BY created_at, origin_id"
    found: dict[str, list[Origin]] = {}
    for row in session.rows(sql, ids):
        found.setdefault(row[0], []).append(origin_of(dict(zip(_ORIGIN_COLUMNS, row, strict=True))))
    return found


def pair_ids(store: Store, f: PairFilter, *, sort: str = "created", descending: bool = True) -> list[str]:
    """Ids of all pairs that pass `f`, in the order of the Pairs page."""
    chosen = selection(f, sort)
    sql = f"{chosen.sql} SELECT pair_id FROM chosen ORDER BY {order(descending)}"
    with store.wide(bool(f.text) or store.is_large):
        return [row[0] for row in store.indexed(lambda session: session.rows(sql, chosen.params), chosen.needs)]


def listed_ids(store: Store, f: PairFilter, *, sort: str = "created", descending: bool = True) -> IdList:
    """As `pair_ids`, for whoever keeps them: a million take 16 MB and not 90."""
    return _read_ids(store, f, selection(f, sort), order(descending))


def sorted_ids(store: Store, f: PairFilter) -> IdList:
    """Ids of all pairs that pass `f`, sorted."""
    return _read_ids(store, f, selection(f), "pair")


def _read_ids(store: Store, f: PairFilter, chosen: Selection, by: str) -> IdList:
    with store.wide(bool(f.text) or store.is_large):
        return store.indexed(lambda session: read_ids(session, chosen, by), chosen.needs)


def iter_pairs(store: Store, f: PairFilter, *, batch: int = 500) -> Iterator[StoredPair]:
    """All pairs that pass `f`, oldest first, `batch` of them in memory at a time."""
    ids = pair_ids(store, f, descending=False)
    for i in range(0, len(ids), batch):
        yield from get_pairs(store, ids[i : i + batch])


def iter_seeds(store: Store, f: PairFilter) -> Iterator[Seed]:
    """One seed per distinct seed id among the pairs that pass `f`: any system message and the first user message, by seed id."""
    chosen = selection(f)
    sql = f"{chosen.sql} SELECT min(pair_id) FROM chosen GROUP BY seed_id ORDER BY seed_id"
    ids = [row[0] for row in store.indexed(lambda session: session.rows(sql, chosen.params), chosen.needs)]
    for i in range(0, len(ids), LOAD_BATCH):
        for stored in get_pairs(store, ids[i : i + LOAD_BATCH]):
            messages = stored.pair.chosen.messages
            end = next((k + 1 for k, m in enumerate(messages) if m.role == "user"), len(messages))
            yield Seed(Conversation(messages[:end]))
