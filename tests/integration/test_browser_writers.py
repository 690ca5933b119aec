"""Two processes write labels and pairs as fast as they can, among them the same ones at the same instant, while a person uses the app."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from benchmarks.labels import Plan, run
from music_core.store.connect import open_store
from music_core.store.labels import label_history
from music_core.store.maintain import check
from tests.app.samples import fill, rice_pair
from tests.integration.browser import Server, Visit, visit

pytestmark = pytest.mark.integration
PAIR = rice_pair().id
SECONDS = 30.0
PAGES = ("", "pairs", "pairs?source=benchmark&sort=labels", f"pair?pair={PAIR}", "agreement", "jobs")


def errors_on(desk: Visit) -> list[str]:
    """What the page says went wrong, in our own box or in Streamlit's, and what the browser's scripts threw."""
    shown = desk.page.locator('.mw-error, [data-testid="stException"]').all_inner_texts()
    return [*shown, *desk.errors]


def vote_once(desk: Visit, key: str) -> None:
    """Open the pair, vote by key, see it acknowledged, take it back."""
    desk.open(f"label?pair={PAIR}")
    desk.key(key)
    desk.shown("Stored and read back")
    assert errors_on(desk) == []
    desk.key("u")
    desk.shown("Taken back")


def test_no_page_fails_and_no_label_is_lost_while_two_processes_write(browser: Browser, tmp_path: Path) -> None:
    fill(tmp_path).close()
    with Server(tmp_path) as server, ThreadPoolExecutor(1) as pool:
        desk = visit(browser, server)
        desk.open("label")
        desk.give_name("Ada")
        writing = pool.submit(run, Plan(tmp_path, seconds=SECONDS, writers=2))
        n_pages = n_votes = 0
        # In this order, so that every page was open while they wrote even where a page takes seconds.
        while not writing.done() or n_pages < len(PAGES):
            desk.open(PAGES[n_pages % len(PAGES)])
            assert errors_on(desk) == []
            n_pages += 1
            if n_pages % 2:
                vote_once(desk, "12"[n_votes % 2])
                n_votes += 1
        written = writing.result()
        assert errors_on(desk) == []
        assert not desk.foreign_requests()
        desk.page.context.close()
        assert "Traceback" not in server.log()
    assert (written["lost"], written["doubled"]) == (0, 0)
    assert written["acknowledged"] > 0
    store = open_store(tmp_path)
    ada = [label.event.choice for label in label_history(store, PAIR) if label.event.person == "Ada"]
    assert [choice is not None for choice in ada] == [True, False] * n_votes
    assert check(store) == []
    store.close()
