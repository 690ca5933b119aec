"""The Pair page in a real browser: from a point to its turn and back, links to turns, keys, and conversations made to break it."""

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Request

from music_core.store.connect import open_store
from music_core.store.labels import label_history
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs
from music_core.store.traces import add_traces
from music_core.types import ContrastPair, Origin, RewardModel, RewardTrace, Role, SourcedPair
from tests.app.samples import HOSTILE, chat, fill, hostile_pair, rice_pair
from tests.integration.browser import Server, Visit, visit, watched

pytestmark = pytest.mark.integration
PAIR = rice_pair().id
QUESTION: tuple[Role, str] = ("user", HOSTILE)


def _long(n_turns: int) -> ContrastPair:
    """So many turns, the sides part in the last but 9."""
    turns: list[tuple[Role, str]] = []
    for t in range(n_turns):
        turns += [("user", f"question {t + 1}"), ("assistant", f"answer {t + 1}")]
    other: list[tuple[Role, str]] = [("assistant", "another answer"), *turns[2 * n_turns - 18 :]]
    return ContrastPair(chat(*turns), chat(*turns[: 2 * n_turns - 19], *other))


ONE_LINE = ContrastPair(chat(QUESTION, ("assistant", "x" * 10_000_000)), chat(QUESTION, ("assistant", "short")))
BROKEN_MARKDOWN = "```\n| a | b\n|--\n" + "**" * 2_000 + "[x](" * 2_000 + "![](http://198.51.100.7/b.png)" + "\u202e" * 50
BROKEN = ContrastPair(chat(QUESTION, ("assistant", BROKEN_MARKDOWN)), chat(QUESTION, ("assistant", BROKEN_MARKDOWN + "!")))
MANY = _long(5_000)
NASTY = {"hostile": hostile_pair(), "one line of 10 MB": ONE_LINE, "broken Markdown": BROKEN, "5,000 turns": MANY}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("pair-browser")
    store = fill(home, n_plain=2, hostile=True)
    add_pairs(store, [SourcedPair(pair, Origin("nasty", name)) for name, pair in NASTY.items() if name != "hostile"])
    register_model(store, RewardModel("m_2", "second", "models/second", "SmolLM2-135M"))
    add_traces(store, [RewardTrace(PAIR, "chosen", "m_2", (0.0, 1.0, 3.0)), RewardTrace(PAIR, "rejected", "m_2", (0.0, -1.0, -2.0))])
    store.close()
    with Server(home) as running:
        yield running


@pytest.fixture
def reader(browser: Browser, server: Server) -> Iterator[Visit]:
    with watched(browser, server) as found:
        yield found


def asked(reader: Visit, turn: int) -> None:
    """Wait until this turn is marked and near the top of the window, and its heading has the focus."""
    reader.page.wait_for_selector(f"#turn-{turn}.mw-asked")
    reader.page.wait_for_function(f"document.activeElement?.closest('section')?.id === 'turn-{turn}'")
    top = reader.page.locator(f"#turn-{turn}").bounding_box()
    assert top is not None and 0 < top["y"] < 800


def big_points(reader: Visit) -> list[int]:
    """The turns (from 1) whose points are drawn larger, of the first line."""
    sizes = reader.page.evaluate(
        "Array.from(document.querySelectorAll('.scatterlayer .trace:first-child .points path'), p => p.getBoundingClientRect().width)"
    )
    return [i + 1 for i, size in enumerate(sizes) if size > 1.3 * min(sizes)]


