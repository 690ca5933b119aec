"""Conversations in a real browser: list, filter, open, keys, back, and the same address for a colleague."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.app.samples import fill, hostile_pair, rice_pair
from tests.integration.browser import Server, Visit, visit, watched

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("conversations")
    fill(home, n_plain=20, hostile=True).close()
    with Server(home) as running:
        yield running


@pytest.fixture
def reader(browser: Browser, server: Server) -> Iterator[Visit]:
    with watched(browser, server) as found:
        yield found


def test_a_filtered_list_is_left_by_keys_and_comes_back_and_a_colleague_sees_the_same(
    browser: Browser, reader: Visit, server: Server
) -> None:
    reader.open("conversations?source=rivers")
    reader.shown("1 to 30 of 40 conversations")
    reader.page.evaluate("window.kept = 1")
    reader.page.get_by_role("button", name="Filters").click()
    reader.page.get_by_label("In pairs", exact=True).click()
    reader.page.get_by_role("option", name="rejected side of a pair").click()
    reader.shown("20 conversations")
    # The first closes the choice, the second the panel.
    reader.page.keyboard.press("Escape")
    reader.page.keyboard.press("Escape")
    reader.page.get_by_label("In pairs", exact=True).wait_for(state="hidden")
    reader.page.get_by_role("link", name="Turns").click()
    reader.page.wait_for_selector('th[aria-sort="descending"] >> text=Turns')
    listed = reader.page.url
    reader.page.locator("a.mw-open").nth(1).click()
    reader.shown("2 of 20 in this filter")
    reader.key("l")
    reader.page.wait_for_selector("#turn-1.mw-asked")
    reader.key("l")
    reader.page.wait_for_selector("#turn-2.mw-asked")
    reader.key("h")
    reader.page.wait_for_selector("#turn-1.mw-asked")
    assert "turn=1" in reader.page.url
    opened = reader.page.url
    other = visit(browser, server, width=900, scheme="dark")
    other.page.goto(opened)
    other.settled()
    other.shown("2 of 20 in this filter")
    other.page.wait_for_selector("#turn-1.mw-asked")
    assert other.page.locator("h1").inner_text() == reader.page.locator("h1").inner_text()
    other.page.context.close()
    reader.key("k")
    reader.shown("3 of 20 in this filter")
    reader.key("j")
    reader.shown("2 of 20 in this filter")
    reader.page.get_by_role("link", name="← Conversations").click()
    reader.shown("20 conversations")
    assert reader.page.url == listed
    assert reader.page.evaluate("window.kept") == 1


def test_back_in_the_browser_returns_to_the_same_list(reader: Visit) -> None:
    reader.open("conversations?side=chosen&sort=chars")
    reader.shown("22 conversations")
    reader.page.locator("a.mw-open").first.click()
    reader.shown("1 of 22 in this filter")
    reader.page.go_back()
    reader.shown("22 conversations")
    assert "side=chosen" in reader.page.url and "sort=chars" in reader.page.url


def test_the_side_in_a_row_leads_to_the_pair_and_the_row_to_the_conversation(reader: Visit) -> None:
    reader.open("conversations?source=illustration&side=rejected")
    reader.shown("1 conversation")
    reader.page.locator(".mw-conversations").get_by_role("link", name="rejected", exact=True).click()
    reader.shown("Each conversation by itself:")
    assert f"pair?pair={rice_pair().id}" in reader.page.url
    reader.page.get_by_role("link", name="Rejected", exact=True).last.click()
    reader.shown("the other side")
    assert f"conversation?conversation={rice_pair().rejected.id}" in reader.page.url


def test_the_file_of_a_conversation_holds_its_messages(reader: Visit) -> None:
    side = rice_pair().chosen
    reader.open(f"conversation?conversation={side.id}")
    with reader.page.expect_download() as waiting:
        reader.page.get_by_role("button", name="This conversation as JSON").click()
    row = json.loads(Path(waiting.value.path()).read_text())
    assert row == {"id": side.id, "messages": side.as_dicts()}


@pytest.mark.parametrize("path", ["conversations?q=pwned", f"conversation?conversation={hostile_pair().chosen.id}"])
def test_hostile_text_is_only_text_and_no_request_leaves_the_machine(reader: Visit, path: str) -> None:
    reader.open(path)
    reader.shown("<script>window.pwned=1</script>")
    reader.page.wait_for_timeout(1000)
    assert reader.page.evaluate("window.pwned === undefined")
    assert reader.page.locator("iframe, img[src*='198'], a[href*='198'], .stHtml script, .stHtml img").count() == 0
    assert reader.page.locator("h1").count() == 1


def test_pages_fit_a_narrow_window(browser: Browser, server: Server) -> None:
    reader = visit(browser, server, width=900, scheme="dark")
    for path in ("conversations", f"conversation?conversation={rice_pair().rejected.id}"):
        reader.open(path)
        reader.page.wait_for_timeout(500)
        assert reader.page.evaluate("document.querySelector('.stMain').scrollWidth <= document.querySelector('.stMain').clientWidth + 1")
    reader.page.context.close()
