"""Short ways to write conversations down in tests."""

from music_core.types import Conversation, Message, Seed


def talk(*lines: str) -> Conversation:
    """Lines of a user and an assistant in turn."""
    return Conversation(tuple(Message("assistant" if i % 2 else "user", line) for i, line in enumerate(lines)))


def seed(text: str) -> Seed:
    """A seed that is one question."""
    return Seed(talk(text))
