import pytest

from music_core.simulate.assistant import assistant_messages, with_last_request
from music_core.types import Message

HISTORY = (Message("user", "Hello?"), Message("assistant", "Hello."), Message("user", "What now?"))


def test_the_assistant_sees_the_conversation_as_it_is_under_one_instruction() -> None:
    system, *rest = assistant_messages(HISTORY, 60)
    assert tuple(rest) == HISTORY
    assert system.role == "system"
    assert "at most 60 words" in system.content


def test_the_seeds_own_system_message_stays() -> None:
    sent = assistant_messages((Message("system", "You run a bakery."), *HISTORY), 60)
    assert [m.role for m in sent] == ["system", "user", "assistant", "user"]
    assert sent[0].content.endswith("You run a bakery.")


def test_a_request_takes_the_place_of_the_users_last_message_only() -> None:
    assert with_last_request(HISTORY, "Tell me a joke.") == (*HISTORY[:2], Message("user", "Tell me a joke."))
    with pytest.raises(ValueError, match="user's"):
        with_last_request(HISTORY[:2], "Tell me a joke.")
