"""Labelling in a real browser: keys, undo, double clicks, a server that dies."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator

from music_core.store.connect import open_store
from music_core.store.labels import all_labels, label_history
from music_core.store.queues import PoolPair, QueueHead, create_queue
from music_core.types import LabelEvent
from tests.app.samples import fill, plain_pair, rice_pair
from tests.integration.browser import Server, Visit, visit, watched

pytestmark = pytest.mark.integration
PAIR = rice_pair().id
SHORT = sorted(plain_pair(i, 2 + i % 4).id for i in range(4))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    fill(tmp_path, n_plain=4).close()
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[Visit]:
    """Ada before her first pair."""
    with watched(browser, server) as found:
        found.open(f"label?pair={PAIR}")
        found.give_name("Ada")
        yield found


def events(home: Path, pair_id: str = PAIR) -> list[LabelEvent]:
    store = open_store(home)
    try:
        return [label.event for label in label_history(store, pair_id)]
    finally:
        store.close()


def make_queue(home: Path, name: str, overlap: int, ids: Sequence[str] = SHORT) -> None:
    store = open_store(home)
    create_queue(store, QueueHead(name, "uniform", 1, overlap=overlap), [PoolPair(pair_id, 1.0, True) for pair_id in ids])
    store.close()


def test_a_vote_by_key_undone_and_given_again_survives_a_restart_of_the_server(desk: Visit, server: Server) -> None:
    desk.key("1")
    desk.shown("Stored and read back")
    desk.key("u")
    desk.shown("Taken back")
    desk.key("2")
    desk.shown("Stored and read back")
    desk.shown("Right is better")
    server.kill()
    assert [(e.choice, e.blind) for e in events(server.home)] == [("left", True), (None, True), ("right", False)]
    server.start()
    desk.open(f"label?pair={PAIR}")
    desk.shown("Stored and read back")
    desk.shown("Right is better")
    assert desk.page.get_by_role("button", name="Ada").is_visible()
    desk.shown("Your history on this pair (3)").click()
    assert desk.page.locator("table").get_by_text("Taken back").is_visible()
    assert desk.page.locator("table").get_by_text("Left is better").is_visible()
    desk.open(f"pair?pair={PAIR}")
    desk.shown("Ada (unverified)")
    desk.shown("3 events").click()
    desk.shown("Taken back")


def test_a_double_click_is_one_label(desk: Visit, server: Server) -> None:
    desk.page.wait_for_timeout(800)
    desk.page.get_by_role("button", name="Left").dblclick()
    desk.shown("Stored and read back")
    desk.page.wait_for_timeout(1500)
    desk.settled()
    assert [e.choice for e in events(server.home)] == ["left"]


def test_a_key_held_down_is_one_label(desk: Visit, server: Server) -> None:
    desk.settled()
    desk.page.wait_for_timeout(800)
    for _ in range(25):
        desk.page.keyboard.down("1")
        desk.page.wait_for_timeout(40)
    desk.page.keyboard.up("1")
    desk.shown("Stored and read back")
    desk.page.wait_for_timeout(1500)
    assert [e.choice for e in events(server.home)] == ["left"]


def test_keys_typed_into_the_comment_are_no_votes_and_go_with_the_vote(desk: Visit, server: Server) -> None:
    desk.page.get_by_role("button", name="Reasons").click()
    desk.page.get_by_text("consistent over the turns").click()
    desk.page.get_by_label("Comment (optional)").fill("1 and 2 are both s")
    desk.page.keyboard.type("3u")
    desk.page.keyboard.press("Control+Enter")
    desk.settled()
    assert events(server.home) == []
    desk.page.keyboard.press("Escape")
    desk.key("4")
    desk.shown("Stored and read back")
    (event,) = events(server.home)
    assert (event.choice, event.reasons, event.comment) == ("both_bad", ("consistent over the turns",), "1 and 2 are both s3u")


def test_two_people_at_once_keep_their_own_names(browser: Browser, desk: Visit, server: Server) -> None:
    other = visit(browser, server)
    other.open(f"label?pair={PAIR}")
    other.give_name("Bob")
    other.key("3")
    other.shown("Stored and read back")
    assert desk.page.get_by_text("Stored and read back").count() == 0
    desk.key("1")
    desk.shown("Stored and read back")
    assert [(e.person, e.choice) for e in events(server.home)] == [("Bob", "tie"), ("Ada", "left")]
    other.page.context.close()


def test_the_keyboard_alone_marks_replies_gives_reasons_and_votes(desk: Visit, server: Server) -> None:
    desk.tab_to("Good")
    desk.page.keyboard.press("Space")
    desk.settled()
    desk.tab_to("Reasons")
    desk.page.keyboard.press("Enter")
    desk.page.get_by_label("Comment (optional)").wait_for()
    desk.tab_to("Comment (optional)")
    desk.page.keyboard.type("the left one answers")
    desk.page.keyboard.press("Control+Enter")
    desk.settled()
    desk.page.keyboard.press("Escape")
    desk.key("1")
    desk.shown("Stored and read back")
    (event,) = events(server.home)
    assert (event.choice, event.comment, dict(event.turn_marks)) == ("left", "the left one answers", {2: "left:good"})
    desk.shown("marked good")
    desk.key("n")
    desk.page.wait_for_function(f"!location.href.includes('{PAIR}')")


def mark_button(desk: Visit, reply: str, mark: str) -> Locator:
    return desk.page.get_by_role("group", name=f"Turn {reply}: the reply is").get_by_role("button", name=mark)


def pressed(desk: Visit) -> list[list[str]]:
    found = desk.page.locator('.mw-marks [aria-pressed="true"]')
    marks: list[list[str]] = found.evaluate_all("all => all.map(b => [b.dataset.reply, b.dataset.mark])")
    return marks


def choose_a_reason(desk: Visit) -> None:
    """Have the page run anew."""
    desk.page.get_by_role("button", name="Reasons").click()
    desk.page.get_by_text("consistent over the turns").click()
    desk.settled()
    desk.page.keyboard.press("Escape")


def test_marks_stay_pressed_while_the_page_runs_anew_and_go_with_the_vote(desk: Visit, server: Server) -> None:
    def button(reply: str, mark: str) -> Locator:
        return mark_button(desk, reply, mark)

    button("2, left", "Good").click()
    button("3, right", "Bad").click()
    button("3, right", "Flag").click()
    button("3, left", "Bad").click()
    button("3, left", "Bad").click()
    choose_a_reason(desk)
    assert pressed(desk) == [["2-left", "good"], ["3-right", "flag"]]
    desk.key("1")
    desk.shown("Stored and read back")
    assert dict(events(server.home)[-1].turn_marks) == {2: "left:good", 3: "right:flag"}
    desk.key("e")
    button("2, left", "Good").click()
    button("3, right", "Flag").wait_for()
    desk.key("2")
    desk.shown("Right is better")
    assert dict(events(server.home)[-1].turn_marks) == {3: "right:flag"}


def test_marks_stay_pressed_in_another_theme_and_below_something_new_and_do_not_go_with_a_skip(desk: Visit, server: Server) -> None:
    mark_button(desk, "2, left", "Good").click()
    desk.settled()
    desk.page.emulate_media(color_scheme="dark")
    desk.settled()
    mark_button(desk, "3, right", "Flag").click()
    assert pressed(desk) == [["2-left", "good"], ["3-right", "flag"]]
    make_queue(server.home, "three", 1)
    choose_a_reason(desk)
    desk.page.get_by_label("Queue").first.wait_for()
    assert pressed(desk) == [["2-left", "good"], ["3-right", "flag"]]
    mark_button(desk, "3, right", "Flag").click()
    assert pressed(desk) == [["2-left", "good"]]
    desk.key("1")
    desk.shown("Stored and read back")
    assert dict(events(server.home)[-1].turn_marks) == {2: "left:good"}
    desk.key("n")
    desk.page.wait_for_function(f"!location.href.includes('{PAIR}')")
    for _ in range(2):
        desk.settled()
        skipped = desk.page.url
        desk.page.locator(".mw-marks").first.wait_for()
        desk.page.locator('.mw-marks [data-mark="bad"]').first.click()
        assert len(pressed(desk)) == 1
        desk.key("s")
        desk.page.wait_for_function(f"location.href !== '{skipped}'")
        desk.settled()
        assert pressed(desk) == []
    desk.page.locator('.mw-marks [data-mark="flag"]').first.click()
    now = desk.page.url.rsplit("pair=", 1)[1]
    desk.key("2")
    desk.shown("Stored and read back")
    assert list(events(server.home, now)[-1].turn_marks.values()) == ["left:flag"]


def test_two_tabs_of_one_person_are_two_events_and_one_label(desk: Visit, server: Server) -> None:
    tab = Visit(desk.page.context.new_page(), server)
    tab.open(f"label?pair={PAIR}")
    tab.shown("in this queue")
    tab.key("1")
    tab.shown("Stored and read back")
    desk.key("2")  # this tab still shows the pair as open
    desk.shown("Stored and read back")
    assert [(e.choice, e.blind, e.supersedes is None) for e in events(server.home)] == [("left", True, True), ("right", False, False)]
    tab.page.close()


def test_people_on_one_queue_get_pairs_of_their_own_unless_two_are_asked_for(browser: Browser, desk: Visit, server: Server) -> None:
    make_queue(server.home, "one each", 1)
    other = visit(browser, server)
    desk.open("label?queue=one%20each")
    other.open("label?queue=one%20each")
    other.page.locator(".st-key-mw-ask-name").get_by_label("Your name").fill("Bob")
    other.page.get_by_role("button", name="Use this name").click()
    other.shown("Queue")
    for who in (desk, other, desk, desk):
        who.shown("the sides part here")
        who.key("1")
        who.shown("Stored and read back")
        who.key("n")
        who.settled()
    given = {pair_id: [e.person for e in events(server.home, pair_id)] for pair_id in SHORT}
    assert sorted(people[0] for people in given.values()) == ["Ada", "Ada", "Ada", "Bob"]
    assert all(len(people) == 1 for people in given.values())
    make_queue(server.home, "two each", 2, [PAIR])
    for who in (desk, other):
        who.open("label?queue=two%20each")
        who.shown("the sides part here")
        who.key("2")
        who.shown("Stored and read back")
    assert sorted((e.person, e.beyond) for e in events(server.home)) == [("Ada", False), ("Bob", False)]
    other.page.context.close()


def test_a_server_killed_between_vote_and_answer_loses_and_doubles_nothing(desk: Visit, server: Server) -> None:
    store = open_store(server.home)
    desk.key("1")
    until = time.monotonic() + 60
    while not all_labels(store) and time.monotonic() < until:
        time.sleep(0.005)
    server.kill()
    assert [label.event.choice for label in all_labels(store)] == ["left"]
    server.start()
    desk.open(f"label?pair={PAIR}")
    desk.shown("Stored and read back")
    desk.page.wait_for_timeout(1000)
    assert [label.event.choice for label in all_labels(store)] == ["left"]
    store.close()
    desk.errors.clear()  # what the page said while there was no server


def test_back_and_forward_walk_the_pairs_and_store_nothing(desk: Visit, server: Server) -> None:
    desk.key("1")
    desk.shown("Stored and read back")
    desk.key("n")
    desk.shown("Left")
    desk.page.wait_for_function(f"!location.href.includes('{PAIR}')")
    desk.settled()
    second = desk.page.url
    desk.page.go_back()
    desk.page.wait_for_function(f"location.href.includes('{PAIR}')")
    desk.shown("Stored and read back")
    desk.page.go_forward()
    desk.page.wait_for_function(f"location.href === '{second}'")
    desk.shown("Skip")
    assert len(events(server.home)) == 1
