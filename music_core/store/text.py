"""Text and JSON at the rim of the store, so that any Python string comes back exactly as it went in.

Neither catalog takes a NUL character in text (SQLite's statement ends there, Postgres refuses it) and no UTF-8
column takes a lone surrogate. Both occur in scraped chats and in byte-level model output. They are stored as
U+10FFFF followed by four hex digits; U+10FFFF itself, a code point that is never a character, as itself and `ffff`.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

# Begins an escape in stored text.
MARK = "\U0010ffff"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff\U0010ffff]")
_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s'\"]\S*)|(?<=:)[^:/@\s]+(?=@)", re.IGNORECASE)
_STORED = re.compile(MARK + "([0-9a-f]{4})")


def encode(text: str) -> str:
    """`text` in the form in which it is stored; the same string where nothing needs escaping."""
    if not _UNSTORABLE.search(text):
        return text
    return _UNSTORABLE.sub(lambda m: MARK + ("ffff" if m[0] == MARK else f"{ord(m[0]):04x}"), text)


def decode(text: str) -> str:
    """Inverse of `encode`."""
    if MARK not in text:
        return text
    return _STORED.sub(lambda m: MARK if m[1] == "ffff" else chr(int(m[1], 16)), text)


def to_json(value: Any) -> str:
    """Plain ASCII JSON: escapes do for NUL and surrogates here. Raises `TypeError` for what JSON cannot hold."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> Any:
    """Inverse of `to_json`."""
    return json.loads(text)


def without_password(text: str) -> str:
    """`text` with the passwords of any Postgres address in it replaced by ***: messages of the driver repeat the address."""
    return _PASSWORD.sub(lambda m: f"{m[1] or ''}***", text)


def now() -> datetime:
    """The present in UTC, without a zone: the form of every time in the store."""
    return datetime.now(UTC).replace(tzinfo=None)


def utc(moment: datetime) -> datetime:
    """A stored time with its zone."""
    return moment.replace(tzinfo=UTC)


def naive(moment: datetime) -> datetime:
    """A time as stored: in UTC, without a zone. A time that comes without a zone counts as UTC."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
