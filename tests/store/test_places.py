"""Where numbers stand among others, against bisection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from music_core.store.places import places_of

LAST = 2**64 - 1
NUMBERS = st.lists(st.one_of(st.integers(0, LAST), st.integers(0, 40), st.integers(LAST - 40, LAST)))


def numbers(values: list[int]) -> NDArray[np.uint64]:
    return np.array(values, np.uint64)


@given(NUMBERS, NUMBERS)
def test_every_number_is_found_where_it_stands_and_no_other_is(known: list[int], others: list[int]) -> None:
    ascending = sorted(set(known))
    wanted = ascending[::-1] + others
    expected = [ascending.index(n) if n in ascending else -1 for n in wanted]
    assert places_of(numbers(wanted), numbers(ascending)).tolist() == expected


@pytest.mark.parametrize("spread", [2**64 // 5000, 1], ids=["even", "crowded"])
def test_of_thousands_all_are_found_however_they_are_spread(spread: int) -> None:
    known = np.arange(5000, dtype=np.uint64) * np.uint64(spread)
    wanted = np.random.default_rng(0).permutation(known)
    assert (known[places_of(wanted, known)] == wanted).all()
    assert set(places_of(wanted + np.uint64(5000 * spread), known).tolist()) == {-1}
