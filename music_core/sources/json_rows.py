"""Rows of JSON text: one value a line (.jsonl), or one array, or values one after the other (.json).

Both are read in pieces, so memory is bounded by the longest row and not by the file. JSON is taken as RFC 8259 has
it, with one exception: NaN and Infinity, which pandas writes for a missing value, are read as null.
"""

import codecs
import json
from collections.abc import Iterator
from typing import Any

from music_core.errors import SourceError
from music_core.sources.files import InputFile
from music_core.sources.rows import DUPLICATE_KEYS, UnusableRowError

MAX_ROW_BYTES = 64 << 20
CHUNK_BYTES = 1 << 20
BOM = "\ufeff"
_SPACE = " \t\r\n"
# An error this close to the end of what was read may be one of the cut, not of the file: "-Infinity", "\\ud800\\udc00".
_CUT_MARGIN = 16


class _BadValueError(Exception):
    """What is wrong with a value, and at which character; `syntax` is False for what more text would not mend."""

    def __init__(self, fault: str, at: int, *, syntax: bool) -> None:
        super().__init__(fault)
        self.fault, self.at, self.syntax = fault, at, syntax


class _Decoder:
    """`json` with the traps closed: a repeated key is noticed, NaN is null, depth and huge numbers are faults."""

    def __init__(self) -> None:
        self._repeated = False
        self._json = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=lambda _: None)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        self._repeated |= len(made) != len(pairs)
        return made

    def value(self, text: str, start: int) -> tuple[Any, int]:
        """The value at `start` and where it ends; an `UnusableRowError` stands in its place if a key is repeated."""
        self._repeated = False
        try:
            value, end = self._json.raw_decode(text, start)
        except json.JSONDecodeError as e:
            # "Unterminated string starting at" goes on with a position there, with ours here.
            raise _BadValueError(f"is not valid JSON: {e.msg.removesuffix(' at')}", e.pos, syntax=True) from e
        except RecursionError as e:
            raise _BadValueError("is nested too deeply", start, syntax=False) from e
        except ValueError as e:
            raise _BadValueError("holds a number with too many digits", start, syntax=False) from e
        return (UnusableRowError(DUPLICATE_KEYS) if self._repeated else value), end


def jsonl_rows(file: InputFile) -> Iterator[Any]:
    """One value for every line that is not blank. Raises `SourceError` naming the line."""
    decoder = _Decoder()
    number = 0
    while line := file.readline(MAX_ROW_BYTES + 1):
        number += 1
        if len(line) > MAX_ROW_BYTES:
            raise _too_long(file, number)
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as e:
            raise SourceError(f"{file.path}, line {number} is not UTF-8 text: byte {line[e.start]:#04x} at position {e.start + 1}.") from e
        text = (text.removeprefix(BOM) if number == 1 else text).strip(_SPACE)
        if not text:
            continue
        try:
            value, end = decoder.value(text, 0)
        except _BadValueError as e:
            raise SourceError(f"{file.path}, line {number} {e.fault}{f' at column {e.at + 1}' if e.syntax else ''}.") from e
        if end != len(text):
            raise SourceError(f"{file.path}, line {number} is not valid JSON: more text after the value, at column {end + 1}.")
        yield value


class _Window:
    """The part of the file in hand: text, a position in it, and the line that the text starts at."""

    def __init__(self, file: InputFile) -> None:
        self.file = file
        self.text = ""
        self.at = 0
        self.first_line = 1
        self.ended = False
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._bytes = CHUNK_BYTES

    @property
    def line(self) -> int:
        """The line of the position."""
        return self.line_of(self.at)

    def line_of(self, position: int) -> int:
        """The line of a position in `text`."""
        return self.first_line + self.text.count("\n", 0, position)

    def more(self) -> None:
        """Forget what lies before the position and read on; a piece twice as long every time nothing could be used."""
        self._bytes = CHUNK_BYTES if self.at else self._bytes * 2
        self.first_line = self.line
        self.text, self.at = self.text[self.at :], 0
        if len(self.text) > MAX_ROW_BYTES:
            raise _too_long(self.file, self.first_line)
        piece = self.file.read(self._bytes)
        self.ended = not piece
        try:
            self.text += self._utf8.decode(piece, final=self.ended)
        except UnicodeDecodeError as e:
            line = self.line_of(len(self.text)) + e.object[: e.start].count(b"\n")
            raise SourceError(f"{self.file.path}, line {line} is not UTF-8 text: byte {e.object[e.start]:#04x}.") from e

    def peek(self) -> str:
        """The next character that is not white space, '' at the end of the file."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _SPACE:
                self.at += 1
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more()

    def wrong(self, fault: str, at: int | None = None) -> SourceError:
        """The sentence for what is wrong."""
        return SourceError(f"{self.file.path}, line {self.line_of(self.at if at is None else at)} {fault}.")


def json_rows(file: InputFile) -> Iterator[Any]:
    """The elements of one array, or values one after the other. Raises `SourceError` naming the line."""
    window, decoder = _Window(file), _Decoder()
    if window.peek() == "[":
        window.at += 1
        yield from _elements(window, decoder)
        if window.peek():
            raise window.wrong("is not valid JSON: more text after the end of the array")
        return
    while window.peek():
        yield _next_value(window, decoder)


def _elements(window: _Window, decoder: _Decoder) -> Iterator[Any]:
    if window.peek() == "]":
        window.at += 1
        return
    while True:
        window.peek()
        yield _next_value(window, decoder)
        sign = window.peek()
        if sign not in (",", "]"):
            raise window.wrong("is not valid JSON: " + ("',' or ']' expected" if sign else "the array is not closed"))
        window.at += 1
        if sign == "]":
            return


def _next_value(window: _Window, decoder: _Decoder) -> Any:
    """The value at the position; reads on for as long as an error may come from the end of the piece in hand."""
    while True:
        try:
            value, end = decoder.value(window.text, window.at)
        except _BadValueError as e:
            cut = e.syntax and ("Unterminated string" in e.fault or e.at >= len(window.text) - _CUT_MARGIN)
            if window.ended or not cut:
                raise window.wrong(e.fault, e.at) from e
        else:
            if end < len(window.text) or window.ended:
                window.at = end
                return value
        window.more()


def _too_long(file: InputFile, line: int) -> SourceError:
    return SourceError(f"{file.path}, line {line}: a row of more than {MAX_ROW_BYTES >> 20} MB.", "Is this a file of preference pairs?")
