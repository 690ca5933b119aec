"""HTML made from text that others wrote, for the pages of the app and for reports alike.

Text of models, files and people reaches a browser only through `visible`: escaped, with every invisible or
direction-changing character shown by its code point. Nothing in it can become a tag, a link, an image or a request.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping

# Controls (without tab and newline), soft hyphen, fillers, zero-width, bidirectional, tag and surrogate characters.
# The two joiners are part of emoji and of several scripts: they are shown only where nothing before them can join.
INVISIBLE = re.compile(
    "([\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
    "|(?<![^\x00-\x7f])[\u200c\u200d])\\1*"
)


def _mark(match: re.Match[str]) -> str:
    char, run = match.group(1), len(match.group(0))
    code = f"U+{ord(char):04X}"
    name = unicodedata.name(char, "") or "control character"
    times = f" ×{run:,}" if run > 1 else ""
    return f'<span class="mw-ctl" title="{code} {name}">{code}{times}</span>'


def visible(text: str) -> str:
    """HTML of untrusted `text`, safe between tags and inside quoted attributes' text; white space is kept as it is."""
    return INVISIBLE.sub(_mark, html.escape(text.replace("\r\n", "\n")))


def attribute(text: str) -> str:
    """`text` for a quoted HTML attribute: escaped, invisible characters written as their code points."""
    return html.escape(INVISIBLE.sub(lambda m: f"[U+{ord(m.group(1)):04X}]", text))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters of `text` in one line, with an ellipsis where something was left out."""
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit and len(text) <= limit * 4 else line[: limit - 1].rstrip(" .,;:-") + "…"


def signed(value: float | None, digits: int = 2) -> str:
    """A number with its sign and a true minus, or a dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:+.{digits}f}"
    return f"0.{'0' * digits}" if float(text) == 0 else text.replace("-", "−")


def details(summary: str, body: str, *, css: str = "", opened: bool = False) -> str:
    """A part that folds. `summary` and `body` are HTML made by this module."""
    return f'<details class="mw-fold {css}"{" open" if opened else ""}><summary>{summary}</summary><div>{body}</div></details>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Name and value beside each other, as a description list; values are HTML, names ours."""
    return '<dl class="mw-facts">' + "".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in pairs) + "</dl>"


def table(caption: str, columns: Mapping[str, str], rows: Iterable[Iterable[str]], *, empty: str = "Nothing here yet.") -> str:
    """An HTML table. `columns` maps a heading to `text` or `num` (right-aligned figures); cells are HTML.

    The first cell of a row is its heading. The caption is read by screen readers and shown above the table.
    """
    kinds = list(columns.values())
    head = "".join(f'<th scope="col" class="mw-col-{kind}">{name}</th>' for name, kind in columns.items())
    body = ""
    for row in rows:
        cells = list(row)
        first = f'<th scope="row" class="mw-col-{kinds[0]}">{cells[0]}</th>'
        rest = "".join(f'<td class="mw-col-{kind}">{cell}</td>' for cell, kind in zip(cells[1:], kinds[1:], strict=True))
        body += f"<tr>{first}{rest}</tr>"
    body = body or f'<tr><td colspan="{len(kinds)}" class="mw-none">{empty}</td></tr>'
    return (
        f'<div class="mw-scroll" tabindex="0" role="region" aria-label="{attribute(caption)}"><table class="mw-table">'
        f"<caption>{visible(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
