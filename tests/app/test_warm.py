"""What is made ready before anybody comes."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from app import data, reports, warm
from music_core.store.connect import Store
from music_core.store.session import IdTable, Row, Session
from tests.app.conftest import Use


@pytest.fixture(autouse=True)
def _no_server_goes_on() -> Iterator[None]:
    yield
    data.stop_serving()


def is_kept(store: Store) -> bool:
    return store._keeper is not None


def test_a_server_keeps_the_store_open_that_the_settings_name(one_home: Path, use_home: Use, tmp_path: Path) -> None:
    first = use_home(one_home)
    assert not is_kept(first)
    data.serve()
    assert is_kept(first)
    other = use_home(tmp_path)
    assert (is_kept(first), is_kept(other)) == (False, True)
    data.stop_serving()
    assert (is_kept(use_home(one_home)), is_kept(other)) == (False, False)


def test_the_first_page_finds_its_figures_ready(one_home: Path, use_home: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_HOME", str(one_home))
    warm._warm()
    assert data.store().glance(lambda _: True), "the index is not filled"
    asked, rows = [], Session.rows

    def noted(self: Session, sql: str, params: Sequence[Any] = (), wanted: IdTable | None = None) -> list[Row]:
        asked.append(sql)
        return rows(self, sql, params, wanted)

    monkeypatch.setattr(Session, "rows", noted)
    assert reports.inventory().whole.n == 1
    assert reports.agreement().cells
    assert set(asked) == {"SELECT id FROM ducklake_current_snapshot('lake')"}


def test_an_empty_store_is_made_ready_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("MUSIC_HOME", str(tmp_path))
    with caplog.at_level(logging.INFO, "music.app"):
        warm._warm()
    assert not caplog.text
    assert reports.inventory().whole.n == 0


def test_a_server_starts_on_a_store_that_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "home").write_text("not a folder")
    monkeypatch.setenv("MUSIC_HOME", str(tmp_path / "home"))
    with caplog.at_level(logging.INFO, "music.app"):
        warm._warm()
    assert "Not all was made ready" in caplog.text
