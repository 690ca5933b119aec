"""HTML made by the app from text that others wrote: what reports share with it (`jobs.report.markup`), and what only pages need."""

import re
from datetime import UTC, datetime

from jobs.report.markup import INVISIBLE, attribute, details, facts, shorten, signed, table, visible

__all__ = ["attribute", "chip", "details", "facts", "moment", "plain", "shorten", "signed", "table", "visible"]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$^])")


def plain(text: str) -> str:
    """`text` for Streamlit labels and captions, which read Markdown: every sign of it is escaped, lines are joined."""
    shown = INVISIBLE.sub(lambda m: f"[U+{ord(m.group(1)):04X}]", text)
    return _MARKDOWN.sub(r"\\\1", " ".join(shown.split()))


def moment(value: datetime) -> str:
    """A point in time as `2026-01-31 09:30 UTC`; a naive value is taken as UTC."""
    at = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return at.strftime("%Y-%m-%d %H:%M UTC")


def chip(text: str, tone: str = "neutral", title: str = "") -> str:
    """A small label; `tone` is one of our own style names, `text` may be untrusted."""
    hover = f' title="{attribute(title)}"' if title else ""
    return f'<span class="mw-chip mw-tone-{tone}"{hover}>{visible(text)}</span>'
