"""Which conversations: the filter of the Conversations page as a value, and its SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from music_core.errors import StoreError
from music_core.store.filters import BUILT, Part, Selection, any_of, joined, values_of, with_text
from music_core.store.index_tables import PLACES
from music_core.store.session import marks
from music_core.store.text import to_json
from music_core.types import NEUTRAL_METHODS

# What a page can be sorted by; the key of the id settles ties so that pages never overlap.
SORTS: Mapping[str, str] = {
    "created": "c.created_at",
    "opening": "coalesce(lower(c.opening), o.opening)",
    "turns": "c.n_turns",
    "chars": "c.n_chars",
    "pairs": "coalesce(s.n, 0)",
    "reward": "w.reward",
}
# Where a conversation may stand: a side of a pair of which one was built to be better, of one of two systems, or of none.
STANDS = ("chosen", "rejected", "neutral", "none")
# Read into the index for every query here; the second where lengths and openings are asked of all conversations.
NEEDS = ("chats", "conversations")
MEASURED = ("openings", "chats", "measured")
_IN_A_PAIR = "SELECT chosen_key FROM fast.pairs UNION ALL SELECT rejected_key FROM fast.pairs"
_BUILT = f"SELECT pair FROM fast.origins WHERE {BUILT}"
_WRITTEN = """
SELECT chosen_key FROM fast.pairs WHERE pair IN (SELECT pair FROM fast.writers WHERE len(by_chosen) > 0)
UNION ALL SELECT rejected_key FROM fast.pairs WHERE pair IN (SELECT pair FROM fast.writers WHERE len(by_rejected) > 0)"""
_N_PAIRS = """
SELECT conversation_key, count(*) AS n FROM (
  SELECT chosen_key AS conversation_key FROM fast.pairs UNION ALL SELECT rejected_key FROM fast.pairs WHERE rejected_key <> chosen_key
) GROUP BY conversation_key"""
# A conversation of several pairs was scored in each; of these rewards, which are alike, the one under the first pair counts.
_REWARDS = """
SELECT conversation_key, min_by(reward, pair) AS reward FROM (
  SELECT if(t.branch = 'chosen', p.chosen_key, p.rejected_key) AS conversation_key, t.reward, pair
  FROM fast.rewards t JOIN fast.pairs p USING (pair) WHERE t.model_id = ?
) GROUP BY conversation_key"""


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    """Conditions that must all hold; empty ones do not count.

    `sources`, `run_ids`, `splits`, `simulators` and `stands` must hold of one and the same place: a side of a pair, or a chat
    without a counterpart. `imported` are sources that runs of `run_ids` filled: an import leaves no other mark.
    `stands` are names of `STANDS`; `neutral` is a side of a pair that nobody built, see `NEUTRAL_METHODS`.
    `simulators` are models that wrote any message of the conversation; an empty name means that no model is on record anywhere.
    `turns`, `chars` and `reward` are closed intervals, `reward` needs `model_id`.
    `text` is looked for without regard to case, as it stands, in messages of `text_role` (None: any).
    """

    sources: tuple[str, ...] = ()
    run_ids: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    turns: tuple[int, int] | None = None
    chars: tuple[int, int] | None = None
    simulators: tuple[str, ...] = ()
    stands: tuple[str, ...] = ()
    model_id: str | None = None
    reward: tuple[float, float] | None = None
    text: str = ""
    text_role: str | None = None


def asks_texts(f: ConversationFilter, sort: str) -> bool:
    """Whether the filter or the order is by something that only the texts say."""
    return sort in ("opening", "turns", "chars") or f.turns is not None or f.chars is not None


def selection(f: ConversationFilter, sort: str = "created", *, measured: bool = True) -> Selection:
    """The SQL for `f`: `WITH … chosen AS (…)` with `conversation_key`, `place` and `sort_key`.

    `passing` has the same conversations and is found once for the whole query. `place` is the row in `fast.measured`; unless
    `measured`, which may be where nothing `asks_texts`, in `fast.conversations`.

    Raises `StoreError` for an unknown sort or place, and for a reward without a model.
    """
    if sort not in SORTS:
        raise StoreError(f"Conversations cannot be sorted by '{sort}'.", f"Sort by one of: {', '.join(SORTS)}.")
    if f.model_id is None and (f.reward is not None or sort == "reward"):
        raise StoreError("A reward needs a reward model.", "Choose the model first.")
    hits = with_text(f.text, f.text_role)
    tables: list[Part] = [("fast.measured c" if measured else "fast.conversations c", ())]
    if f.reward is not None or sort == "reward":
        tables.append((f"LEFT JOIN ({_REWARDS}) w USING (conversation_key)", (f.model_id,)))
    if sort == "pairs":
        tables.append((f"LEFT JOIN ({_N_PAIRS}) s USING (conversation_key)", ()))
    parts = [*_own(f), *_place(f), *([("c.conversation_key IN (FROM hits)", ())] if f.text else [])]
    own, chosen = f"{SORTS[sort]} AS sort_key", "FROM passing"
    if sort == "opening":
        # Kept for as long as the query runs, the openings of two million conversations are half a gigabyte.
        own = "c.opening_of, c.opening"
        chosen = f"""SELECT c.conversation_key, c.place, {SORTS[sort]} AS sort_key
            FROM passing c LEFT JOIN (SELECT pair, lower(opening) AS opening FROM fast.openings) o ON o.pair = c.opening_of"""
    passing = f"SELECT c.conversation_key, c.rowid AS place, {own} FROM {joined(tables, ' ')} WHERE {joined(parts, ' AND ') or 'true'}"
    sql = f"WITH {''.join(f'{h}, ' for h, _ in hits)}passing AS MATERIALIZED ({passing}), chosen AS NOT MATERIALIZED ({chosen})"
    needs = (*(MEASURED if measured else NEEDS), *(["writers"] if f.simulators else []))
    return Selection(sql, values_of([*hits, *tables, *parts]), needs)


def order(descending: bool) -> str:
    """The terms of ORDER BY over `chosen`; conversations without the value (no reward) come last either way."""
    return f"sort_key {'DESC' if descending else 'ASC'} NULLS LAST, conversation_key"


def order_back(descending: bool) -> str:
    """The opposite of `order`."""
    return f"sort_key {'ASC' if descending else 'DESC'} NULLS FIRST, conversation_key DESC"


def stands_before(descending: bool) -> str:
    """The condition that a row of `chosen` stands before that of `here`, whose columns are `key` and `own`, in the order of `order`."""
    nearer = "sort_key > key" if descending else "sort_key < key"
    same = "(sort_key IS NOT DISTINCT FROM key AND conversation_key < own)"
    return f"coalesce({nearer}, sort_key IS NOT NULL AND key IS NULL) OR {same}"


def _own(f: ConversationFilter) -> list[Part]:
    bounds = (("c.n_turns", f.turns), ("c.n_chars", f.chars), ("w.reward", f.reward))
    return [(f"{column} BETWEEN ? AND ?", tuple(ends)) for column, ends in bounds if ends is not None]


def _place(f: ConversationFilter) -> list[Part]:
    parts = [*any_of("split", f.splits), *_came(f), *_stands(f), *_written(f)]
    if not parts:
        return []
    return [(f"c.conversation_key IN (SELECT conversation_key FROM ({PLACES}) WHERE {joined(parts, ' AND ')})", values_of(parts))]


def _came(f: ConversationFilter) -> list[Part]:
    """Where the place came from: by one origin of the pair, or by the source of the chat, which keeps no run."""
    pair, chat = any_of("source", f.sources), any_of("source", f.sources)
    if f.run_ids or f.imported:
        filled = any_of("source", f.imported)
        pair.append(_either([*any_of("run_id", f.run_ids), *filled]))
        chat += filled or [("false", ())]
    if not pair:
        return []
    of_pair = (f"pair IN (SELECT pair FROM fast.origins WHERE {joined(pair, ' AND ')})", values_of(pair))
    return [_either([of_pair, (f"(branch = 'none' AND {joined(chat, ' AND ')})", values_of(chat))])]


def _stands(f: ConversationFilter) -> list[Part]:
    unknown = [name for name in f.stands if name not in STANDS]
    if unknown:
        raise StoreError(f"'{unknown[0]}' is no place of a conversation.", f"Places are: {', '.join(STANDS)}.")
    branches = [name for name in ("chosen", "rejected") if name in f.stands]
    terms: list[Part] = [(f"(branch = '{branch}' AND pair IN ({_BUILT}))", NEUTRAL_METHODS) for branch in branches]
    if "neutral" in f.stands:
        terms.append((f"(branch <> 'none' AND pair NOT IN ({_BUILT}))", NEUTRAL_METHODS))
    if "none" in f.stands:
        terms.append((f"(branch = 'none' AND conversation_key NOT IN ({_IN_A_PAIR}))", ()))
    return [_either(terms)] if terms else []


def _written(f: ConversationFilter) -> list[Part]:
    named = tuple(to_json(name)[1:-1] for name in f.simulators if name)  # with the escapes of the JSON that they were found in
    terms: list[Part] = []
    for branch in ("chosen", "rejected") if named else ():
        found = f"SELECT pair FROM fast.writers WHERE list_has_any(by_{branch}, [{marks(named)}])"
        terms.append((f"(branch = '{branch}' AND pair IN ({found}))", named))
    if "" in f.simulators:
        terms.append((f"conversation_key NOT IN ({_WRITTEN})", ()))
    return [_either(terms)] if terms else []


def _either(terms: Sequence[Part]) -> Part:
    return f"({joined(terms, ' OR ')})", values_of(terms)
