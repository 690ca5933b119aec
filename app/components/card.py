"""The pair on the Label page: two sides without names until the decision, with them afterwards."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app.components import conversation, turn_marks
from app.components.conversation import Side
from app.labelling import Desk
from app.sides import SideNames
from music_core.types import BranchName, Conversation
from music_core.types import Side as ScreenSide

# A shared opening up to this length is shown unfolded: it is the context of what is to be compared.
OPEN_PREFIX_CHARS = 1_800


def _side(name: str, talk: Conversation, branch: BranchName, revealed: SideNames | None) -> Side:
    if revealed is None:
        return Side(name, talk)
    return Side(name, talk, branch, f"{branch} by construction" if revealed.built else f"by {revealed.of(branch)}")


def show(desk: Desk) -> None:
    """Draw both conversations on the sides that this person sees them; with toggles for marks while a decision is asked for."""
    if desk.pair is None or desk.card is None:
        return
    pair, left = desk.pair, desk.card.left_branch
    right: BranchName = "rejected" if left == "chosen" else "chosen"
    talks: dict[BranchName, Conversation] = {"chosen": pair.chosen, "rejected": pair.rejected}
    names = desk.names if desk.revealed else None
    sides = {branch: _side(name, talks[branch], branch, names) for name, branch in (("Left", left), ("Right", right))}
    n_shared = sum(len(m.content) for m in pair.chosen.messages[: pair.n_shared])
    open_prefix, turns = n_shared <= OPEN_PREFIX_CHARS, turn_marks.turns_to_mark(pair)
    if desk.voting and turns:
        before = desk.label.event.turn_marks if desk.label else {}
        _with_toggles(desk.card.token, sides[left], sides[right], turns, before, open_prefix)
        return
    if desk.label is not None and desk.revealed:
        event = desk.label.event
        sides = {branch: replace(side, after=turn_marks.chips(event, branch)) for branch, side in sides.items()}
    conversation.show(sides[left], sides[right], open_prefix=open_prefix, key=f"mw-label-{desk.card.pair_id}")


def _with_toggles(token: str, left: Side, right: Side, turns: range, before: Mapping[int, str], open_prefix: bool) -> None:
    talks: dict[ScreenSide, Conversation] = {"left": left.conversation, "right": right.conversation}
    with st.container(key="mw-marked", gap="small"):
        for turn in turns:
            first = turn == turns[0]
            # The shared opening goes with the first turn in which the sides differ.
            first_turn = 0 if first else turn
            st.html(conversation.markup(left, right, open_prefix=open_prefix, heads=first, first_turn=first_turn, last_turn=turn))
            turn_marks.show(token, turn, talks, before)
        # What people wrote after the last reply, where there is any.
        if any(talk.messages[-1].role != "assistant" for talk in talks.values()):
            st.html(conversation.markup(left, right, heads=False, first_turn=turns[-1] + 1))
