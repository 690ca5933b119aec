import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from music_core.errors import StoreError
from music_core.store.connect import Store, open_store
from music_core.store.conversation_filter import SORTS, ConversationFilter
from music_core.store.conversations import (
    conversation_facets,
    conversation_place,
    get_conversation,
    list_conversations,
)
from music_core.store.pairs import Facet, PairFilter, add_pairs, pair_ids
from music_core.store.seeds import add_chats
from music_core.store.traces import add_traces
from music_core.types import (
    BranchName,
    ContrastPair,
    Conversation,
    Origin,
    RewardTrace,
    Role,
    SourcedChat,
    SourcedPair,
    TurnRecord,
    conversation,
)


def talk(*texts: str) -> Conversation:
    """User and assistant take turns."""
    roles: tuple[Role, Role] = ("user", "assistant")
    return conversation([(roles[i % 2], text) for i, text in enumerate(texts)])


def record(branch: BranchName, turn: int, model: str, role: Role = "assistant") -> TurnRecord:
    return TurnRecord(branch, turn, role, "here", model, "hash", {"model": "temperature", "t": 0.5}, 1, "stop", 1, 1, 0, 0.1)


GOOD = talk("boil an egg?", "Eight minutes.", "softer?", "Six minutes.")
POOR = talk("boil an egg?", "Eight minutes.", "softer?", "Eggs are laid by hens.")
WORST = talk("boil an egg?", "No.")
SONG = talk("Write a song about Öl", "La la, 100%_la")
SONG_BAD = talk("Write a song about Öl", "No.")
CHAT = talk("just a question that nobody answered")
BOTH = talk("Which model?", "A says so.")
OTHER = talk("Which model?", "B says so.")
NAMES = {"good": GOOD, "poor": POOR, "worst": WORST, "song": SONG, "song bad": SONG_BAD, "chat": CHAT, "both": BOTH, "other": OTHER}
GENERATED = Origin(
    "generated",
    "0",
    "run1",
    "one_call",
    turns=(
        record("chosen", 1, 'the "first"'),
        record("chosen", 2, "later"),
        record("rejected", 2, "other", "user"),
        record("rejected", 2, "spoiler"),
    ),
)


def fill(store: Store) -> None:
    """POOR is rejected beside GOOD and chosen beside WORST; a song from two sources; a chat alone, and one that is in a pair as well."""
    # One call each, so that their times differ.
    add_pairs(store, [SourcedPair(ContrastPair(GOOD, POOR), GENERATED)])
    add_pairs(store, [SourcedPair(ContrastPair(POOR, WORST), Origin("hand", "1"))])
    add_pairs(store, [SourcedPair(ContrastPair(SONG, SONG_BAD), Origin("hand", "2"))])
    add_pairs(store, [SourcedPair(ContrastPair(SONG, SONG_BAD), Origin("again", "2"))])
    add_chats(store, [SourcedChat(CHAT, Origin("chats", "0", meta={"topic": "x"})), SourcedChat(GOOD, Origin("chats", "1"))])
    add_pairs(store, [SourcedPair(ContrastPair(BOTH, OTHER), Origin("votes", "3", method="votes"))])
    first, second = ContrastPair(GOOD, POOR).id, ContrastPair(POOR, WORST).id
    add_traces(
        store,
        [
            RewardTrace(first, "chosen", "m", (0.1, 2.0)),
            RewardTrace(first, "rejected", "m", (0.1, -1.0)),
            RewardTrace(second, "chosen", "m", (0.1, -1.0)),
            RewardTrace(second, "rejected", "m", (-3.0,)),
            RewardTrace(first, "chosen", "n", (5.0, 6.0)),
        ],
    )


