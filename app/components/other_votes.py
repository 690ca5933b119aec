"""How others voted on a pair on which they disagree: by the sides of this screen, and without names."""

from collections.abc import Sequence

import streamlit as st

from app import actions, data
from app.components.labels import seen_as
from app.components.turn_marks import in_words
from app.labelling import Desk
from app.markup import table, visible
from music_core.types import BranchName, LabelEvent

_COLUMNS = {"Who": "text", "Decision": "text", "Reasons, comment, marks": "text", "Seen": "text"}


def markup(events: Sequence[LabelEvent], left: BranchName) -> str:
    """The table as HTML. Pure."""
    right: BranchName = "rejected" if left == "chosen" else "chosen"
    names = {left: "left", right: "right"}

    def row(k: int, event: LabelEvent) -> list[str]:
        side = {"chosen": f"{names['chosen']} is better", "rejected": f"{names['rejected']} is better"}.get(str(event.value), "")
        said = side or {"tie": "tie", "both_bad": "both bad"}.get(str(event.choice), "skipped")
        why = "; ".join(part for part in (*event.reasons, event.comment, in_words(event, names)) if part)
        return [f"Person {k}", said.capitalize(), f'<span dir="auto">{visible(why) or "–"}</span>', seen_as(event)]

    return table("Votes of others, by the sides of this screen", _COLUMNS, [row(k, e) for k, e in enumerate(events, start=1)])


def show(desk: Desk) -> None:
    """Draw the table for a pair that is adjudicated: after the own decision, or before it by choice, which is informed then."""
    if desk.card is None or desk.card.kind != "adjudication":
        return
    pair_id, token = desk.card.pair_id, desk.card.token
    if desk.revealed or actions.votes_shown(pair_id):
        said = markup(data.labels_of_others(pair_id, desk.person), desk.card.left_branch)
        st.html(f'<section class="mw-others" aria-label="Votes of others">{said}</section>')
    else:
        about = "Your decision then counts as informed."
        st.button("Show the votes", key=f"mw-votes-{token}", shortcut="V", on_click=actions.show_votes, args=(pair_id,), help=about)
