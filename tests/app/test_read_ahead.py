"""What pages do behind the screen: pairs read ahead, and nothing lost when that fails."""

import logging
from pathlib import Path

import pytest

from app import data
from tests.app.conftest import Use
from tests.app.samples import rice_pair


def test_a_pair_read_ahead_is_there_when_it_is_asked_for(one_home: Path, use_home: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    use_home(one_home)
    monkeypatch.setattr(data, "AHEAD_S", 0.0)
    data.read_ahead(rice_pair().id).result(30)
    monkeypatch.setattr(data, "get_text", lambda *_: pytest.fail("asked the store again"))
    assert data.text(rice_pair().id) == rice_pair()


def test_a_pair_that_cannot_be_read_ahead_is_told_when_it_is_asked_for(
    one_home: Path, use_home: Use, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use_home(one_home)
    monkeypatch.setattr(data, "AHEAD_S", 0.0)
    with caplog.at_level(logging.DEBUG, "music.app"):
        data.read_ahead("p_gone").result(30)
    assert "p_gone could not be read ahead" in caplog.text
    with pytest.raises(Exception, match="There is no pair p_gone"):
        data.text("p_gone")
