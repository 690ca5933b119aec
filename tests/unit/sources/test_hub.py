"""Data sets by the name that `datasets` knows; here folders on disk, so that nothing is downloaded."""

import sys
from pathlib import Path

import pytest

from music_core.errors import MissingExtraError, SourceError
from music_core.sources.hub_rows import parse_name
from music_core.sources.read import read_source
from tests.unit.sources.files import HH_ROW, TRL_ROW, write_rows


@pytest.fixture
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    datasets.disable_progress_bars()


@pytest.mark.usefixtures("_cache")
def test_a_data_set_is_read_by_name_and_split(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    write_rows(folder / "train.jsonl", [HH_ROW, HH_ROW])
    write_rows(folder / "test.jsonl", [HH_ROW])
    reading = read_source(f"hf:{folder}")
    assert (reading.fmt, reading.name, reading.report.rows) == ("hh", str(folder), 2)
    named = read_source(f"hf:{folder}:test", source="mine")
    assert (named.report.pairs, [s.origin.source for s in named.pairs]) == (1, ["mine"])
    with pytest.raises(SourceError, match=r"^hf:.*:nope cannot be loaded: "):
        read_source(f"hf:{folder}:nope")


@pytest.mark.usefixtures("_cache")
def test_without_a_train_split_the_only_one_is_taken_and_several_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    write_rows(folder / "test.jsonl", [TRL_ROW])
    assert read_source(f"hf:{folder}").report.rows == 1
    write_rows(folder / "validation.jsonl", [TRL_ROW])
    with pytest.raises(SourceError, match="has the splits"):
        read_source(f"hf:{folder}")


@pytest.mark.usefixtures("_cache")
def test_a_name_that_leads_nowhere_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^hf:.* cannot be loaded: [^\n]*\.$"):
        read_source(f"hf:{tmp_path / 'missing'}")
    with pytest.raises(SourceError, match="names no data set"):
        read_source("hf:")


def test_names_and_splits_are_told_apart() -> None:
    assert parse_name("hf:org/name") == ("org/name", None)
    assert parse_name("hf:org/name:train[:10]") == ("org/name", "train[:10]")


def test_without_the_library_the_command_that_adds_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"\.\[hub\]"):
        read_source("hf:org/name")
