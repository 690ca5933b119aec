"""Every page in a real browser on a store without a pair, with one pair, and with 104,000."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser

from benchmarks.synthetic.fill import synthetic_store
from music_core.store.connect import open_store
from music_core.store.labels import add_label
from music_core.store.pairs import PairFilter, list_pairs
from music_core.types import LabelEvent
from tests.app.samples import fill, rice_pair
from tests.integration.browser import Server, Visit, visit

# Writing the large store takes a few minutes, and counts for the first test that wants it.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

N_MANY = 104_000
# Names a folder in which a large store was written before, to save the minutes that writing it takes.
KEPT = "MUSIC_TEST_LARGE_STORE"
BOUND_S = 30.0
# Computed over all pairs at once.
SLOW_S: Mapping[str, float] = {"agreement?view=bias": 60.0, "agreement?view=slices": 60.0}


class Page(NamedTuple):
    """An address and what stands on its page, by the size of the store."""

    path: str
    empty: str
    one: str
    many: str


PAGES = (
    Page("", "The store is empty", "Agreement with the construction", "Agreement with the construction"),
    Page("pairs", "No pairs yet", "1 pair", "of 104,000 pairs"),
    Page("conversations", "No conversations yet", "2 conversations", "of 208,000 conversations"),
    Page("pair?pair=", "No pair chosen", "the sides part here", "the sides part here"),
    Page("label", "Nothing to label", "0 of 1", "of 104,000"),
    Page("play", "Start talking", "Start talking", "Start talking"),
    Page("agreement", "No pairs yet", "rest on fewer than 30 pairs", "Every two raters; n counts pairs"),
    Page("agreement?view=bias", "No pairs yet", "This one pair comes from 1 seed only", "What pulls them"),
    Page("agreement?view=slices", "No pairs yet", "Two raters on the same pairs", "Two raters on the same pairs"),
    Page("agreement?view=estimates", "No pairs yet", "No labelling queue yet", "No labelling queue yet"),
    Page("evaluation", "No evaluation yet", "No evaluation yet", "No evaluation yet"),
    Page("models", "No reward model yet", "Two models side by side", "Two models side by side"),
    Page("jobs", "No run yet", "No run yet", "No run yet"),
    Page("jobs?new=generate", "What it would cost", "What it would cost", "What it would cost"),
    Page("data", *["Preference data, votes or verdicts"] * 3),
    Page("data?export=1", "Nothing to export yet", "1 pair", "104,000 pairs"),
)
SIZES = ("empty", "one", "many")


@dataclass(frozen=True)
class Place:
    """A server on a store of one size, and a browser in which Ada has given her name."""

    size: str
    pair_id: str
    reader: Visit


def _empty(home: Path) -> str:
    open_store(home).close()
    return ""


def _one(home: Path) -> str:
    store, pair_id = fill(home), rice_pair().id
    add_label(store, LabelEvent("e", pair_id, "Bob", "left", "chosen", True))
    store.close()
    return pair_id


def _many(home: Path) -> str:
    synthetic_store(home, N_MANY, 0)
    store = open_store(home)
    try:
        return list_pairs(store, PairFilter(), limit=1).rows[0].pair_id
    finally:
        store.close()


FILL: Mapping[str, Callable[[Path], str]] = {"empty": _empty, "one": _one, "many": _many}


@pytest.fixture(scope="module", params=SIZES)
def place(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    size: str = request.param
    home = tmp_path_factory.mktemp(size)
    if size == "many" and KEPT in os.environ:
        home = Path(os.environ[KEPT])
    pair_id = FILL[size](home)
    with Server(home) as server:
        reader = visit(browser, server)
        reader.open("label")
        form = reader.page.locator(".st-key-mw-ask-name")
        form.get_by_label("Your name").fill("Ada")
        form.get_by_role("button", name="Use this name").click()
        reader.page.get_by_role("button", name="Ada").wait_for()
        yield Place(size, pair_id, reader)
        reader.page.context.close()
        assert "Traceback" not in server.log()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path or "overview")
def test_every_page_opens_without_a_failure_or_a_request_elsewhere(place: Place, page: Page) -> None:
    reader, began = place.reader, time.monotonic()
    reader.open(page.path + place.pair_id if page.path.endswith("=") else page.path)
    reader.shown(getattr(page, place.size))
    took_s = time.monotonic() - began
    assert reader.page.locator("h1").count() == 1
    assert reader.page.locator("h1").inner_text().strip()
    assert reader.page.locator('.mw-error, [data-testid="stException"]').all_inner_texts() == []
    assert "Traceback" not in reader.page.locator("body").inner_text()
    assert reader.errors == []
    assert reader.foreign_requests() == []
    assert took_s < SLOW_S.get(page.path, BOUND_S)
