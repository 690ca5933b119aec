from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from app.pair_state import Here, PairState, from_query
from app.state import ListState
from tests.app.test_state import STATES, TEXT

PAIRS = st.builds(
    PairState,
    turn=st.integers(0, 5_000),
    trace=st.lists(TEXT, max_size=4, unique=True).map(tuple),
    chart=st.sampled_from(["", "margin"]),
    words=st.booleans(),
    written=st.booleans(),
)


@given(PAIRS)
def test_property_what_a_pair_shows_survives_the_address(state: PairState) -> None:
    query = {name: [value] if isinstance(value, str) else list(value) for name, value in state.query().items()}
    assert from_query(query) == state


def test_the_names_in_the_address_are_not_those_of_the_list() -> None:
    assert not {f.name for f in fields(PairState)} & {f.name for f in fields(ListState)}


def test_what_is_not_understood_is_ignored() -> None:
    odd = {"turn": ["-3"], "chart": ["pie"], "words": ["yes"], "trace": ["", "a", "a"]}
    assert from_query(odd) == PairState(trace=("a",))
    assert from_query({"turn": ["99999999999"]}).turn == 0


@given(STATES, PAIRS)
def test_property_another_pair_keeps_everything_but_the_turn(listed: ListState, state: PairState) -> None:
    there = Here("p_1", listed, state).other("p_2")
    assert there.query() == {k: v for k, v in {**listed.query(), **state.query(), "pair": "p_2"}.items() if k != "turn"}
