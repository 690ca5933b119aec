"""The pairs that a conversation is a side of."""

import streamlit as st

from app.conversation_facts import side_name
from app.markup import attribute, chip, visible
from app.nav import href
from app.pair_state import Here
from music_core.store.conversations import PairSide, StoredConversation


def _item(side: PairSide, here: Here) -> str:
    pair = attribute(href("pair", {"pair": side.pair_id, "turn": str(here.state.turn or "")}))
    other = attribute(href("conversation", here.other(side.other_id).query()))
    first = side.origins[0] if side.origins else None
    about = " · ".join(visible(part) for part in (first.source, first.method or "") if part) if first else ""
    parting = f"parts from the other side at turn {side.divergence:,}" if side.divergence else "both sides are the same"
    opposite = f' · <a class="mw-link" href="{other}">the other side</a>' if side.divergence else ""
    return (
        f'<li>{chip(side_name(side), side.branch)} in <a class="mw-link" href="{pair}">pair {visible(side.pair_id[:12])}</a>'
        f'<br><span class="mw-note mw-flush">{parting} · {about}{opposite}</span></li>'
    )


def markup(stored: StoredConversation, here: Here) -> str:
    """The pairs as HTML, oldest first, each with the side that the conversation is; a way to the list where there are several. Pure."""
    if not stored.sides:
        return '<p class="mw-note">It is a side of no pair: runs may start from its first message.</p>'
    items = "".join(_item(side, here) for side in stored.sides)
    more = ""
    if stored.n_pairs > 1:
        target = attribute(href("pairs", {"conversation": here.id}))
        more = f'<p><a class="mw-link" href="{target}">All {stored.n_pairs:,} pairs with this conversation</a></p>'
    return f'<ul class="mw-judges">{items}</ul>{more}'


def show(stored: StoredConversation, here: Here) -> None:
    """Draw them."""
    st.html(markup(stored, here))
