"""Conversations and Conversation: the list and its filters in the address, one conversation, and what is wrong with an address."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import conversation_data, conversation_facts
from app.components.conversation_export import document
from app.components.conversation_filters import chips
from app.components.conversation_turns import Notes, markup
from app.conversation_state import ConversationList, from_query
from app.pair_state import Here, PairState
from app.state import PAGE_ROWS, ROLES
from music_core.sources.chats import read_chat
from music_core.store.conversation_filter import SORTS, STANDS
from music_core.store.conversations import get_conversation
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs
from music_core.store.runs import create_run, finish_run
from music_core.store.seeds import add_chats
from music_core.store.traces import add_traces
from music_core.types import ContrastPair, Conversation, Origin, RewardModel, RewardTrace, Run, SourcedChat, SourcedPair
from tests.app.conftest import Open, Use, query_of, text_of
from tests.app.samples import HOSTILE, MODEL_ID, chat, fill, hostile_pair, plain_pair, rice_pair
from tests.app.test_state import NAMES, RANGES, TEXT

RICE = rice_pair()
LONE = chat(("user", "A question that nobody answered."))
LONG = chat(*[(role, f"{role} says {i}") for i in range(70) for role in ("user", "assistant")])
STATES = st.builds(
    ConversationList,
    source=NAMES,
    run=NAMES,
    split=NAMES,
    side=st.lists(st.sampled_from(STANDS), max_size=3, unique=True).map(tuple),
    simulator=NAMES,
    turns=RANGES,
    chars=RANGES,
    model=st.one_of(st.just(""), TEXT),
    reward=RANGES,
    q=st.one_of(st.just(""), TEXT),
    role=st.sampled_from(ROLES),
    sort=st.sampled_from(list(SORTS)),
    asc=st.booleans(),
    page=st.integers(1, 1000),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """34 short pairs, the rich one in two pairs, a hostile one, a chat alone and one of 70 turns; two models."""
    folder = tmp_path_factory.mktemp("conversations")
    store = fill(folder, n_plain=34, hostile=True)
    worse = ContrastPair(RICE.rejected, chat(*[(m.role, m.content) for m in RICE.rejected.messages[:-1]], ("assistant", "No idea.")))
    add_pairs(store, [SourcedPair(worse, Origin("illustration", "worse"))])
    add_chats(store, [SourcedChat(LONE, Origin("lone", "0")), SourcedChat(LONG, Origin("lone", "1"))])
    register_model(store, RewardModel("m_old", HOSTILE[:60], "models/old", "SmolLM2-135M"))
    add_traces(store, [RewardTrace(RICE.id, "rejected", "m_old", (1.0, 2.0, 3.5), one_pass=False)])
    store.close()
    return folder


def as_query(state: ConversationList) -> dict[str, Sequence[str]]:
    """The address's parameters as the browser gives them back."""
    return {name: [value] if isinstance(value, str) else list(value) for name, value in state.query().items()}


@given(STATES)
def test_property_the_state_of_the_list_survives_the_address(state: ConversationList) -> None:
    assert from_query(as_query(state)) == state


@given(STATES)
def test_property_every_chip_takes_its_own_filter_off(state: ConversationList) -> None:
    out = chips(state, {})
    assert out.count("Remove the filter") == len(state.active)
    for name in state.active:
        assert set(state.without(name).active) == set(state.active) - {name}


def test_what_is_not_understood_in_an_address_is_ignored() -> None:
    odd = {"side": ["left", "chosen", "chosen"], "turns": ["many"], "sort": ["colour"], "role": ["tool"], "page": ["-1"], "what": ["x"]}
    assert from_query(odd) == ConversationList(side=("chosen",))


def test_an_empty_store_says_how_to_fill_it(open_page: Open, tmp_path: Path) -> None:
    app = open_page("conversations", tmp_path)
    assert not app.exception
    for command in ("music sample load", "music import FILE.jsonl", "music import CHATS.jsonl --format chats"):
        assert command in text_of(app)


def test_one_pair_gives_two_rows(open_page: Open, one_home: Path) -> None:
    out = text_of(open_page("conversations", one_home))
    assert "<strong>2 conversations</strong>" in out
    assert out.count("mw-open") == 2
    assert "illustration · " in out
    for side, reward in ((RICE.chosen, "+1.31"), (RICE.rejected, "−0.62")):
        assert f"model={MODEL_ID}&amp;conversation={side.id}" in out
        assert reward in out and f"{side.n_chars:,}" in out
    assert out.count(f'href="pair?pair={RICE.id}"') == 2


