"""The assistant's side: the conversation as it is, under one short instruction."""

from collections.abc import Sequence

from music_core.prompts import render
from music_core.types import Message

PROMPT = "assistant_reply"


def assistant_messages(history: Sequence[Message], reply_words: int) -> tuple[Message, ...]:
    """What the assistant is sent to answer the last message of `history`; the reply may have about `reply_words` words.

    A system message of the seed stays, below ours: it is part of the conversation.
    """
    own = "\n\n".join(m.content for m in history if m.role == "system")
    ours = render(PROMPT, words=str(reply_words))
    system = Message("system", f"{ours}\n\n{own}" if own else ours)
    return (system, *(m for m in history if m.role != "system"))


def with_last_request(history: Sequence[Message], request: str) -> tuple[Message, ...]:
    """`history` with the text of its last message, a user's, replaced by `request`.

    Raises `ValueError` when the last message is not a user's.
    """
    if not history or history[-1].role != "user":
        raise ValueError("the last message must be a user's")
    return (*history[:-1], Message("user", request))
