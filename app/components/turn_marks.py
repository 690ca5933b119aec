"""Marks of single replies on the Label page: good, bad or worth a look, below every reply from where the sides part.

The buttons are part of the conversations' HTML, since a page that holds a widget for each takes longer to put up than to read from
the store. A script keeps what is pressed and tells the server.
"""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from app.markup import chip
from music_core.types import BranchName, ContrastPair, Conversation, LabelEvent, Side, TurnMark, marks_text, side_marks

MARK_NAMES: Mapping[TurnMark, str] = {"good": "Good", "bad": "Bad", "flag": "Flag"}
_TONES: Mapping[TurnMark, str] = {"good": "good", "bad": "bad", "flag": "few"}
STATE = "mw-marks-component"
_SCRIPT = Path(__file__).with_name("turn_marks.js").read_text(encoding="utf-8")
_mount = st.components.v2.component("music_turn_marks", js=_SCRIPT)

Marks = Mapping[int, str]
"""Turn → the marks of both sides, as a label holds them: `left:good right:bad`."""


def _reply(turn: int, side: Side) -> str:
    return f"{turn}-{side}"


def turns_to_mark(pair: ContrastPair) -> range:
    """The turns from the one in which the sides part, as far as either side replies."""
    return range(pair.divergence, pair.n_turns + 1) if pair.divergence else range(0)


def marks_given(token: str, talks: Mapping[Side, Conversation], turns: range, before: Marks) -> dict[int, str]:
    """The marks on a card, as a label holds them; `before` where nothing was pressed since the card appeared.

    Of what the browser sends, the marks that there are on the replies that there are; the rest is left aside.
    """
    state = st.session_state.get(STATE)
    sent = state.get("marks") if isinstance(state, Mapping) else None
    given = sent.get("given") if isinstance(sent, Mapping) and sent.get("card") == token else None
    if not isinstance(given, Mapping):
        return {turn: said for turn, said in before.items() if turn in turns}
    found = {}
    for turn in turns:
        told = {side: given.get(_reply(turn, side)) for side, talk in talks.items() if turn <= talk.n_turns}
        if said := marks_text({side: mark for side, of_side in told.items() for mark in MARK_NAMES if of_side == mark}):
            found[turn] = said
    return found


def toggles(talk: Conversation, side: Side, turns: range, before: Marks) -> dict[int, str]:
    """Turn → HTML of the three buttons below this side's reply, pressed as in `before`. Pure."""
    return {turn: _group(turn, side, side_marks(before.get(turn, "")).get(side)) for turn in turns if turn <= talk.n_turns}


def _group(turn: int, side: Side, pressed: TurnMark | None) -> str:
    buttons = ""
    for mark, words in MARK_NAMES.items():
        state = "true" if mark == pressed else "false"
        buttons += f'<button type="button" data-reply="{_reply(turn, side)}" data-mark="{mark}" aria-pressed="{state}">{words}</button>'
    return f'<div class="mw-marks" role="group" aria-label="Turn {turn}, {side}: the reply is">{buttons}</div>'


@st.fragment
def listen(token: str, given: Marks) -> None:
    """Mount the script for the buttons of a card, on which these marks are `given` by now; draws nothing. A press runs nothing but this."""
    pressed = {_reply(turn, side): mark for turn, said in given.items() for side, mark in side_marks(said).items()}
    _mount(key=STATE, data={"card": token, "given": pressed}, on_marks_change=lambda: None)


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
