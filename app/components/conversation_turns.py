"""One conversation by itself, turn by turn, as one element; a long one in windows of turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from app.components.conversation import MOST_CHARS, MOST_TURNS, View, first_turn, message_text
from app.markup import attribute, visible
from app.pair_state import Here
from jobs.report.pair.alignment import turns_of
from jobs.report.pair.conversation import ROLE_NAMES, share
from music_core.types import Conversation, Message, Role


@dataclass(frozen=True, slots=True)
class Notes:
    """HTML around messages: `before` and `after` a turn's reply, and `by` under each message by (turn, role)."""

    before: Mapping[int, str] = field(default_factory=dict)
    after: Mapping[int, str] = field(default_factory=dict)
    by: Mapping[tuple[int, Role], str] = field(default_factory=dict)


def _message(turn: int, message: Message, here: Here, notes: Notes, limit: int) -> str:
    asked = turn == here.state.turn
    text = message_text(
        message.content,
        here.state.written,
        most=max(limit, MOST_CHARS) if asked else limit,
        whole_at="" if asked or not turn else here.href(turn),
        what="conversation",
    )
    reply = message.role == "assistant"
    before, after = (notes.before.get(turn, ""), notes.after.get(turn, "")) if reply else ("", "")
    by = notes.by.get((turn, message.role), "")
    under = f'<div class="mw-under">{by}{after}</div>' if by or after else ""
    return f'<article class="mw-msg mw-{message.role}"><h4>{ROLE_NAMES[message.role]}</h4>{before}{text}{under}</article>'


def last_turn(conversation: Conversation) -> int:
    """The number of the last turn; messages after the last reply are one, too. Pure."""
    return max(turns_of(conversation), default=0)


def markup(conversation: Conversation, here: Here, notes: Notes, first: int = 0) -> str:
    """At most `MOST_TURNS` turns from `first` on, as HTML. Pure."""
    # A system message before the first turn takes no turn's place.
    numbers = range(first, max(first, 1) + MOST_TURNS)
    window = [(turn, messages) for turn, messages in sorted(turns_of(conversation).items()) if turn in numbers]
    limit = share([m for _, messages in window for m in messages])
    body = '<h2 class="mw-sr">Turns</h2>' if window else "<p>It has no messages.</p>"
    for turn, messages in window:
        asked = turn == here.state.turn > 0
        name = title = f"Turn {turn}" if turn else "Before the first turn"
        if turn:
            current = ' aria-current="location"' if asked else ""
            title = f'<a class="mw-link mw-turn-link" href="{attribute(here.href(turn))}"{current}>{name}</a>'
        parts = "".join(_message(turn, m, here, notes, limit) for m in messages)
        css = f"mw-turn{' mw-asked' if asked else ''}"
        body += f'<section class="{css}" id="turn-{turn}" aria-label="{name}"><h3>{title}</h3>{parts}</section>'
    return f'<section class="mw-conv mw-alone" aria-label="The conversation, turn by turn">{body}</section>'


def written_by(name: str, endpoint: str, seed: int) -> str:
    """Whose words a message is, as HTML under it. Pure."""
    at = f" at {visible(endpoint)}" if endpoint != name else ""
    return f'<p class="mw-reply-facts"><span>written by <b>{visible(name)}</b>{at}, sampling seed {seed}</span></p>'


def show(conversation: Conversation, here: Here, notes: Notes) -> None:
    """Draw it; with many turns a page control above."""
    first, last = 0, last_turn(conversation)
    if last > MOST_TURNS:
        view = View(turn=here.state.turn)
        first = first_turn(last, 1, view, f"mw-alone-{here.id}", lambda turn: here.go(turn=turn))
    st.html(markup(conversation, here, notes, first))
