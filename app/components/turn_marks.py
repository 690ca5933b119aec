"""Marks of single replies on the Label page: good, bad or worth a look, below every turn in which the sides differ."""

from collections.abc import Mapping
from typing import get_args

import streamlit as st

from app.markup import chip
from music_core.types import BranchName, ContrastPair, Conversation, LabelEvent, Side, TurnMark, marks_text, side_marks

MARK_NAMES: Mapping[TurnMark, str] = {"good": "Good", "bad": "Bad", "flag": "Flag"}
_TONES: Mapping[TurnMark, str] = {"good": "good", "bad": "bad", "flag": "few"}
# More toggles than a page can carry; longer conversations are marked in a comment.
MOST_TURNS = 40


def mark_key(token: str, turn: int, side: Side) -> str:
    """Session key of the mark on one reply of a card."""
    return f"mw-mark-{token}-{turn}-{side}"


def turns_to_mark(pair: ContrastPair) -> range:
    """The turns from the one in which the sides part, as far as either side replies."""
    return range(pair.divergence, pair.n_turns + 1) if pair.divergence and pair.n_turns <= MOST_TURNS else range(0)


def marks_given(token: str, pair: ContrastPair) -> dict[int, str]:
    """The marks on a card, as a label holds them."""
    found = {}
    for turn in turns_to_mark(pair):
        held = {side: st.session_state.get(mark_key(token, turn, side)) for side in get_args(Side)}
        said = marks_text({side: mark for side, mark in held.items() if mark})
        if said:
            found[turn] = said
    return found


@st.fragment
def show(token: str, turn: int, sides: Mapping[Side, Conversation], before: Mapping[int, str]) -> None:
    """Draw the toggles of one turn, one group for each side that has a reply; `before` are the marks of a decision that is changed."""
    known = side_marks(before.get(turn, ""))
    with st.container(key=f"mw-marks-{token}-{turn}"):
        for column, (side, talk) in zip(st.columns(2, gap="medium"), sides.items(), strict=True):
            if turn <= talk.n_turns:
                column.segmented_control(
                    f"Turn {turn}, {side}: the reply is",
                    list(MARK_NAMES),
                    default=known.get(side),
                    format_func=MARK_NAMES.__getitem__,
                    key=mark_key(token, turn, side),
                    label_visibility="collapsed",
                )


def chips(event: LabelEvent, branch: BranchName) -> dict[int, str]:
    """Turn → HTML of the mark that the label gave this branch's reply."""
    return {
        turn: f'<p class="mw-mark">{chip(f"marked {MARK_NAMES[marks[branch]].lower()}", _TONES[marks[branch]])}</p>'
        for turn, marks in event.marks_by_branch.items()
        if branch in marks
    }


def in_words(event: LabelEvent, names: Mapping[BranchName, str]) -> str:
    """All marks of a label in one line, by branch: `turn 2: chosen good, rejected bad`. Names may be untrusted, so is the result."""
    turns = (
        f"turn {turn}: " + ", ".join(f"{names[branch]} {MARK_NAMES[mark].lower()}" for branch, mark in marks.items())
        for turn, marks in event.marks_by_branch.items()
    )
    return "; ".join(turns)
