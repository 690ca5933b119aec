"""Browsing in a real browser: links that keep the state, back and forward, hostile text, both schemes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.app.samples import fill, hostile_pair, rice_pair
from tests.integration.browser import Server, Visit, visit, watched

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("browse")
    fill(home, n_plain=40, hostile=True).close()
    with Server(home) as running:
        yield running


@pytest.fixture
def reader(browser: Browser, server: Server) -> Iterator[Visit]:
    with watched(browser, server) as found:
        yield found


def test_a_pair_opens_by_a_click_without_a_reload_and_back_returns_to_the_same_list(reader: Visit) -> None:
    reader.open("pairs?source=rivers&sort=turns")
    reader.shown("1 to 30 of 40 pairs")
    reader.page.evaluate("window.kept = 1")
    reader.page.locator("a.mw-open").nth(1).click()
    reader.shown("2 of 40 in this filter")
    reader.key("k")
    reader.shown("3 of 40 in this filter")
    reader.key("j")
    reader.shown("2 of 40 in this filter")
    reader.page.go_back()
    reader.shown("3 of 40 in this filter")
    reader.page.go_back()
    reader.shown("2 of 40 in this filter")
    reader.page.go_back()
    reader.shown("1 to 30 of 40 pairs")
    assert "source=rivers" in reader.page.url
    reader.page.go_forward()
    reader.shown("2 of 40 in this filter")
    assert reader.page.evaluate("window.kept") == 1


def test_an_address_shows_a_colleague_the_same_list(browser: Browser, reader: Visit, server: Server) -> None:
    reader.open("pairs")
    reader.page.get_by_label("Search", exact=True).fill("country 3")
    reader.page.keyboard.press("Enter")
    reader.shown("6 pairs")
    reader.page.get_by_role("link", name="Turns").click()
    reader.page.wait_for_selector('th[aria-sort="descending"] >> text=Turns')
    first = reader.page.locator("a.mw-open").first.inner_text()
    other = visit(browser, server)
    other.page.goto(reader.page.url)
    other.settled()
    other.shown("6 pairs")
    assert other.page.locator("a.mw-open").first.inner_text() == first
    assert other.page.get_by_label("Search", exact=True).input_value() == "country 3"
    other.page.context.close()


def test_back_and_forward_go_over_turns_pairs_and_the_list(reader: Visit) -> None:
    reader.open("pairs?q=rice")
    reader.page.locator("a.mw-open").first.click()
    reader.shown("1 of 1 in this filter")
    for turn in (2, 3):
        reader.page.locator(f"#turn-{turn} a.mw-turn-link").click()
        reader.page.locator(f"#turn-{turn}.mw-asked").wait_for()
        reader.settled()
    reader.page.go_back()
    reader.page.locator("#turn-2.mw-asked").wait_for()
    reader.page.go_back()
    reader.page.wait_for_function("!document.querySelector('.mw-asked')")
    assert "turn=" not in reader.page.url
    reader.page.go_back()
    reader.shown("1 pair")
    reader.page.go_forward()
    reader.page.go_forward()
    reader.page.locator("#turn-2.mw-asked").wait_for()
    assert "q=rice" in reader.page.url


def test_an_address_of_agreement_shows_a_colleague_the_same_figures(browser: Browser, reader: Visit, server: Server) -> None:
    reader.open("agreement")
    reader.page.get_by_role("radio", name="Slices").click()
    reader.page.wait_for_url("**view=slices**")
    reader.settled()
    reader.page.get_by_label("Source").click()
    reader.page.get_by_role("option", name="rivers (40)").click()
    reader.page.wait_for_url("**source=rivers**")
    reader.settled()
    other = visit(browser, server)
    other.page.goto(reader.page.url)
    other.settled()
    mine, theirs = (who.page.locator("table").all_inner_texts() for who in (reader, other))
    assert len(mine) > 0
    assert theirs == mine
    assert other.page.get_by_text("rivers (40)").first.is_visible()
    assert other.page.get_by_role("radio", name="Slices").get_attribute("aria-checked") == "true"
    assert not other.errors
    assert not other.foreign_requests()
    other.page.context.close()


def test_a_chip_takes_its_filter_off(reader: Visit) -> None:
    reader.open("pairs?q=rice&source=rivers")
    reader.shown("No pair passes these filters")
    reader.page.get_by_role("link", name="Remove the filter source rivers").click()
    reader.shown("1 pair")
    reader.page.get_by_role("link", name="Clear all").click()
    reader.shown("1 to 30 of 42 pairs")


@pytest.mark.parametrize("path", ["pairs?q=pwned", f"pair?pair={hostile_pair().id}", f"label?pair={hostile_pair().id}"])
def test_hostile_text_is_only_text_and_no_request_leaves_the_machine(reader: Visit, path: str) -> None:
    reader.open(path)
    if path.startswith("label"):
        reader.give_name("Ada")
    reader.shown("<script>window.pwned=1</script>")
    reader.page.wait_for_timeout(1500)
    assert reader.page.evaluate("window.pwned === undefined")
    assert reader.page.locator("iframe, img[src*='198'], a[href*='198'], .stHtml script, .stHtml img").count() == 0
    assert reader.page.locator("h1").count() == 1
    assert reader.foreign_requests() == []


def test_the_contrast_is_shown_on_demand_beside_its_turn(reader: Visit) -> None:
    reader.open(f"pair?pair={rice_pair().id}")
    instruction = reader.page.get_by_text("Explain how soy sauce is made")
    assert not instruction.is_visible()
    reader.page.locator("#turn-2").get_by_text("This reply answers a modified instruction").click()
    assert instruction.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 900])
def test_pages_fit_their_width_in_both_schemes(browser: Browser, server: Server, scheme: str, width: int) -> None:
    reader = visit(browser, server, width=width, scheme=scheme)
    for path in ("pairs", f"pair?pair={rice_pair().id}"):
        reader.open(path)
        reader.page.wait_for_timeout(500)
        assert reader.page.evaluate("document.querySelector('.stMain').scrollWidth <= document.querySelector('.stMain').clientWidth + 1")
        ground = reader.page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        assert ground == ("rgb(22, 25, 28)" if scheme == "dark" else "rgb(251, 250, 247)")
    reader.page.context.close()


def test_a_key_held_down_skips_one_pair(reader: Visit) -> None:
    reader.open("label?source=rivers")
    reader.give_name("Held")
    reader.page.wait_for_timeout(800)
    for _ in range(60):
        reader.page.keyboard.down("s")
        reader.page.wait_for_timeout(40)
    reader.page.keyboard.up("s")
    reader.shown("1 of 40")
    reader.page.wait_for_timeout(1500)
    reader.settled()
    assert reader.page.get_by_text("1 of 40").is_visible()