def test_a_click_on_a_point_goes_to_its_turn_and_a_heading_back_to_its_point(reader: Visit) -> None:
    reader.open(f"pair?pair={PAIR}")
    reader.page.locator(".scatterlayer .trace").first.wait_for()
    assert big_points(reader) == []
    point = reader.page.locator(".scatterlayer .trace").first.locator(".points path").nth(2).bounding_box()
    assert point is not None
    reader.page.mouse.click(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    reader.page.wait_for_url("**turn=3**")
    asked(reader, 3)
    reader.settled()
    reader.page.locator(".scatterlayer .trace").first.wait_for()
    assert big_points(reader) == [3]
    reader.page.locator("#turn-2 a.mw-turn-link").click()
    reader.page.wait_for_url("**turn=2**")
    asked(reader, 2)
    reader.settled()
    reader.page.wait_for_timeout(500)
    assert big_points(reader) == [2]


def test_a_link_opens_the_same_turn_of_a_long_pair_for_a_colleague(reader: Visit) -> None:
    reader.open(f"pair?pair={MANY.id}&turn=3000")
    asked(reader, 3000)
    assert reader.page.locator("section.mw-turn").count() <= 60
    reader.key("d")
    reader.page.wait_for_url("**turn=4991**")
    asked(reader, 4991)


def test_keys_walk_the_turns_and_show_changed_words(reader: Visit) -> None:
    reader.open(f"pair?pair={PAIR}")
    reader.key("d")
    asked(reader, 2)
    reader.key("l")
    asked(reader, 3)
    reader.key("h")
    asked(reader, 2)
    assert reader.page.locator("mark").count() == 0
    reader.key("w")
    reader.page.locator("#turn-2 mark").first.wait_for()
    assert reader.page.locator("#turn-2 mark").first.evaluate("e => getComputedStyle(e).textDecorationLine") == "underline"
    assert "words=1" in reader.page.url and "turn=2" in reader.page.url


def test_the_address_after_some_keys_shows_a_colleague_the_same_turn_and_words(reader: Visit, browser: Browser, server: Server) -> None:
    reader.open(f"pair?pair={PAIR}")
    reader.key("d")
    asked(reader, 2)
    reader.key("w")
    reader.page.locator("#turn-2 mark").first.wait_for()
    other = visit(browser, server)
    other.page.goto(reader.page.url)
    asked(other, 2)
    other.page.locator("#turn-2 mark").first.wait_for()
    mine, theirs = (who.page.locator("mark").all_inner_texts() for who in (reader, other))
    assert theirs == mine
    assert not other.foreign_requests()
    other.page.context.close()


def harmless(reader: Visit) -> None:
    """Nothing in the conversation became markup or ran, and the page answers: a frame is drawn within a second."""
    page = reader.page
    assert page.evaluate("window.pwned === undefined")
    assert page.locator("iframe, .stHtml script, .stHtml img, .mw-conv style, a[href*='198']").count() == 0
    assert page.locator("h1").count() == 1
    assert page.evaluate("new Promise(r => { const t = performance.now(); requestAnimationFrame(() => r(performance.now() - t)) })") < 1_000


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_conversation_can_be_labelled_and_is_only_text(reader: Visit, server: Server, name: str) -> None:
    reader.open(f"label?pair={NASTY[name].id}")
    reader.give_name("Ada")
    reader.page.locator(".mw-conv").wait_for()
    reader.page.wait_for_timeout(500)
    harmless(reader)
    reader.key("4")
    reader.shown("Stored and read back")
    harmless(reader)
    store = open_store(server.home)
    assert [label.event.choice for label in label_history(store, NASTY[name].id)] == ["both_bad"]
    store.close()


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_conversation_is_only_text_and_does_not_stop_the_page(reader: Visit, name: str) -> None:
    reader.open(f"pair?pair={NASTY[name].id}&words=1")
    reader.page.locator(".mw-conv").wait_for()
    reader.page.wait_for_timeout(500)
    harmless(reader)
    reader.key("w")
    reader.page.wait_for_function("!location.search.includes('words=1')")


def note(asked_for: list[str], request: Request) -> None:
    asked_for.append(request.url)


def test_the_file_of_a_pair_opens_without_network_or_script(reader: Visit, browser: Browser) -> None:
    reader.open(f"pair?pair={hostile_pair().id}")
    with reader.page.expect_download() as found:
        reader.page.get_by_role("button", name="This pair as one HTML file").click()
    for scheme, ground in (("light", "rgb(251, 250, 247)"), ("dark", "rgb(22, 25, 28)")):
        context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        asked_for: list[str] = []
        page = context.new_page()
        page.on("request", partial(note, asked_for))
        page.set_content(found.value.path().read_text(encoding="utf-8"))
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
        assert page.evaluate("window.pwned === undefined")
        assert asked_for == []
        context.close()
