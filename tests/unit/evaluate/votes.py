"""Votes for the agreement tests: written by hand, and drawn."""

from hypothesis import strategies as st

from music_core.evaluate.agreement import Cell
from music_core.types import Vote

RATERS = ("construction", "judge:a", "judge:b", "judge:c", "model:m", "person:ann", "person:bob", "person:cy")


def votes_of(rater: str, values: str, seeds: str | None = None, trained_on: str = "") -> list[Vote]:
    """One vote per sign in `values` (+, 0, - or a blank for none) on pairs 0, 1, 2 …; `seeds` names the seed of each pair."""
    value_of = {"+": 1, "0": 0, "-": -1}
    return [
        Vote(f"p{i}", f"s{seeds[i] if seeds else i}", rater, value_of[sign], trained_on=trained_on[i : i + 1] == "t")
        for i, sign in enumerate(values)
        if sign != " "
    ]


def by_name(cells: list[Cell]) -> dict[tuple[str, str], Cell]:
    return {(c.a, c.b): c for c in cells}


@st.composite
def some_votes(draw: st.DrawFn) -> list[Vote]:
    """Votes of any raters on up to 12 pairs of up to 4 seeds."""
    votes = []
    for p in range(draw(st.integers(1, 12))):
        seed = f"s{draw(st.integers(0, 3))}"
        said = draw(st.dictionaries(st.sampled_from(RATERS), st.tuples(st.sampled_from([-1, 0, 1]), st.booleans())))
        votes += [Vote(f"p{p}", seed, rater, value, trained_on=t and rater == "model:m") for rater, (value, t) in said.items()]
    return votes
