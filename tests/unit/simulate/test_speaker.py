import math

import pytest

from music_core.simulate.speaker import p_person, speaker_messages


def test_the_probability_is_read_from_all_spellings_of_the_two_letters() -> None:
    first = ((" A", math.log(0.3)), ("A", math.log(0.3)), ("B", math.log(0.2)), ("The", math.log(0.2)))
    assert p_person("A", first) == pytest.approx(0.75)


@pytest.mark.parametrize(("text", "p"), [("A", 1.0), (" b.", 0.0), ("(A)", 1.0), ("The person", None), ("", None)])
def test_the_bare_word_counts_where_there_are_no_probabilities(text: str, p: float | None) -> None:
    assert p_person(text, ()) == p
    assert p_person(text, (("Maybe", -0.1),)) == p


def test_the_question_holds_line_and_goal_once() -> None:
    (message,) = speaker_messages("Is an hour enough?", "How do I bake bread?")
    assert message.content.count("Is an hour enough?") == message.content.count("How do I bake bread?") == 1
