"""What cannot be read ends with one sentence that names the file, and the line where there is one."""

import gzip
import json
import re
from pathlib import Path

import pytest

from music_core.errors import SourceError
from music_core.sources import json_rows
from music_core.sources.read import read_source
from tests.unit.sources.files import HH_ROW, TRL_ROW, write_bytes, write_rows

GOOD = json.dumps(TRL_ROW).encode()


def sentence(path: str, fmt: str | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        read_source(path, fmt=fmt)
    message = caught.value.message
    assert message.endswith(".") and "\n" not in message
    return message.replace(str(Path(path).parent), "…")


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (GOOD + b"\n\n{'a': 1}\n", "line 3 is not valid JSON: Expecting property name enclosed in double quotes at column 2."),
        (GOOD + b'\n{"a": "b\n' + GOOD, "line 2 is not valid JSON: Unterminated string starting at column 7."),
        (GOOD + b"\n" + GOOD + b" x", f"line 2 is not valid JSON: more text after the value, at column {len(GOOD) + 1}."),
        (GOOD + b'\n{"a": "\xff"}', "line 2 is not UTF-8 text: byte 0xff at position 8."),
        ("\ufeff".encode("utf-16-le") + b"{\0}\0", "line 1 is not UTF-8 text: byte 0xff at position 1."),
        (GOOD + b"\n" + b"[" * 100_000, "line 2 is nested too deeply."),
        (GOOD + b"\n" + b'{"a":' * 100_000, "line 2 is nested too deeply."),
        (GOOD + b'\n{"a": ' + b"1" * 5000 + b"}", "line 2 holds a number with too many digits."),
        (b" \n\r\n", "holds no rows."),
        (b'{"a": 1}\n', "its rows are in no known format (the first has a)."),
        (b"{}\n", "its rows are in no known format (the first is empty)."),
        (b"7\n", "its rows are in no known format (they are no objects)."),
        (
            b'{"message_id": "m", "parent_id": null, "text": "t", "role": "prompter"}\n',
            "(single Open-Assistant messages; the files named *.trees.jsonl.gz hold whole trees).",
        ),
    ],
)
def test_a_bad_jsonl_file_is_named_with_its_line(data: bytes, ends: str, tmp_path: Path) -> None:
    said = sentence(write_bytes(tmp_path / "bad.jsonl", data))
    assert said.startswith("…/bad.jsonl") and said.endswith(ends)
    assert sentence(write_bytes(tmp_path / "bad.jsonl.gz", data)).endswith(ends)


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (b"[" + GOOD + b",\n" + GOOD, "line 2 is not valid JSON: the array is not closed."),
        (b"[" + GOOD + b",\n]", "line 2 is not valid JSON: Expecting value."),
        (b"[" + GOOD + b"\n" + GOOD + b"]", "line 2 is not valid JSON: ',' or ']' expected."),
        (b"[" + GOOD + b"]\n\nx", "line 3 is not valid JSON: more text after the end of the array."),
        (b"[" + GOOD + b',\n{"a": tru}]', "line 2 is not valid JSON: Expecting value."),
        (b"[" + GOOD + b',\n{"a": "b', "line 2 is not valid JSON: Unterminated string starting."),
        (b"[" + GOOD + b",\n\n" + b'"\xff"]', "line 3 is not UTF-8 text: byte 0xff."),
        (b"[" + GOOD + b",\n" + b"[" * 100_000, "line 2 is nested too deeply."),
        (b"[]", "holds no rows."),
        (b"\n", "holds no rows."),
    ],
)
def test_a_bad_json_file_is_named_with_its_line(data: bytes, ends: str, tmp_path: Path) -> None:
    said = sentence(write_bytes(tmp_path / "bad.json", data))
    assert said.startswith("…/bad.json") and said.endswith(ends)


def test_an_error_far_behind_good_rows_still_ends_the_whole_reading(tmp_path: Path) -> None:
    rows = b",\n".join([GOOD] * 20_000)
    assert "line 20001 is not valid" in sentence(write_bytes(tmp_path / "bad.json", b"[" + rows + b",\n{x}]"))
    assert "line 20001 is not valid" in sentence(write_bytes(tmp_path / "bad.jsonl", b"\n".join([GOOD] * 20_000) + b"\n{x}"))


def test_damaged_gzip_files_are_named(tmp_path: Path) -> None:
    packed = gzip.compress(b"\n".join([GOOD] * 1000))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(packed[:-20])
    assert sentence(str(cut)) == "…/cut.jsonl.gz is cut off: its gzip data ends too early."
    broken = tmp_path / "broken.json.gz"
    broken.write_bytes(packed[:40] + bytes(20) + packed[60:])
    assert sentence(str(broken)).startswith("…/broken.json.gz is not sound gzip data: ")
    trailing = tmp_path / "trailing.jsonl.gz"
    trailing.write_bytes(packed + b"more")
    assert sentence(str(trailing)).startswith("…/trailing.jsonl.gz is not sound gzip data: ")
    plain = tmp_path / "plain.jsonl.gz"
    plain.write_bytes(GOOD)
    assert sentence(str(plain)) == "…/plain.jsonl.gz ends in .gz but is not gzipped."
    hidden = tmp_path / "hidden.jsonl"
    hidden.write_bytes(packed)
    assert sentence(str(hidden)) == "…/hidden.jsonl is gzipped but does not end in .gz."


def test_damaged_parquet_files_are_named(tmp_path: Path) -> None:
    whole = Path(write_rows(tmp_path / "whole.parquet", [HH_ROW] * 1000)).read_bytes()
    for name in ("bad.parquet", "bad.parquet.gz"):
        for data in (b"PAR1 not really", whole[:-30], whole[: len(whole) // 2]):
            assert sentence(write_bytes(tmp_path / name, data)).startswith(f"…/{name} is not a sound Parquet file: ")
    assert sentence(write_rows(tmp_path / "none.parquet", [])) == "…/none.parquet holds no rows."


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    assert sentence(str(tmp_path / "missing.jsonl")) == "There is no file …/missing.jsonl."
    (tmp_path / "folder.jsonl").mkdir()
    assert sentence(str(tmp_path / "folder.jsonl")) == "…/folder.jsonl is a folder; give one of the files in it."
    assert sentence(write_bytes(tmp_path / "empty.jsonl", b"")) == "…/empty.jsonl is empty."
    assert sentence(write_bytes(tmp_path / "table.csv.gz", b"a,b")) == "…/table.csv.gz: '.csv.gz' is no known ending."
    assert sentence(write_bytes(tmp_path / "README", b"a,b")) == "…/README: 'README' is no known ending."


def test_a_wrong_format_is_named(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "set.jsonl", [TRL_ROW])
    assert sentence(path, "oasst") == "…/set.jsonl holds no row of the format 'oasst' (the first has prompt, chosen, rejected)."
    assert sentence(path, "csv") == "There is no format 'csv'."


def test_a_row_beyond_the_limit_is_refused_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "MAX_ROW_BYTES", 1 << 20)
    monkeypatch.setattr(json_rows, "CHUNK_BYTES", 1 << 16)
    bomb = GOOD + b'\n{"a": "' + b"x" * (3 << 20) + b'"}'
    assert re.search(r"line 2: a row of more than 1 MB", sentence(write_bytes(tmp_path / "bomb.jsonl.gz", bomb)))
    assert re.search(r"line 2: a row of more than 1 MB", sentence(write_bytes(tmp_path / "bomb.json.gz", bomb)))
