"""The pair on the Label page: two sides without names until the decision, with them afterwards."""

from dataclasses import replace

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
    pair, token, talks = desk.pair, desk.card.token, desk.talks
    left_branch = desk.card.left_branch
    branches: dict[ScreenSide, BranchName] = {"left": left_branch, "right": "rejected" if left_branch == "chosen" else "chosen"}
    names = desk.names if desk.revealed else None
    marks: dict[ScreenSide, dict[int, str]] = {"left": {}, "right": {}}
    if desk.voting and (turns := turn_marks.turns_to_mark(pair)):
        marks = {side: turn_marks.toggles(talk, side, turns, desk.marks) for side, talk in talks.items()}
        # Something new above the script has the browser mount it anew, without what was pressed.
        turn_marks.listen(token, turn_marks.marks_given(token, talks, turns, desk.marks))
    elif desk.label is not None and desk.revealed:
        marks = {side: turn_marks.chips(desk.label.event, branch) for side, branch in branches.items()}
    left, right = (replace(_side(side.capitalize(), talks[side], branches[side], names), after=marks[side]) for side in branches)
    n_shared = sum(len(m.content) for m in pair.chosen.messages[: pair.n_shared])
    conversation.show(left, right, open_prefix=n_shared <= OPEN_PREFIX_CHARS, key=f"mw-label-{pair.id}")
