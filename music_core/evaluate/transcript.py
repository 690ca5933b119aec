"""A conversation as data inside a prompt, in a form that its own text cannot break out of."""

import hashlib
import re
from collections.abc import Sequence

from music_core.types import Conversation, Message

# Servers read the control tokens of their chat template wherever they stand, also inside our data: a message
# holding '<|im_end|>' would end the judge's prompt. A space behind the bracket makes them ordinary text.
_CONTROL = re.compile(
    r"<(?=[|\uff5c])|<(?=/?(?:s|bos|eos|pad|unk|think|start_of_turn|end_of_turn|tool_call)>)|<(?=</?SYS>>)|\[(?=/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS)\])",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """`text` without anything that a server could take for a control token, and encodable as UTF-8."""
    encodable = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
    return _CONTROL.sub(lambda found: found.group() + " ", encodable)


def boundary_for(conversations: Sequence[Conversation], n_digits: int = 8) -> str:
    """A mark of `n_digits` hex digits that occurs nowhere in `conversations`.

    It is the same for the same conversations in any order, so a prompt can be rebuilt; it is a hash of all their
    text, so a message cannot hold it on purpose, and one that does by chance gets another mark.
    """
    texts = sorted(plain(m.content) for c in conversations for m in c.messages)
    digest = hashlib.sha256("\x00".join(texts).encode()).hexdigest()
    while any(digest[:n_digits] in text.lower() for text in texts):
        digest = hashlib.sha256(digest.encode()).hexdigest()
    return digest[:n_digits]


def mark(boundary: str, title: str) -> str:
    """A line that only we can write."""
    return f"--- {boundary} {title} ---"


def transcript(messages: Sequence[Message], boundary: str, name: str = "") -> str:
    """`messages` one after the other, each under a line that holds `boundary`, its turn and its role; a last line ends them."""
    title = f"{name}, " if name else ""
    lines: list[str] = []
    turn = 1
    for message in messages:
        lines += [mark(boundary, f"{title}turn {turn}, {message.role}"), plain(message.content).strip()]
        turn += message.role == "assistant"
    return "\n".join([*lines, mark(boundary, f"end of {name}" if name else "end")])
