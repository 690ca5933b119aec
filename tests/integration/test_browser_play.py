"""A short conversation in a real browser: two turns on the scripted fake, a reload in between, a blind vote."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from music_core.store.connect import open_store
from music_core.store.labels import all_labels
from tests.app.samples import fill
from tests.integration.browser import WAIT_MS, Server, Visit, watched

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("play")
    fill(found).close()
    return found


@pytest.fixture
def user(browser: Browser, home: Path) -> Iterator[Visit]:
    with Server(home) as server, watched(browser, server) as found:
        yield found


def test_a_person_talks_reloads_votes_and_finds_the_pair(user: Visit, home: Path) -> None:
    page = user.page
    user.open("play")
    form = page.locator(".st-key-mw-ask-name")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_role("button", name="Use this name").click()
    user.shown("Start talking")
    user.settled()
    page.get_by_label("Endpoint").first.click()
    page.get_by_role("option", name=re.compile("scripted")).click()
    user.settled()
    page.get_by_role("button", name="Start talking").click()
    for turn, text in enumerate(("How do bridges stay up?", "And in a storm, what then?"), start=1):
        page.get_by_label("Your message to both").fill(text)
        page.get_by_role("button", name="Send").click()
        page.locator(".mw-assistant").nth(2 * turn - 1).wait_for(timeout=WAIT_MS)
        page.get_by_role("button", name="Tie").wait_for(timeout=WAIT_MS)
        user.settled()
        if turn == 1:
            page.reload()
            user.settled()
            user.shown("How do bridges stay up?")
    assert not re.search("chosen|rejected", page.locator(".stMain").inner_text().lower())
    page.get_by_role("button", name="Left is better").click()
    page.get_by_role("link", name="Stored as a pair with your vote").click()
    user.shown("This reply answers a modified instruction")
    store = open_store(home)
    assert [(label.event.person, label.event.queue, label.event.blind) for label in all_labels(store)] == [("Ada", "play", True)]
    store.close()
