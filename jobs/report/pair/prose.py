"""A message's text as HTML with the few signs of Markdown that carry meaning when read: bold, italics, code, headings, tables.

Bounded on purpose: no links, no images, no HTML, no lists turned into something else. Everything passes through
`markup.visible`, each line is looked at once, and what is not understood stays as it was written.
"""

import re
from collections.abc import Iterator, Sequence

from jobs.report.markup import visible

# Lines longer than this are shown as written: nobody sets a line of that length by hand.
MOST_LINE_CHARS = 4_000
MOST_COLUMNS = 20
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_HEADING = re.compile(r"^#{1,6} +(.*?)(?: +#+)?$")
_RULE_SIGNS = frozenset(" \t|:-")
_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*(?=[^\s*])([^*<]*[^\s*<])\*\*")
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])((?:[^*<]|<strong>[^<]*</strong>)*)(?<=\S)\*(?![\w*])")


def inline(line: str) -> str:
    """HTML of one line: code spans first, then bold and italics outside of them."""
    if len(line) > MOST_LINE_CHARS:
        return visible(line)
    # `split` with a group gives text, code, text, code, …
    parts = _CODE.split(line)
    return "".join(f"<code>{visible(part)}</code>" if i % 2 else _emphasis(visible(part)) for i, part in enumerate(parts))


def _emphasis(shown: str) -> str:
    """Bold and italics in escaped text; italics may hold whole bold parts, else neither reaches across one of our own tags."""
    return _ITALIC.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", shown))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _table(lines: Sequence[str]) -> str:
    head, *rows = (_cells(line) for i, line in enumerate(lines) if i != 1)
    heads = "".join(f"<th>{inline(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{inline(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="mw-inner"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _table_end(lines: Sequence[str], i: int) -> int:
    """Index after the table that starts at line `i`, or `i` where none does."""
    if i + 1 >= len(lines) or "|" not in lines[i] or not {"|", "-"} <= set(lines[i + 1]) <= _RULE_SIGNS:
        return i
    if max(len(lines[i]), len(lines[i + 1])) > MOST_LINE_CHARS or len(_cells(lines[i])) > MOST_COLUMNS:
        return i
    end = i + 2
    while end < len(lines) and "|" in lines[end] and len(lines[end]) <= MOST_LINE_CHARS:
        end += 1
    return end


def _fence_end(lines: Sequence[str], i: int) -> int:
    """Index of the line that closes the code block opened at line `i`; the end of the text where none does."""
    opened = _FENCE.match(lines[i])
    mark = opened.group(1) if opened else ""
    return next((j for j in range(i + 1, len(lines)) if lines[j].strip().startswith(mark) and not lines[j].strip(" `~")), len(lines))


def _blocks(lines: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """(is a block of its own, HTML) of every code block, table and line."""
    i = 0
    while i < len(lines):
        line = lines[i]
        if _FENCE.match(line):
            end = _fence_end(lines, i)
            code = "\n".join(lines[i + 1 : end])
            yield True, f'<pre class="mw-code">{visible(code)}</pre>'
            i = end + 1
        elif (end := _table_end(lines, i)) > i:
            yield True, _table(lines[i:end])
            i = end
        else:
            heading = _HEADING.match(line) if len(line) <= MOST_LINE_CHARS else None
            yield False, f"<strong>{inline(heading.group(1))}</strong>" if heading else inline(line)
            i += 1


def prose(text: str) -> str:
    """HTML of a message, to be shown with white space kept (`pre-wrap`)."""
    out, after_block = "", True
    pieces = list(_blocks(text.replace("\r\n", "\n").split("\n")))
    for block, piece in pieces:
        # A block stands on lines of its own, so a line end beside it would show as an empty line.
        out += piece if block or after_block else f"\n{piece}"
        after_block = block
    return out
