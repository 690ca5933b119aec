"""Two conversations beside each other, as one element: aligned by turn, the shared opening folded, the parting marked.

Names no branch by itself: the page says what each side is called, so the blind page can show the same pair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import streamlit as st

from app.alignment import AlignedTurn, Row, align, shared_prefix
from app.markup import attribute, details, visible
from app.prose import prose
from music_core.types import Conversation, Message

# A message longer than FOLD_CHARS shows its beginning; of one longer than MOST_CHARS the rest is not sent to the browser.
FOLD_CHARS = 4_000
HEAD_CHARS = 1_500
MOST_CHARS = 200_000
# Turns drawn at once; the page offers the others by number.
MOST_TURNS = 60
ROLE_NAMES = {"system": "System", "user": "User", "assistant": "Assistant"}
Tone = Literal["chosen", "rejected", "plain"]


@dataclass(frozen=True, slots=True)
class Side:
    """One conversation and what is said about it. `before` and `after` map a turn to HTML around its reply.

    `name` and `subtitle` are text, since they may hold a system's name. `as_written` shows the signs of Markdown instead of
    setting them.
    """

    name: str
    conversation: Conversation
    tone: Tone = "plain"
    subtitle: str = ""
    before: Mapping[int, str] = field(default_factory=dict)
    after: Mapping[int, str] = field(default_factory=dict)
    as_written: bool = False


def message_text(text: str, as_written: bool = False) -> str:
    """HTML of one message's text: whole, or its beginning with the rest folded, never more than MOST_CHARS.

    `as_written` shows every sign; otherwise the few that `prose` knows are set.
    """
    setting = visible if as_written else prose
    if len(text) <= FOLD_CHARS:
        return f'<div class="mw-text" dir="auto">{setting(text) or "<em>empty</em>"}</div>'
    cut = max(text.rfind(mark, HEAD_CHARS // 2, HEAD_CHARS) for mark in "\n ") + 1 or HEAD_CHARS
    rest, left_out = text[cut:MOST_CHARS], max(0, len(text) - MOST_CHARS)
    note = f'<p class="mw-note">{left_out:,} further characters are not shown here; export the pair to read them.</p>' if left_out else ""
    more = details(f"Show the other {len(text) - cut:,} characters", f'<div class="mw-text" dir="auto">{setting(rest)}</div>{note}')
    return f'<div class="mw-text" dir="auto">{setting(text[:cut])}…</div>{more}'


def _message(message: Message | None, side: Side, before: str = "", after: str = "", *, both: bool = False) -> str:
    if message is None:
        return '<div class="mw-msg mw-absent"><p class="mw-note">No message here on this side.</p></div>'
    whose = f'<span class="mw-sr">{"both sides" if both else visible(side.name)}, </span>'
    text = message_text(message.content, side.as_written)
    return f'<article class="mw-msg mw-{message.role}"><h4>{whose}{ROLE_NAMES[message.role]}</h4>{before}{text}{after}</article>'


def _row(turn: AlignedTurn, row: Row, left: Side, right: Side) -> str:
    """One message across both columns where it is the same, unless something is said about either side's reply."""
    reply = any(m is not None and m.role == "assistant" for m in (row.left, row.right))
    said = reply and any(notes.get(turn.turn) for side in (left, right) for notes in (side.before, side.after))
    if row.same and not said:
        return f'<div class="mw-row mw-same">{_message(row.left, left, both=True)}</div>'
    cells = ""
    for message, side in ((row.left, left), (row.right, right)):
        before, after = (side.before.get(turn.turn, ""), side.after.get(turn.turn, "")) if reply else ("", "")
        cells += f'<div class="mw-cell mw-{side.tone}">{_message(message, side, before, after)}</div>'
    return f'<div class="mw-row">{cells}</div>'


def _turn(turn: AlignedTurn, parts_here: bool, left: Side, right: Side) -> str:
    name = f"Turn {turn.turn}" if turn.turn else "Before the first turn"
    flag = '<span class="mw-flag">the sides part here</span>' if parts_here else ""
    rows = "".join(_row(turn, row, left, right) for row in turn.rows)
    return (
        f'<section class="mw-turn{" mw-parting" if parts_here else ""}" id="turn-{turn.turn}" aria-label="{name}">'
        f"<h3>{name}{flag}</h3>{rows}</section>"
    )


def _prefix(turns: Sequence[AlignedTurn], left: Side, right: Side, opened: bool) -> str:
    """The turns that both sides share, in one column, folded."""
    if not turns:
        return ""
    bare_left, bare_right = (replace(side, before={}, after={}) for side in (left, right))
    body = "".join(_turn(turn, False, bare_left, bare_right) for turn in turns)
    last = turns[-1].turn
    first = max(1, turns[0].turn)
    name = "The opening is" if last == 0 else f"Turn {last} is" if first == last else f"Turns {first} to {last} are"
    n_chars = sum(len(row.left.content) for turn in turns for row in turn.rows if row.left)
    summary = f'{name} the same on both sides <span class="mw-note">{n_chars:,} characters</span>'
    return details(summary, body, css="mw-prefix", opened=opened)


def _heading(side: Side) -> str:
    subtitle = f'<span class="mw-note">{visible(side.subtitle)}</span>' if side.subtitle else ""
    return f'<div class="mw-head mw-{side.tone}"><h3>{visible(side.name)}</h3>{subtitle}</div>'


def markup(
    left: Side,
    right: Side,
    *,
    open_prefix: bool = False,
    first_turn: int = 0,
    most: int = MOST_TURNS,
    last_turn: int | None = None,
    heads: bool = True,
) -> str:
    """The whole comparison as HTML: at most `most` turns, from `first_turn` on and up to `last_turn`. Pure.

    Without `heads` it is a part that follows another: no names of the sides above it, and no landmark of its own.
    """
    turns = align(left.conversation, right.conversation)
    n_same = shared_prefix(turns)
    parting = turns[n_same].turn if n_same < len(turns) else None
    window = [turn for turn in turns if first_turn <= turn.turn and (last_turn is None or turn.turn <= last_turn)][:most]
    same = [turn for turn in window if parting is None or turn.turn < parting]
    rest = window[len(same) :]
    body = _prefix(same, left, right, open_prefix or not rest)
    body += "".join(_turn(turn, turn.turn == parting, left, right) for turn in rest)
    if not heads:
        return f'<div class="mw-conv">{body}</div>'
    return (
        f'<section class="mw-conv" aria-label="{attribute(left.name)} and {attribute(right.name)}, turn by turn">'
        f'<div class="mw-row mw-heads">{_heading(left)}{_heading(right)}</div>{body}</section>'
    )


def show(left: Side, right: Side, *, open_prefix: bool = False, key: str) -> None:
    """Draw both conversations; long ones in windows of turns with a page control below."""
    n_turns = max(left.conversation.n_turns, right.conversation.n_turns)
    first = 0
    if n_turns > MOST_TURNS:
        parting = shared_prefix(align(left.conversation, right.conversation))
        pages = -(-n_turns // MOST_TURNS)
        st.html(f'<p class="mw-note">{n_turns:,} turns, {MOST_TURNS} at a time.</p>')
        page = st.pagination(pages, default=min(pages, max(0, parting - 1) // MOST_TURNS + 1), key=f"{key}-window")
        first = (page - 1) * MOST_TURNS + 1 if page > 1 else 0
    st.html(markup(left, right, open_prefix=open_prefix, first_turn=first))
