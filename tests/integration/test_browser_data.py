"""A real file uploaded in a real browser: previewed, imported, there; and taken out again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from music_core.sources.read import read_source
from music_core.store.connect import open_store
from music_core.store.pairs import PairFilter, pair_ids
from tests.app.samples import fill
from tests.integration.browser import WAIT_MS, Server, Visit, watched

pytestmark = pytest.mark.integration


def rows(n: int) -> str:
    """`n` usable rows and one whose sides are the same."""
    out = [
        {
            "chosen": f"\n\nHuman: What is {i} plus one?\n\nAssistant: {i + 1}.",
            "rejected": f"\n\nHuman: What is {i} plus one?\n\nAssistant: {i}.",
        }
        for i in range(n)
    ]
    return "".join(json.dumps(r) + "\n" for r in [*out, {**out[0], "rejected": out[0]["chosen"]}])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    home = tmp_path / "home"
    fill(home).close()
    with Server(home) as running:
        yield running


@pytest.fixture
def user(browser: Browser, server: Server) -> Iterator[Visit]:
    with watched(browser, server) as found:
        yield found


def n_pairs(home: Path) -> int:
    store = open_store(home)
    try:
        return len(pair_ids(store, PairFilter()))
    finally:
        store.close()


def test_an_upload_is_previewed_then_imported_and_what_is_exported_reads_back(user: Visit, server: Server, tmp_path: Path) -> None:
    (tmp_path / "wrong.jsonl").write_text("not json\n", encoding="utf-8")
    (tmp_path / "sums ä.jsonl").write_text(rows(5), encoding="utf-8")
    user.open("data")
    upload = user.page.locator("input[type=file]")
    upload.set_input_files(tmp_path / "wrong.jsonl")
    user.shown("Nothing was stored")
    upload.set_input_files(tmp_path / "sums ä.jsonl")
    user.shown("identical conversations")
    user.shown("hh: Anthropic HH text")
    assert n_pairs(server.home) == 1
    user.page.get_by_role("button", name="Import", exact=True).click()
    user.page.get_by_role("link", name="5 pairs of sums_ä").click(timeout=WAIT_MS)
    user.shown("What is 4 plus one?")
    assert n_pairs(server.home) == 6
    user.open("data?export=1&source=sums_ä")
    user.page.get_by_role("button", name="Prepare the file").click()
    with user.page.expect_download() as found:
        user.page.get_by_role("button", name="Download 5 rows").click()
    found.value.save_as(tmp_path / "back.jsonl")
    with read_source(str(tmp_path / "back.jsonl")) as back:
        assert back.report.pairs == 5
    assert found.value.suggested_filename.endswith(".jsonl")
