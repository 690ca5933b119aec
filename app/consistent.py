"""How consistent people are on pairs that came back to them, in words."""

import streamlit as st

from app import data
from music_core.evaluate.consistency import Consistency, consistency
from music_core.store.opinions import repeats_given


# Kept until the next commit, since every label is one.
@st.cache_data(max_entries=32, show_spinner=False)
def _of(home: str, version: int, person: str | None) -> list[Consistency]:  # noqa: ARG001
    return consistency(repeats_given(data.store(), person=person))


def of_everybody() -> list[Consistency]:
    """Everybody who got a pair twice, by name."""
    opened = data.store()
    return _of(str(opened.home), opened.version(), None)


def of_person(person: str) -> Consistency | None:
    """This person's; None while no pair has come back."""
    opened = data.store()
    return next(iter(_of(str(opened.home), opened.version(), person)), None)


def sentence(own: Consistency) -> str:
    """What a person is told about the own consistency; without the name. Plain words and figures of ours."""
    pairs = "1 pair that came back" if own.n == 1 else f"{own.n:,} pairs that came back"
    share = "" if own.same is None else f" {round(own.same * own.n):,} the same way ({own.same:.0%})"
    spread = f", 95 % interval {own.interval[0]:.0%} to {own.interval[1]:.0%}" if own.interval else ""
    return f"Your consistency: of {pairs} you decided{share}{spread}. Repeats count in no other figure."
