from hypothesis import given
from hypothesis import strategies as st

from music_core.chat.roles import OPENING_CUE, for_template
from music_core.types import Message, Role

ROLES: st.SearchStrategy[Role] = st.sampled_from(["system", "user", "assistant"])
MESSAGES = st.lists(st.builds(Message, ROLES, st.text("abc ", min_size=1, max_size=8)), max_size=8)


@given(MESSAGES, st.booleans())
def test_roles_alternate_from_a_user_and_no_text_is_lost(messages: list[Message], accepts_system: bool) -> None:
    out = for_template(messages, accepts_system=accepts_system)
    spoken = [m.role for m in out if m.role != "system"]
    if accepts_system:
        assert all(a != b for a, b in zip([m.role for m in out], [m.role for m in out][1:], strict=False))
    else:
        assert spoken == ["user" if i % 2 == 0 else "assistant" for i in range(len(out))]
    assert not spoken or spoken[0] == "user" or accepts_system
    text = "\n".join(m.content for m in out)
    assert all(m.content in text for m in messages)


def test_a_simulators_own_first_line_is_kept_behind_a_cue() -> None:
    history = [Message("system", "Rules."), Message("assistant", "How do I bake bread?"), Message("user", "Knead it.")]
    assert for_template(history, accepts_system=True) == (
        Message("system", "Rules."),
        Message("user", OPENING_CUE),
        Message("assistant", "How do I bake bread?"),
        Message("user", "Knead it."),
    )
    assert for_template(history, accepts_system=False)[:2] == (Message("user", "Rules."), Message("assistant", "How do I bake bread?"))


def test_a_plain_conversation_stays_as_it_is() -> None:
    history = (Message("system", "S"), Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    assert for_template(history, accepts_system=True) == history