def test_a_store_that_cannot_be_opened_is_an_error_with_a_reason(open_page: Open, tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("not a folder")
    for page in ("conversations", "conversation"):
        app = open_page(page, home, {"conversation": "c_1"})
        assert not app.exception
        assert 'class="mw-error" role="alert"' in text_of(app), page


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ({"source": ["rivers"]}, 68),
        ({"source": ["rivers", "lone"], "turns": ["..2"]}, 19),
        ({"run": ["r_demo"]}, 2),
        ({"side": ["none"]}, 2),
        ({"side": ["none", "chosen"], "source": ["lone", "illustration"]}, 4),
        ({"simulator": ["scripted"]}, 1),
        ({"simulator": ["-"], "source": ["illustration"]}, 2),
        ({"chars": ["100000.."]}, 1),
        ({"model": ["m_old"], "reward": ["3..4"]}, 1),
        ({"model": [MODEL_ID], "reward": ["1.3..1.4"]}, 1),
        ({"q": ["SOY sauce"], "role": ["assistant"]}, 3),
        ({"q": ["soy sauce"], "role": ["system"]}, 0),
    ],
)
def test_a_link_lists_what_passes_its_filter(use_home: Use, home: Path, query: dict[str, list[str]], n: int) -> None:
    use_home(home)
    found = conversation_data.page_of(from_query(query))
    assert found.total == n
    assert len(found.rows) == min(n, PAGE_ROWS)


@pytest.mark.parametrize(("source", "words"), [("illustration", "<strong>3 conversations</strong>"), ("nowhere", "No conversation passes")])
def test_the_page_shows_what_passes_and_a_chip_for_each_filter(open_page: Open, home: Path, source: str, words: str) -> None:
    out = text_of(open_page("conversations", home, {"source": source, "turns": "2.."}))
    assert words in out
    assert out.count("Remove the filter") == 2 and "Clear all" in out


def test_the_widgets_write_the_filter_into_the_address_and_are_set_from_it(open_page: Open, home: Path) -> None:
    app = open_page("conversations", home)
    app.multiselect(key="mw-conversations-source").set_value(["rivers"]).run()
    app.multiselect(key="mw-conversations-side").set_value(["rejected"]).run()
    app.number_input(key="mw-conversations-turns-high").set_value(2).run()
    assert not app.exception
    query = query_of(app)
    assert (query["source"], query["side"], query["turns"]) == (["rivers"], ["rejected"], ["..2"])
    again = open_page("conversations", home, query)
    assert again.multiselect(key="mw-conversations-source").value == ["rivers"]
    assert again.number_input(key="mw-conversations-turns-high").value == 2
    assert text_of(again).split("Active filters")[1] == text_of(app).split("Active filters")[1]


def test_pages_and_the_last_page(open_page: Open, home: Path) -> None:
    assert "1 to 30 of 75 conversations" in text_of(open_page("conversations", home))
    assert "61 to 75 of 75 conversations" in text_of(open_page("conversations", home, {"page": "99"}))


def test_a_conversation_shows_its_turns_rewards_authors_and_pairs(open_page: Open, home: Path) -> None:
    app = open_page("conversation", home, {"conversation": RICE.rejected.id, "turn": "2"})
    assert not app.exception
    out = text_of(app)
    assert "I have leftover rice" in out and "Soy sauce is brewed" in out and "Salt with a few drops" not in out
    assert out.count("mw-asked") == 1 and '<section class="mw-turn mw-asked" id="turn-2"' in out
    assert "This reply answers a modified instruction" in out
    assert "written by <b>scripted</b>, sampling seed 7" in out
    assert "Reward after each turn, by model" in out and "+3.500" in out and "−0.620" in out
    assert "the chat template is not prefix-stable" in out
    assert f'href="pair?pair={RICE.id}&amp;turn=2"' in out
    assert f'conversation={RICE.chosen.id}">the other side</a>' in out
    assert f'href="pairs?conversation={RICE.rejected.id}"' in out and "All 2 pairs" in out
    assert [button.label for button in app.download_button] == ["This conversation as JSON"]


def test_a_chat_of_no_pair_is_a_page_too(open_page: Open, home: Path) -> None:
    app = open_page("conversation", home, {"conversation": LONE.id})
    assert not app.exception
    out = text_of(app)
    assert "It is a side of no pair" in out and "No reward model has scored this conversation." in out
    assert "No model call is on record" in out
    app.button(key="mw-Next-turn").click().run()
    assert query_of(app)["turn"] == ["1"] and app.button(key="mw-Next-turn").disabled


