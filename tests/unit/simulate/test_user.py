import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.chat.roles import for_template
from music_core.simulate.user import first_line, move_of, moves, user_messages
from music_core.types import Message

HISTORY = (
    Message("user", "How do I bake bread?"),
    Message("assistant", "Mix flour and water."),
    Message("user", "And then?"),
    Message("assistant", "Let it rise for an hour."),
)
LINES = st.lists(st.text("abc def?!", min_size=1, max_size=20), min_size=2, max_size=12).filter(lambda lines: len(lines) % 2 == 0)


def prompt(history: tuple[Message, ...] = HISTORY) -> tuple[Message, ...]:
    return user_messages(history, seed_id="s_1", run_seed=0, user_words=40)


@given(LINES, st.booleans())
def test_every_line_of_the_person_stays_the_persons_own_whatever_the_template_takes(lines: list[str], accepts_system: bool) -> None:
    history = tuple(Message("assistant" if i % 2 else "user", f"line {i} {line}") for i, line in enumerate(lines))
    sent = for_template(prompt(history), accepts_system=accepts_system)
    own = [m.content for m in sent if m.role == "assistant"]
    assert own == [m.content for m in history if m.role == "user"]
    turns = [m.role for m in sent if m.role != "system"]
    assert turns == ["assistant" if i % 2 else "user" for i in range(len(turns))]
    assert turns[-1] == "user"
    told = [m.content for m in sent if m.role == "user"][1:]
    assert all(m.content in text for m, text in zip([m for m in history if m.role == "assistant"], told, strict=True))


def test_the_simulated_user_never_loses_its_own_opening() -> None:
    """A simulator that is not shown its first message starts the dialogue over again."""
    sent = for_template(prompt(), accepts_system=False)
    assert sent[0].role == "user"
    assert sent[1] == Message("assistant", "How do I bake bread?")


def test_an_earlier_prompt_is_a_prefix_of_the_next_turns() -> None:
    earlier, later = prompt(HISTORY[:2]), prompt(HISTORY)
    assert later[: len(earlier)] == earlier


def test_a_system_message_of_the_seed_is_not_shown_to_the_user() -> None:
    history = (Message("system", "You are the clerk of a secret bank."), *HISTORY)
    assert prompt(history) == prompt()


def test_moves_do_not_come_again_before_all_were_used_and_depend_on_the_seed() -> None:
    n = len(moves())
    assert n >= 6
    drawn = [move_of(turn, "s_1", 0) for turn in range(2, 2 + 2 * n)]
    assert set(drawn[:n]) == set(drawn[n:]) == set(moves())
    assert len({tuple(move_of(t, f"s_{i}", 0) for t in range(2, 6)) for i in range(20)}) > 15
    assert drawn != [move_of(turn, "s_1", 1) for turn in range(2, 2 + 2 * n)]


def test_a_history_that_does_not_end_with_the_assistant_is_refused() -> None:
    with pytest.raises(ValueError, match="assistant's"):
        prompt(HISTORY[:3])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Is an hour enough?\nThe assistant replies: yes", "Is an hour enough?"),
        ("\n\n  Is an hour enough?  ", "Is an hour enough?"),
        ('"Is an hour enough?"', "Is an hour enough?"),
        ("Person: Is an hour enough?", "Is an hour enough?"),
        ('"Rise" means what?', '"Rise" means what?'),
        ('"Rise" or "rest"', '"Rise" or "rest"'),
        ("  \n ", ""),
    ],
)
def test_the_persons_message_is_the_first_line_that_says_something(text: str, line: str) -> None:
    assert first_line(text) == line
