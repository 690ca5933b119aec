"""Whole files: every ending, detection, counts."""

import io
import json
from pathlib import Path

import pytest

from music_core.errors import SourceError
from music_core.sources.files import InputFile
from music_core.sources.json_rows import json_rows
from music_core.sources.read import FileRow, open_rows, read_source
from tests.unit.sources.files import HH_ROW, OASST_ROW, ROWS, SHAREGPT_ROW, TRL_ROW, write_bytes, write_rows

ENDINGS = [f"{kind}{packed}" for kind in (".jsonl", ".json", ".parquet") for packed in ("", ".gz")]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("fmt", ROWS)
def test_every_format_is_recognised_in_every_kind_of_file(fmt: str, ending: str, tmp_path: Path) -> None:
    reading = read_source(write_rows(tmp_path / f"set{ending}", [ROWS[fmt], ROWS[fmt]]))
    assert (reading.name, reading.fmt, reading.report.rows, reading.report.rows_used) == ("set", fmt, 2, 2)
    plain = read_source(write_rows(tmp_path / "plain.jsonl", [ROWS[fmt], ROWS[fmt]]))
    assert [s.pair for s in reading.pairs] == [s.pair for s in plain.pairs]
    assert {s.origin.source for s in reading.pairs} == {"set"}


def test_rows_are_rows_used_plus_dropped_and_a_row_may_give_many_pairs(tmp_path: Path) -> None:
    bad = HH_ROW | {"rejected": HH_ROW["chosen"]}
    hh = read_source(write_rows(tmp_path / "hh.jsonl", [HH_ROW, bad, bad, 7, None, {"chosen": 1}]))
    assert hh.report.as_dict() == {
        "rows": 6,
        "rows_used": 1,
        "pairs": 1,
        "chats": 0,
        "dropped": {"identical conversations": 2, "row is not an object": 2, "not a row of this format": 1},
        "left_out": {},
    }
    trees = read_source(write_rows(tmp_path / "trees.jsonl", [OASST_ROW, OASST_ROW])).report
    assert (trees.rows, trees.rows_used, trees.pairs, dict(trees.dropped)) == (2, 2, 8, {})


def test_the_source_is_named_after_the_file_or_as_told(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "my.set.JSONL", [TRL_ROW])
    assert read_source(path).name == "my.set"
    told = read_source(path, source="other")
    assert [s.origin.source for s in told.pairs] == ["other"] == [told.name]
    assert [s.origin.locator for s in told.pairs] == ["1"]


def test_a_limit_stops_after_so_many_rows(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "set.json", [TRL_ROW] * 50)
    assert read_source(path, limit=30).report.rows == 30
    with pytest.raises(SourceError, match="reads nothing"):
        read_source(path, limit=0)


def test_detection_goes_by_most_of_the_first_rows(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "mixed.jsonl", [TRL_ROW, SHAREGPT_ROW, SHAREGPT_ROW])
    reading = read_source(path)
    assert reading.fmt == "sharegpt"
    assert reading.report.dropped == {"not a row of this format": 1}
    assert read_source(path, fmt="trl").report.rows_used == 1


def test_json_may_hold_values_one_after_the_other_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    lines = json.dumps(TRL_ROW) + "\n\n  " + json.dumps(TRL_ROW, indent=2) + "\n"
    assert read_source(write_bytes(tmp_path / "a.json", lines.encode())).report.rows == 2
    lines = f"\ufeff{json.dumps(TRL_ROW)}\r\n\r\n{json.dumps(TRL_ROW)}"
    assert read_source(write_bytes(tmp_path / "b.jsonl", lines.encode())).report.rows == 2
    assert read_source(write_bytes(tmp_path / "c.json", lines.encode())).report.rows == 2


def test_nan_is_a_missing_value_and_a_repeated_key_drops_its_row(tmp_path: Path) -> None:
    good = json.dumps(TRL_ROW | {"score": float("nan"), "other": float("-inf")})
    twice = json.dumps(TRL_ROW)[:-1] + ', "prompt": "x"}'
    for name, text in (("a.jsonl", f"{good}\n{twice}\n"), ("b.json", f"[{good},{twice}]")):
        reading = read_source(write_bytes(tmp_path / name, text.encode()))
        assert reading.report.as_dict()["dropped"] == {"duplicate keys": 1}
        assert [dict(s.origin.meta) for s in reading.pairs] == [{}]


def test_text_that_cannot_be_stored_drops_its_row(tmp_path: Path) -> None:
    rows = [TRL_ROW | {"prompt": text} for text in ("a \ud83d", "a \0", "fine \U0001f600", "\u2028 also fine")]
    report = read_source(write_rows(tmp_path / "set.jsonl", rows)).report
    assert report.dropped == {"text is not valid Unicode": 1, "text holds a NUL character": 1}
    assert report.rows_used == 2


def test_lines_of_many_megabytes_are_read(tmp_path: Path) -> None:
    long = TRL_ROW | {"prompt": "word " * 2_000_000}
    for name in ("a.jsonl", "b.json", "c.jsonl.gz"):
        reading = read_source(write_rows(tmp_path / name, [long, TRL_ROW]))
        assert [len(s.pair.chosen.messages[0].content) for s in reading.pairs] == [10_000_000, 18]


def test_pieces_of_a_json_file_are_joined_whatever_stands_at_the_cut(tmp_path: Path) -> None:
    rows = [TRL_ROW | {"n": -1.5e-3, "flag": True, "text": 'é\U0001f600\\"\n'}] * 5 + [12, "x", None, TRL_ROW]
    data = json.dumps(rows).encode() + b"\n"
    whole = list(json_rows(slow_file(data, 1 << 30)))
    assert whole == rows
    for size in (1, 2, 3, 7, 64):
        assert list(json_rows(slow_file(data, size))) == rows


class SlowBytes(io.BytesIO):
    """Gives few bytes at a time."""

    at_most = 1

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.at_most if size is None or size < 0 else min(size, self.at_most))


def slow_file(data: bytes, at_most: int) -> InputFile:
    raw = SlowBytes(data)
    raw.at_most = at_most
    return InputFile(Path("slow.json"), raw)


def test_rows_of_any_columns_are_given_as_they_are_with_those_that_are_none_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1, "b": [2, null]}\n7\n{"a": 1, "a": 2}\n', encoding="utf-8")
    assert list(open_rows(str(path))) == [
        FileRow({"a": 1, "b": [2, None]}),
        FileRow(None, "row is not an object"),
        FileRow(None, "duplicate keys"),
    ]
    with pytest.raises(SourceError, match="There is no file"):
        list(open_rows(str(tmp_path / "none.jsonl")))
