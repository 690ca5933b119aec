import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.contrast.schedules import parse_schedule
from music_core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "turns"),
    [("all", (1, 2, 3, 4, 5)), ("from:3", (3, 4, 5)), ("only:2", (2,)), ("last", (5,)), ("random:1", (1, 2, 3, 4, 5))],
)
def test_a_schedule_names_the_contrasted_turns(text: str, turns: tuple[int, ...]) -> None:
    assert parse_schedule(text, 5).turns(5, 0, "s") == turns


@given(st.floats(1e-9, 1.0), st.integers(1, 8), st.integers(0, 1000))
def test_a_random_schedule_is_never_empty_and_a_function_of_seed_and_turn(p: float, n: int, seed: int) -> None:
    schedule = parse_schedule(f"random:{p}", n)
    turns = schedule.turns(n, seed, "s_1")
    assert turns == schedule.turns(n, seed, "s_1") == tuple(sorted(set(turns)))
    assert turns
    assert set(turns) <= set(range(1, n + 1))


def test_random_draws_have_the_frequency_of_p_given_that_they_are_not_empty() -> None:
    schedule = parse_schedule("random:0.3", 4)
    drawn = [schedule.turns(4, 0, f"s_{i}") for i in range(4000)]
    expected = 0.3 / (1 - 0.7**4)
    for turn in range(1, 5):
        assert abs(sum(turn in d for d in drawn) / 4000 - expected) < 0.03
    assert len({schedule.turns(4, run_seed, "s_0") for run_seed in range(50)}) > 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from:6", "between 1 and 5"),
        ("only:0", "between 1 and 5"),
        ("random:0", "above 0"),
        ("random:1.5", "at most 1"),
        ("random:nan", "above 0"),
        ("only:", "no readable number"),
        ("from:x", "no readable number"),
        ("sometimes", "no schedule 'sometimes'.*random:p"),
        ("all:2", "no schedule"),
        ("", "no schedule"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_with_what_there_is(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_schedule(text, 5)
