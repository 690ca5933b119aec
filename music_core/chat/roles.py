"""Messages in the form a chat template takes. Gemma-style templates refuse a system role and demand alternation."""

from collections.abc import Sequence

from music_core.types import Message

# Stands in front of a transcript that opens with the model's own line: templates that demand a leading user
# message would otherwise make callers drop that line, and the dialogue would start all over again.
OPENING_CUE = "(The conversation begins.)"


def for_template(messages: Sequence[Message], *, accepts_system: bool) -> tuple[Message, ...]:
    """`messages` so that every chat template takes them, and no text is lost.

    Where there is no system role, system text is put in front of the next user message. A leading assistant message
    gets a user cue before it, and neighbours of one role are merged with a blank line between, so roles alternate.
    """
    out: list[Message] = []
    pending: list[str] = []
    for m in messages:
        if m.role == "system" and not accepts_system:
            pending.append(m.content)
            continue
        if pending and m.role == "assistant":
            _append(out, Message("user", "\n\n".join(pending)))
            pending = []
        text = "\n\n".join([*pending, m.content]) if pending else m.content
        pending = []
        if m.role == "assistant" and (not out or out[-1].role == "system"):
            out.append(Message("user", OPENING_CUE))
        _append(out, Message(m.role, text))
    if pending:
        _append(out, Message("user", "\n\n".join(pending)))
    return tuple(out)


def _append(out: list[Message], message: Message) -> None:
    if out and out[-1].role == message.role:
        out[-1] = Message(message.role, f"{out[-1].content}\n\n{message.content}")
    else:
        out.append(message)
