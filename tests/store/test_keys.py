"""Ids as keys of 128 bits in the index, foreign ids beside them, and openings that are kept once."""

from datetime import datetime
from pathlib import Path

import pytest

from music_core.store import connect
from music_core.store.browse import list_pairs
from music_core.store.connect import Store, open_store
from music_core.store.conversation_filter import MEASURED, SORTS, ConversationFilter
from music_core.store.conversations import conversation_facets, conversation_place, get_conversation, list_conversations
from music_core.store.info import counts
from music_core.store.pairs import PairFilter, add_pairs, get_text, pair_ids
from music_core.store.seeds import add_chats
from music_core.store.session import Session
from music_core.store.text import decode, encode
from music_core.types import ContrastPair, Conversation, Message, Origin, SourcedChat, SourcedPair, content_id

# What a store that another program wrote may hold: no content ids, though some nearly are.
FOREIGN = ("", "c", "c_", "alpha", "c_1", "c_" + "A" * 32, "c_" + "g" * 32, "x_" + "a" * 32, "s_" + "a" * 32, "é" * 34, "c_" + "a" * 33)
KNOWN = "c_" + "a" * 32


def talk(opening: str, answer: str) -> Conversation:
    return Conversation((Message("user", opening), Message("assistant", answer)))


def pair(opening: str, good: str = "good", bad: str = "bad", *, rejected_opening: str | None = None) -> SourcedPair:
    rejected = talk(opening if rejected_opening is None else rejected_opening, bad)
    return SourcedPair(ContrastPair(talk(opening, good), rejected), Origin("a", opening, method="swap"))


