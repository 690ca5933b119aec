"""A labelling session in a real browser: a whole queue by keys alone, and a server that dies at any moment after a vote."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocket

from music_core.store.connect import open_store
from music_core.store.labels import add_label, label_history
from music_core.store.queues import PoolPair, QueueHead, create_queue
from music_core.store.reservations import Claim, reserve
from music_core.types import LabelEvent
from tests.app.samples import fill, plain_pair
from tests.integration.browser import Server, Visit, visit

pytestmark = pytest.mark.integration
IDS = tuple(plain_pair(i, 2 + i % 4).id for i in range(3))
# As late after a pair appeared as a person presses a key.
LOOK_MS = 700


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    store = fill(tmp_path, n_plain=3)
    create_queue(store, QueueHead("three", "uniform", 1), [PoolPair(pair_id, 1.0, True) for pair_id in IDS])
    store.close()
    with Server(tmp_path) as running:
        yield running


def events(server: Server, pair_ids: tuple[str, ...] = IDS) -> list[LabelEvent]:
    store = open_store(server.home)
    try:
        return [label.event for pair_id in pair_ids for label in label_history(store, pair_id)]
    finally:
        store.close()


def press(desk: Visit, key: str, then: str) -> None:
    """Press a key wherever the focus is, and wait for what it does."""
    desk.settled()
    desk.page.wait_for_timeout(LOOK_MS)
    desk.page.keyboard.press(key)
    desk.shown(then)


def press_twice(desk: Visit, key: str, then: str) -> None:
    """Press a key twice in a hurry, and wait until nothing of it is on its way any more."""
    desk.settled()
    desk.page.wait_for_timeout(LOOK_MS)
    desk.page.keyboard.press(key)
    desk.page.keyboard.press(key)
    desk.shown(then)
    desk.page.wait_for_timeout(2 * LOOK_MS)
    desk.settled()


def test_pages_are_changed_by_keys_and_the_focus_stays_in_the_row_of_pages(browser: Browser, server: Server) -> None:
    desk = visit(browser, server)
    desk.open("")
    desk.tab_to("Pairs")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/pairs")
    desk.settled()
    here = desk.page.locator(".mw-nav a[aria-current='page']")
    assert here.inner_text() == "Pairs"
    desk.page.wait_for_function("document.activeElement.textContent === 'Pairs'")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/conversations")
    desk.settled()
    assert here.inner_text() == "Conversations"
    desk.page.go_back()
    desk.page.wait_for_url("**/pairs")
    desk.settled()
    assert here.inner_text() == "Pairs"
    desk.open("pairs?embed=true")
    assert here.count() == 0


def test_a_key_brings_the_next_pair_and_leaves_the_rest_of_the_page_alone(browser: Browser, server: Server) -> None:
    desk = visit(browser, server)
    arrived: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: arrived.append(data if isinstance(data, bytes) else data.encode()))

    desk.page.on("websocket", listen)
    desk.open("label")
    desk.give_name("Ada")
    desk.shown("0 of ")
    for part in (b"mw-title", b"mw-nav", b"mw-conv"):
        assert any(part in data for data in arrived), part
    arrived.clear()
    press(desk, "s", "1 of ")
    assert any(b"mw-conv" in data for data in arrived)
    assert not any(part in data for data in arrived for part in (b"mw-title", b"mw-nav"))


def test_a_queue_that_is_made_meanwhile_comes_into_the_choice_with_the_next_key(browser: Browser, server: Server) -> None:
    desk = visit(browser, server)
    desk.open("label")
    desk.give_name("Ada")
    desk.shown("0 of ")
    store = open_store(server.home)
    create_queue(store, QueueHead("made meanwhile", "uniform", 1), [PoolPair(IDS[0], 1.0, True)])
    store.close()
    press(desk, "s", "1 of ")
    desk.settled()
    desk.page.get_by_label("Queue").click()
    desk.shown("made meanwhile: 1 pairs")


def test_a_second_press_of_skip_that_was_sent_too_early_leads_to_where_the_first_has_led(browser: Browser, server: Server) -> None:
    desk = visit(browser, server)
    desk.open("label?queue=three")
    desk.give_name("Ada", then="0 of its 3")
    press_twice(desk, "s", "1 of its 3")
    assert len(events(server)) == 1
    assert "it is open again" not in desk.page.inner_text(".stMain")
    assert events(server)[0].pair_id not in desk.page.url
    press(desk, "s", "2 of its 3")
    # Taken back twice in a hurry is taken back once, and shown.
    press_twice(desk, "u", "Taken back.")
    assert [event.choice for event in events(server)].count(None) == 1
    assert "Taken back." in desk.page.inner_text(".stMain")


def test_a_pair_that_comes_free_can_be_labelled_after_looking_again(browser: Browser, server: Server) -> None:
    store = open_store(server.home)
    create_queue(store, QueueHead("one", "uniform", 1), [PoolPair(IDS[0], 1.0, True)])
    reserve(store, Claim("Bob", "one", 1, (IDS[0],)))
    desk = visit(browser, server)
    desk.open("label?queue=one")
    desk.give_name("Ada", then="Nothing is free for you now")
    assert not desk.page.locator(".stBottom").is_visible()
    add_label(store, LabelEvent("bob skips", IDS[0], "Bob", "skip", "chosen", True))
    store.close()
    press(desk, "n", "0 of 1")
    press(desk, "1", "Stored and read back")
    press(desk, "n", "Nothing of this queue is left for you")
    assert not desk.page.locator(".stBottom").is_visible()


def test_marks_given_for_a_change_that_was_not_made_do_not_come_back(browser: Browser, server: Server) -> None:
    desk = visit(browser, server)
    desk.open("label?queue=three")
    desk.give_name("Ada", then="0 of its 3")
    press(desk, "1", "Stored and read back")
    press(desk, "e", "Keep as it is")
    good = desk.page.locator(".mw-marks button[data-mark='good']").first
    good.click()
    desk.settled()
    assert good.get_attribute("aria-pressed") == "true"
    press(desk, "k", "Your label")
    press(desk, "e", "Keep as it is")
    desk.settled()
    assert good.get_attribute("aria-pressed") == "false"
    press(desk, "2", "Right is better")
    assert [event.turn_marks for event in events(server)] == [{}, {}]


def test_a_queue_is_labelled_from_the_name_to_the_end_by_keys_alone(browser: Browser, server: Server) -> None:
    desk = visit(browser, server)
    desk.open("label?queue=three")
    for _ in ("at the top of the page", "in the form"):
        desk.tab_to("Your name")
    desk.page.keyboard.type("Ada")
    desk.page.keyboard.press("Enter")
    desk.shown("0 of 3")
    press(desk, "1", "Stored and read back")
    press(desk, "u", "Taken back")
    press(desk, "2", "Right is better")
    press(desk, "n", "1 of 3")
    press(desk, "s", "skipped 2 of its 3 pairs")
    desk.tab_to("Reasons")
    desk.page.keyboard.press("Enter")
    desk.tab_to("Comment (optional)")
    desk.page.keyboard.type("neither says 3")
    desk.page.keyboard.press("Control+Enter")
    desk.settled()
    desk.page.keyboard.press("Escape")
    press(desk, "4", "Stored and read back")
    press(desk, "n", "Nothing of this queue is left for you")
    by_pair = sorted([(e.choice, e.comment) for e in events(server, (pair_id,))] for pair_id in IDS)
    assert by_pair == sorted([[("left", ""), (None, ""), ("right", "")], [("skip", "")], [("both_bad", "neither says 3")]], key=str)
    assert {e.person for e in events(server)} == {"Ada"}
    assert not desk.errors
    assert not desk.foreign_requests()
    desk.page.context.close()


def test_a_server_killed_at_any_moment_after_a_vote_leaves_one_label_or_an_open_pair(browser: Browser, server: Server) -> None:
    desk = visit(browser, server)
    desk.open("label?pair=" + IDS[0])
    desk.give_name("Ada")
    for pair_id, after_ms in zip(IDS, (0, 60, 250), strict=True):
        desk.open(f"label?pair={pair_id}")
        desk.key("1")
        desk.page.wait_for_timeout(after_ms)
        server.kill()
        seen = desk.page.get_by_text("Stored and read back").count() > 0
        stored = events(server, (pair_id,))
        assert len(stored) == 1 or not (stored or seen)
        server.start()
        desk.page.wait_for_timeout(3_000)  # the open page connects again by itself
        desk.open(f"label?pair={pair_id}")
        if not events(server, (pair_id,)):
            desk.key("1")
        desk.shown("Stored and read back")
        assert [e.choice for e in events(server, (pair_id,))] == ["left"]
    assert not desk.foreign_requests()
    desk.page.context.close()


def test_a_server_that_is_told_to_end_does_so_in_good_order(browser: Browser, server: Server) -> None:
    """At once after its start, while it makes the first page ready, and with somebody on a page."""
    for somebody in (False, True):
        if somebody:
            visit(browser, server).open("")
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) in (0, -signal.SIGTERM)
        server.process = None
        server.start()
    assert not re.search("traceback|warning", server.log(), re.IGNORECASE)