@pytest.fixture(scope="module")
def store(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all tests here that only read."""
    home = tmp_path_factory.mktemp("conversations") / "lake"
    shutil.copytree(empty_store, home)
    opened = open_store(home)
    fill(opened)
    yield opened
    opened.close()


def ids(store: Store, f: ConversationFilter, *, sort: str = "created", descending: bool = True) -> tuple[str, ...]:
    rows = list_conversations(store, f, sort=sort, descending=descending, limit=100).rows
    return tuple(row.conversation_id for row in rows)


def found(store: Store, f: ConversationFilter) -> set[str]:
    """Names of those that pass; the page and the count must agree."""
    page = list_conversations(store, f)
    assert page.total == len(page.rows)
    names = {c.id: name for name, c in NAMES.items()}
    return {names[row.conversation_id] for row in page.rows}


@pytest.mark.parametrize(
    ("f", "names"),
    [
        (ConversationFilter(), set(NAMES)),
        (ConversationFilter(sources=("generated",)), {"good", "poor"}),
        (ConversationFilter(sources=("chats",)), {"good", "chat"}),
        (ConversationFilter(sources=("again", "votes")), {"song", "song bad", "both", "other"}),
        (ConversationFilter(run_ids=("run1",)), {"good", "poor"}),
        (ConversationFilter(run_ids=("run1", "r_import"), imported=("again", "chats")), {"good", "poor", "song", "song bad", "chat"}),
        (ConversationFilter(run_ids=("r_import",), imported=("again",), sources=("hand",)), set()),
        (ConversationFilter(run_ids=("nowhere",)), set()),
        (ConversationFilter(turns=(2, 2)), {"good", "poor"}),
        (ConversationFilter(turns=(0, 0)), {"chat"}),
        (ConversationFilter(chars=(SONG.n_chars, SONG.n_chars)), {"song"}),
        (ConversationFilter(stands=("chosen",)), {"good", "poor", "song"}),
        (ConversationFilter(stands=("rejected",)), {"poor", "worst", "song bad"}),
        (ConversationFilter(stands=("neutral",)), {"both", "other"}),
        (ConversationFilter(stands=("none",)), {"chat"}),
        (ConversationFilter(stands=("none", "rejected"), sources=("chats", "generated")), {"chat", "poor"}),
        # In the pair of source hand it is the chosen side; both must hold of one place.
        (ConversationFilter(stands=("chosen",), sources=("generated",)), {"good"}),
        (ConversationFilter(simulators=("later",)), {"good"}),
        (ConversationFilter(simulators=('the "first"',)), {"good", "poor"}),
        (ConversationFilter(simulators=("spoiler", "later")), {"good", "poor"}),
        (ConversationFilter(simulators=("",), sources=("generated", "chats", "votes")), {"chat", "both", "other"}),
        (ConversationFilter(model_id="m", reward=(-2.0, 3.0)), {"good", "poor"}),
        (ConversationFilter(model_id="n", reward=(5.5, 6.0)), {"good"}),
        (ConversationFilter(model_id="unknown", reward=(-9.0, 9.0)), set()),
        (ConversationFilter(text="EIGHT minutes"), {"good", "poor"}),
        (ConversationFilter(text="100%_LA"), {"song"}),
        (ConversationFilter(text="egg", text_role="user"), {"good", "poor", "worst"}),
        (ConversationFilter(text="egg", text_role="assistant"), {"poor"}),
        (ConversationFilter(text="nobody has this"), set()),
    ],
)
def test_filters_pass_what_they_say(store: Store, f: ConversationFilter, names: set[str]) -> None:
    assert found(store, f) == names


def test_a_split_passes_the_conversations_of_its_seeds(store: Store) -> None:
    by_split = {split: found(store, ConversationFilter(splits=(split,))) for split in ("train", "validation", "test")}
    assert sorted(name for names in by_split.values() for name in names) == sorted(NAMES)
    rows = list_conversations(store, ConversationFilter(splits=("train",))).rows
    assert all(row.split == "train" for row in rows)


def test_pages_do_not_overlap_in_any_order(store: Store) -> None:
    f = ConversationFilter(model_id="m")
    for sort in SORTS:
        for descending in (True, False):
            whole = ids(store, f, sort=sort, descending=descending)
            pages = [list_conversations(store, f, sort=sort, descending=descending, limit=3, offset=k) for k in (0, 3, 6)]
            assert tuple(row.conversation_id for page in pages for row in page.rows) == whole
            assert len(whole) == len(set(whole)) == len(NAMES)
            assert {page.total for page in pages} == {len(NAMES)}


def test_sorting_follows_the_column_and_rows_without_a_reward_come_last(store: Store) -> None:
    f = ConversationFilter(model_id="m")
    for descending in (True, False):
        by_reward = ids(store, f, sort="reward", descending=descending)[:3]
        assert list(by_reward) == [c.id for c in ((GOOD, POOR, WORST) if descending else (WORST, POOR, GOOD))]
    assert ids(store, f, sort="pairs")[0] == POOR.id
    assert ids(store, f, sort="chars", descending=False)[0] == min(NAMES.values(), key=lambda c: c.n_chars).id
    assert ids(store, f, sort="created")[-1] in {GOOD.id, POOR.id}


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", list(SORTS))
def test_the_place_in_a_list_is_that_of_its_rows(store: Store, sort: str, descending: bool) -> None:
    f = ConversationFilter(model_id="m", turns=(1, 9))
    whole = ids(store, f, sort=sort, descending=descending)
    assert len(whole) == len(NAMES) - 1
    for i, id_ in enumerate(whole):
        expected = (i + 1, len(whole), whole[i - 1] if i else None, whole[i + 1] if i + 1 < len(whole) else None)
        assert conversation_place(store, id_, f, sort=sort, descending=descending) == expected
    for outside in (CHAT.id, "c_unknown"):
        assert conversation_place(store, outside, f, sort=sort, descending=descending) == (None, len(whole), None, whole[0])
    assert conversation_place(store, CHAT.id, ConversationFilter(sources=("nowhere",))) == (None, 0, None, None)


def test_a_row_says_where_the_conversation_stands(store: Store) -> None:
    rows = {row.conversation_id: row for row in list_conversations(store, ConversationFilter()).rows}
    poor = rows[POOR.id]
    assert poor.pairs == {"rejected": (ContrastPair(GOOD, POOR).id,), "chosen": (ContrastPair(POOR, WORST).id,)}
    assert (poor.n_turns, poor.n_messages, poor.n_chars, poor.opening) == (2, 4, POOR.n_chars, "boil an egg?")
    assert poor.sources == ("generated", "hand")
    assert poor.rewards == {"m": -1.0}
    assert rows[GOOD.id].rewards == {"m": 2.0, "n": 6.0}
    assert rows[SONG.id].sources == ("hand", "again")
    assert rows[BOTH.id].pairs == {"neutral": (ContrastPair(BOTH, OTHER).id,)}
    assert (rows[CHAT.id].pairs, rows[CHAT.id].sources, rows[CHAT.id].rewards) == ({}, ("chats",), {})
    asked = list_conversations(store, ConversationFilter(sources=("again",))).rows
    assert {row.sources for row in asked} == {("again", "hand")}


def test_a_conversation_is_read_with_its_pairs_chats_and_rewards(store: Store) -> None:
    poor = get_conversation(store, POOR.id)
    assert poor.conversation == POOR and poor.n_pairs == 2 and not poor.chats
    assert [(s.branch, s.divergence, s.other_id) for s in poor.sides] == [("rejected", 2, GOOD.id), ("chosen", 1, WORST.id)]
    assert poor.sides[0].origins == (GENERATED,)
    assert [(t.model_id, t.rewards) for t in poor.traces] == [("m", (0.1, -1.0))]
    good = get_conversation(store, GOOD.id)
    assert [(t.model_id, t.rewards) for t in good.traces] == [("m", (0.1, 2.0)), ("n", (5.0, 6.0))]
    assert [origin.source for origin in good.chats] == ["chats"]
    chat = get_conversation(store, CHAT.id)
    assert (chat.sides, chat.n_pairs, chat.chats) == ((), 0, (Origin("chats", "0", meta={"topic": "x"}),))


def test_what_is_not_there_is_an_error_with_a_reason(store: Store) -> None:
    with pytest.raises(StoreError, match="no conversation c_unknown"):
        get_conversation(store, "c_unknown")
    with pytest.raises(StoreError, match="cannot be sorted by 'colour'"):
        list_conversations(store, ConversationFilter(), sort="colour")
    with pytest.raises(StoreError, match="needs a reward model"):
        list_conversations(store, ConversationFilter(reward=(0.0, 1.0)))
    with pytest.raises(StoreError, match="'left' is no place"):
        list_conversations(store, ConversationFilter(stands=("left",)))


def test_facets_count_conversations(store: Store) -> None:
    facets = conversation_facets(store)
    assert facets["source"] == [Facet("hand", 4), *(Facet(s, 2) for s in ("again", "chats", "generated", "votes"))]
    assert facets["all"] == [Facet("all", len(NAMES))]
    assert sum(f.n for f in facets["split"]) == len(NAMES)
    assert facets["model"] == [Facet("m", 4), Facet("n", 1)]


def test_the_pairs_of_a_conversation_can_be_listed(store: Store) -> None:
    both = set(pair_ids(store, PairFilter(conversation_id=POOR.id)))
    assert both == {ContrastPair(GOOD, POOR).id, ContrastPair(POOR, WORST).id}
    assert pair_ids(store, PairFilter(conversation_id=CHAT.id)) == []


def test_a_store_that_is_listed_already_takes_new_conversations_in(empty_store: Path, tmp_path: Path) -> None:
    shutil.copytree(empty_store, tmp_path / "lake")
    opened = open_store(tmp_path / "lake")
    assert list_conversations(opened, ConversationFilter()).total == 0
    assert list_conversations(opened, ConversationFilter(simulators=("later",))).total == 0
    fill(opened)
    assert found(opened, ConversationFilter()) == set(NAMES)
    assert found(opened, ConversationFilter(simulators=("later",))) == {"good"}
    add_chats(opened, [SourcedChat(SONG, Origin("chats", "9"))])
    assert found(opened, ConversationFilter(sources=("chats",))) == {"good", "chat", "song"}
    again = open_store(tmp_path / "lake")
    f = ConversationFilter()
    assert list_conversations(opened, f) == list_conversations(again, f)
    opened.close()
    again.close()