def add_foreign(store: Store, ids: tuple[str, ...] = (*FOREIGN, KNOWN)) -> None:
    """A pair of each id with the next one, of a seed that is called as the chosen side is."""

    def write(session: Session) -> None:
        for i, (chosen, rejected) in enumerate(zip(ids, (*ids[1:], ids[0]), strict=True)):
            row = [f"p{i}", chosen, "train", chosen, rejected, 1, 1, f"opening {i}", 10, 20, datetime(2026, 1, 1 + i)]
            session.rows("INSERT INTO lake.pair_rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            sql = "INSERT INTO lake.conversation_rows SELECT ?, [{'role': 'user', 'content': ?}, {'role': 'assistant', 'content': ?}]"
            session.rows(sql, [chosen, f"opening {i}", f"answer {i}"])

    store.write("pairs", write)


def key(store: Store, id_: str, letter: str = "c") -> object:
    return store.indexed(lambda session: session.one("SELECT fast.key_of(?, ?)", [letter, id_]))


def test_an_id_can_be_made_of_its_key_and_keys_sort_as_ids_do(store: Store) -> None:
    ids = [content_id("c", i) for i in range(50)]
    keys = [key(store, id_) for id_ in ids]
    assert [str(k).replace("-", "") for k in keys] == [id_.removeprefix("c_") for id_ in ids]
    sql = "SELECT fast.id_of('c', k) FROM (SELECT unnest(?::UUID[]) AS k) ORDER BY k"
    assert [row[0] for row in store.indexed(lambda session: session.rows(sql, [keys]))] == sorted(ids)


def test_what_is_no_content_id_has_a_key_of_its_own(store: Store) -> None:
    keys = [key(store, id_) for id_ in (*FOREIGN, KNOWN)]
    assert len(set(keys)) == len(keys)
    assert key(store, "s_" + "a" * 32, "s") == key(store, KNOWN)


def test_foreign_ids_come_back_as_they_were(store: Store) -> None:
    add_foreign(store)
    ids = (*FOREIGN, KNOWN)
    rows = list_pairs(store, PairFilter(), descending=False).rows
    assert [row.seed_id for row in rows] == list(ids)
    assert [row.opening for row in rows] == [f"opening {i}" for i in range(len(ids))]
    assert get_text(store, "p4").rejected == talk("opening 5", "answer 5")
    conversations = list_conversations(store, ConversationFilter(), descending=False)
    assert sorted(row.conversation_id for row in conversations.rows) == sorted(ids)
    assert conversations.total == len(ids) == counts(store)["seeds"]
    for i, id_ in enumerate(ids):
        found = get_conversation(store, id_)
        assert found.conversation == talk(f"opening {i}", f"answer {i}")
        assert {side.other_id for side in found.sides} == {ids[i - 1], ids[(i + 1) % len(ids)]}
        before = f"p{(i - 1) % len(ids)}"
        assert set(pair_ids(store, PairFilter(conversation_id=id_))) == {f"p{i}", before}
    assert pair_ids(store, PairFilter(conversation_id="c_" + "b" * 32)) == []


def test_foreign_ids_have_their_place_in_a_list(store: Store) -> None:
    add_foreign(store)
    f = ConversationFilter()
    for sort in ("opening", "turns"):
        whole = [row.conversation_id for row in list_conversations(store, f, sort=sort).rows]
        for i, id_ in enumerate(whole):
            neighbours = (whole[i - 1] if i else None, whole[i + 1] if i + 1 < len(whole) else None)
            assert conversation_place(store, id_, f, sort=sort) == (i + 1, len(whole), *neighbours)


LONG = "lorem ipsum " * 30
VARIANTS = (
    pair("plain"),
    pair("plain", "better", "worse"),
    pair(LONG),
    # As content the same conversation as the first chosen one, with other white space; what came first is kept.
    pair("plain  ", "good", "another"),
    pair("other side", rejected_opening="quite another"),
    pair("escaped \x00 and \ud800", "good"),
    pair("x" * 198 + "\x00tail"),
    pair(""),
)
CHATS = (SourcedChat(talk("plain", "alone"), Origin("chats", "0")), SourcedChat(talk("plain", "good"), Origin("chats", "1")))


def stored_opening(c: Conversation) -> str:
    return decode(encode(c.messages[0].content)[:200])


@pytest.mark.parametrize("at_once", [True, False])
def test_a_conversation_opens_as_its_own_text_does(home: Path, store: Store, at_once: bool) -> None:
    """Whether all is there when the index is filled or arrives one by one."""
    if not at_once:
        assert list_conversations(store, ConversationFilter()).total == 0
    for item in VARIANTS:
        add_pairs(store, [item])
        if not at_once:
            list_conversations(store, ConversationFilter())
    add_chats(store, CHATS)
    texts: dict[str, Conversation] = {}
    for c in [*(side for item in VARIANTS for side in (item.pair.chosen, item.pair.rejected)), *(chat.chat for chat in CHATS)]:
        texts.setdefault(c.id, c)
    rows = list_conversations(store, ConversationFilter(), limit=100).rows
    assert {row.conversation_id for row in rows} == set(texts)
    assert {row.conversation_id: row.opening for row in rows} == {id_: stored_opening(c) for id_, c in texts.items()}
    fresh = open_store(home)
    for sort in (name for name in SORTS if name != "reward"):
        for descending in (True, False):
            page = list_conversations(store, ConversationFilter(), sort=sort, descending=descending, limit=100)
            assert page == list_conversations(fresh, ConversationFilter(), sort=sort, descending=descending, limit=100)
    assert conversation_facets(store) == conversation_facets(fresh)
    rows = list_conversations(store, ConversationFilter(), sort="opening", limit=100).rows
    by_opening = [row.opening for row in rows if row.opening.isascii()]
    assert by_opening == sorted(by_opening, reverse=True)
    fresh.close()


def test_an_opening_that_a_pair_has_is_not_kept_again(store: Store) -> None:
    add_pairs(store, [pair(f"question {i}") for i in range(10)])
    add_pairs(store, [pair("other side", rejected_opening="quite another")])
    add_chats(store, CHATS)
    list_conversations(store, ConversationFilter())
    kept = store.indexed(lambda session: session.rows("SELECT opening FROM fast.measured WHERE opening IS NOT NULL ORDER BY 1"))
    assert kept == [("plain",), ("plain",), ("quite another",)]


def test_a_large_store_reads_its_texts_only_for_a_list_that_depends_on_them(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for item in VARIANTS:
        add_pairs(store, [item])
    add_chats(store, CHATS)
    add_foreign(store)
    pages = [(ConversationFilter(), sort, limit, 3) for sort in ("created", "pairs") for limit in (5, 100)]
    pages += [(ConversationFilter(text="good"), "created", 100, 0), (ConversationFilter(stands=("chosen", "none")), "pairs", 100, 0)]

    def seen(store: Store) -> object:
        found = [list_conversations(store, f, sort=sort, limit=limit, offset=offset) for f, sort, limit, offset in pages]
        some = [row.conversation_id for row in found[0].rows]
        return found, [conversation_place(store, id_, ConversationFilter()) for id_ in some], conversation_facets(store)

    expected = seen(store)
    assert store.holds(MEASURED)
    monkeypatch.setattr(connect, "LARGE", 0)
    large = open_store(home)
    assert seen(large) == expected
    assert not large.holds(MEASURED)
    # What comes later is in both forms of the list.
    added = pair("later")
    add_pairs(large, [added])
    assert list_conversations(large, ConversationFilter(), limit=1).rows[0].opening == "later"
    for asked, sort in ((ConversationFilter(turns=(1, 1)), "created"), (ConversationFilter(), "chars")):
        assert list_conversations(large, asked, sort=sort, limit=100) == list_conversations(store, asked, sort=sort, limit=100)
    assert large.holds(MEASURED)
    assert seen(large) == seen(store) != expected
    large.close()


def test_pairs_that_come_later_are_listed_by_their_openings(home: Path, store: Store) -> None:
    add_pairs(store, [pair("b")])
    assert [row.opening for row in list_pairs(store, PairFilter(), sort="opening", descending=False).rows] == ["b"]
    add_pairs(store, [pair("A"), pair("c")])
    page = list_pairs(store, PairFilter(), sort="opening", descending=False)
    assert [row.opening for row in page.rows] == ["A", "b", "c"]
    fresh = open_store(home)
    assert list_pairs(fresh, PairFilter(), sort="opening", descending=False) == page
    fresh.close()
