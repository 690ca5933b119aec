"""Labelling in a real browser: keys, undo, double clicks, a server that dies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from music_core.store.connect import open_store
from music_core.store.labels import label_history
from music_core.types import LabelEvent
from tests.app.samples import fill, rice_pair
from tests.integration.browser import Server, Visit, visit

pytestmark = pytest.mark.integration
PAIR = rice_pair().id


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    fill(tmp_path).close()
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[Visit]:
    """Ada before her first pair."""
    found = visit(browser, server)
    found.open("label")
    found.give_name("Ada")
    yield found
    assert not found.errors
    assert not found.foreign_requests()
    found.page.context.close()


def events(home: Path) -> list[LabelEvent]:
    store = open_store(home)
    try:
        return [label.event for label in label_history(store, PAIR)]
    finally:
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
    other.open("label")
    other.give_name("Bob")
    other.key("3")
    other.shown("Stored and read back")
    assert desk.page.get_by_text("Stored and read back").count() == 0
    desk.key("1")
    desk.shown("Stored and read back")
    assert [(e.person, e.choice) for e in events(server.home)] == [("Bob", "tie"), ("Ada", "left")]
    other.page.context.close()