def test_keys_go_through_turns_and_conversations_and_keep_the_filter(open_page: Open, home: Path) -> None:
    listed = {"source": "illustration", "sort": "chars"}
    app = open_page("conversation", home, {**listed, "conversation": RICE.rejected.id})
    assert [button.label for button in app.button if button.label in ("Show changed words", "Where they part")] == []
    app.button(key="mw-Next-turn").click().run()
    app.button(key="mw-Next-turn").click().run()
    assert query_of(app)["turn"] == ["2"]
    app.button(key="mw-Previous-turn").click().run()
    assert query_of(app)["turn"] == ["1"]
    step = "mw-Next" if not app.button(key="mw-Next").disabled else "mw-Previous"
    app.button(key=step).click().run()
    assert query_of(app)["conversation"] != [RICE.rejected.id] and "turn" not in query_of(app)
    assert query_of(app)["source"] == ["illustration"]
    assert "of 3 in this filter" in text_of(app)
    outside = open_page("conversation", home, {"conversation": LONE.id, "source": "rivers"})
    assert "not among the 68 conversations of this filter" in text_of(outside)


@pytest.mark.parametrize("id_", ["c_unknown", "<script>", "p_1&turn=", "c_" + "0" * 5_000])
def test_an_unknown_or_malformed_id_is_an_error_with_a_way_on(open_page: Open, home: Path, id_: str) -> None:
    app = open_page("conversation", home, {"conversation": id_, "turn": "x", "page": "many"})
    assert not app.exception
    out = text_of(app)
    assert "<h1" in out and 'href="conversations?page=' not in out and "not among the 75 conversations" in out
    assert "There is no conversation" in out and "Choose one from the list" in out and "<script>" not in out


def test_without_an_id_the_page_leads_to_the_list(open_page: Open, home: Path) -> None:
    out = text_of(open_page("conversation", home))
    assert "No conversation chosen" in out and 'href="conversations"' in out


def test_a_long_conversation_is_shown_in_windows_that_follow_the_turn(open_page: Open, home: Path) -> None:
    first = text_of(open_page("conversation", home, {"conversation": LONG.id}))
    assert 'id="turn-60"' in first and 'id="turn-61"' not in first
    opened = Here("c_1", ConversationList(), PairState(), "conversation")
    spoken = Conversation((*chat(("system", "be brief")).messages, *LONG.messages, *LONE.messages))
    drawn = [markup(spoken, opened, Notes(), first) for first in (0, 61)]
    assert all(sum(f'id="turn-{turn}"' in out for out in drawn) == 1 for turn in range(72))
    later = text_of(open_page("conversation", home, {"conversation": LONG.id, "turn": "65"}))
    assert 'id="turn-60"' not in later and 'mw-turn mw-asked" id="turn-65"' in later


def test_hostile_text_is_only_text(open_page: Open, home: Path) -> None:
    pages = [open_page("conversations", home, {"q": "pwned"}), open_page("conversation", home, {"conversation": hostile_pair().chosen.id})]
    pages.append(open_page("conversation", home, {"conversation": RICE.rejected.id}))
    for app in pages:
        out = text_of(app)
        assert not app.exception
        for tag in ("<script", "<img", "<iframe", "<style>", "javascript:window.pwned=1'>"):
            assert tag not in out
        assert "&lt;script&gt;" in out


def test_records_before_the_parting_belong_to_both_sides(use_home: Use, home: Path) -> None:
    store = use_home(home)
    sides = {c.id: conversation_facts.authors(get_conversation(store, c.id)) for c in (RICE.chosen, RICE.rejected)}
    # Both records are of the rejected side from turn 2 on, where the sides part.
    assert sides[RICE.chosen.id] == {}
    assert set(sides[RICE.rejected.id]) == {(2, "assistant"), (3, "assistant")}
    early = get_conversation(store, RICE.chosen.id)
    late = replace(early, sides=tuple(replace(side, divergence=3) for side in early.sides))
    assert set(conversation_facts.authors(late)) == {(2, "assistant")}


def test_the_file_of_a_conversation_is_read_back_by_an_import() -> None:
    odd = chat(("system", HOSTILE), ("user", "half a surrogate \ud800"), ("assistant", "fine"))
    for talk in (RICE.chosen, odd, plain_pair(1).rejected):
        row = json.loads(document(talk.id, talk))
        assert Conversation(tuple(chat(*[(m["role"], m["content"]) for m in row["messages"]]).messages)) == talk
    row = json.loads(document(RICE.chosen.id, RICE.chosen))
    assert read_chat(row, "0").chats[0].chat == RICE.chosen


def test_a_conversation_without_messages_is_no_error() -> None:
    here = Here("c_1", ConversationList(), PairState(), "conversation")
    assert "It has no messages" in markup(Conversation(()), here, Notes())


def test_an_import_lists_the_source_that_it_filled_and_an_unknown_run_nothing(use_home: Use, tmp_path: Path) -> None:
    store = use_home(tmp_path)
    fill(tmp_path, n_plain=2).close()
    create_run(store, Run("r_import", "import", {}, datetime(2026, 1, 2, tzinfo=UTC)))
    finish_run(store, "r_import", "finished", {"source": "rivers"})
    totals = [conversation_data.page_of(from_query({"run": [run]})).total for run in ("r_import", "r_demo", "r_unknown")]
    assert totals == [4, 2, 0]
