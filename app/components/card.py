"""The pair on the Label page: two sides without names until the decision, with them afterwards."""

from app.components import conversation
from app.labelling import Desk
from app.sides import SideNames, side_names
from music_core.store.sides import systems_of
from music_core.types import BranchName, Conversation

# A shared opening up to this length is shown unfolded: it is the context of what is to be compared.
OPEN_PREFIX_CHARS = 1_800


def _side(name: str, talk: Conversation, branch: BranchName, revealed: SideNames | None) -> conversation.Side:
    if revealed is None:
        return conversation.Side(name, talk)
    return conversation.Side(name, talk, branch, f"{branch} by construction" if revealed.built else f"by {revealed.of(branch)}")


def show(desk: Desk) -> None:
    """Draw both conversations on the sides that this person sees them."""
    if desk.stored is None or desk.card is None:
        return
    pair, left = desk.stored.pair, desk.card.left_branch
    right: BranchName = "rejected" if left == "chosen" else "chosen"
    talks: dict[BranchName, Conversation] = {"chosen": pair.chosen, "rejected": pair.rejected}
    names = side_names(systems_of(desk.stored.origins)) if desk.revealed else None
    sides = [_side(name, talks[branch], branch, names) for name, branch in (("Left", left), ("Right", right))]
    n_shared = sum(len(m.content) for m in pair.chosen.messages[: pair.n_shared])
    conversation.show(sides[0], sides[1], open_prefix=n_shared <= OPEN_PREFIX_CHARS, key=f"mw-label-{desk.stored.id}")
