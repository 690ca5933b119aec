"""Runs in a real browser: launched from the form, watched, cancelled; what they made is there afterwards."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from jobs import api
from jobs.runner import LocalRunner
from tests.app.samples import fill
from tests.integration.browser import WAIT_MS, Server, Visit, watched

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("jobs")
    fill(found, n_plain=120).close()
    return found


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    with Server(home) as running:
        yield running


@pytest.fixture
def user(browser: Browser, server: Server) -> Iterator[Visit]:
    with watched(browser, server) as found:
        yield found


def run_of(user: Visit) -> str:
    """The id of the run on screen."""
    user.page.wait_for_url(re.compile(r"jobs\?run="), timeout=WAIT_MS)
    return user.page.url.partition("run=")[2]


def test_a_generation_is_estimated_started_once_by_a_double_click_and_its_pairs_appear(user: Visit, home: Path) -> None:
    user.open("jobs?new=generate&assistant=scripted&n=6")
    user.page.get_by_role("textbox", name="Store as source").fill("from-the-form")
    user.page.get_by_role("button", name="Estimate").click()
    user.shown("Tokens written")
    user.settled()
    user.page.get_by_role("button", name="Start", exact=True).dblclick()
    run_id = run_of(user)
    user.shown("What came of it")
    user.settled()
    assert len(LocalRunner(home).folders()) == 1
    assert api.status(run_id, home=home).status == "finished"
    user.page.get_by_role("link", name="6 pairs").click()
    user.shown("6 pairs")
    user.settled()
    assert user.page.locator("a.mw-open").count() == 6
    user.page.locator("a.mw-open").first.click()
    user.shown("This reply answers a modified instruction")
    user.open("")
    user.shown("from-the-form")
    user.shown("Generate: 6 pairs by scripted, swap")


def test_a_running_generation_is_watched_and_cancelled_from_the_page_and_can_be_resumed(user: Visit, home: Path) -> None:
    user.open("jobs?new=generate&assistant=scripted&n=120&turns=60&schedule=last")
    user.page.get_by_role("button", name="Start", exact=True).click()
    run_id = run_of(user)
    user.shown("generate starts")
    user.shown("of 120")
    user.page.get_by_role("button", name="Cancel this run").click()
    user.page.get_by_role("button", name="Resume").wait_for(timeout=WAIT_MS)
    assert api.status(run_id, home=home).status == "cancelled"
    user.open("jobs")
    assert "cancelled" in user.page.locator(".mw-runs tbody tr").first.inner_text()


def test_a_judge_is_asked_from_the_overview_and_its_verdicts_enter_the_matrix(user: Visit) -> None:
    user.open("")
    user.page.get_by_role("link", name="Ask a judge").click()
    user.shown("Ways of judging")
    user.settled()
    user.open("jobs?new=judge&endpoint=scripted&sources=illustration")
    user.page.get_by_role("button", name="Start", exact=True).click()
    user.shown("Verdicts of scripted-checklist")
    user.open("agreement")
    user.shown("scripted-checklist")
    assert user.page.locator(".mw-matrix tbody tr").count() > 5
