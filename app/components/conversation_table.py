"""The list of conversations: one row each; the column heads sort, a row opens its conversation."""

from collections.abc import Mapping

import streamlit as st

from app.components.listing import heading, pager
from app.conversation_state import ConversationList
from app.markup import attribute, shorten, signed, visible
from app.nav import href
from app.state import PAGE_ROWS
from music_core.store.conversations import ConversationRow

# Heading, sort name (None: cannot be sorted by), class of the cells.
_COLUMNS = (
    ("Opening", "opening", "text"),
    ("Turns", "turns", "num"),
    ("Characters", "chars", "num"),
    ("Pairs", "pairs", "text"),
    ("Reward", "reward", "num"),
    ("Added", "created", "text"),
)
_OPENING_CHARS = 170
_MOST_MODELS = 3
_STANDS = {"chosen": "chosen", "rejected": "rejected", "neutral": "of two systems"}
_DASH = '<span class="mw-note">–</span>'


def _pairs(row: ConversationRow) -> str:
    """A link for each way in which the conversation stands in pairs: to the pair, or to the list of its pairs where there are several."""
    out = ""
    for stand, words in _STANDS.items():
        found = row.pairs.get(stand, ())
        if found:
            n = len(found)
            # The list has the pairs of both sides.
            target = href("pair", {"pair": found[0]}) if n == 1 else href("pairs", {"conversation": row.conversation_id})
            times = f" in {n:,} pairs" if n > 1 else ""
            out += f'<a class="mw-link mw-chip mw-tone-{stand} mw-beside" href="{attribute(target)}">{words}{times}</a> '
    return out or '<span class="mw-note">in no pair</span>'


def _rewards(row: ConversationRow, names: Mapping[str, str], first: str) -> str:
    """The reward of each model, that of the model `first` before the others; the only model of the store needs no name."""
    ordered = sorted(row.rewards, key=lambda i: (i != first, list(names).index(i) if i in names else len(names)))
    if len(names) == 1 and len(ordered) == 1:
        return signed(row.rewards[ordered[0]])
    shown = "".join(
        f'<span class="mw-verdict mw-by">{visible(shorten(names.get(i, i), 24))} <b>{signed(row.rewards[i])}</b></span>'
        for i in ordered[:_MOST_MODELS]
    )
    rest = len(ordered) - _MOST_MODELS
    return (shown + (f'<span class="mw-note">and {rest:,} more</span>' if rest > 0 else "")) or _DASH


def _row(row: ConversationRow, state: ConversationList, names: Mapping[str, str]) -> str:
    target = attribute(href("conversation", {**state.query(), "conversation": row.conversation_id}))
    opening = visible(shorten(row.opening, _OPENING_CHARS)) or "<em>no user message</em>"
    more = f" and {len(row.sources) - 1:,} more" if len(row.sources) > 1 else ""
    about = " · ".join(part for part in (visible(row.sources[0]) + more if row.sources else "", row.split) if part)
    messages = f'<br><span class="mw-note">{row.n_messages:,} message{"" if row.n_messages == 1 else "s"}</span>'
    cells = (
        ("num", f"{row.n_turns:,}{messages}"),
        ("num", f"{row.n_chars:,}"),
        ("text", _pairs(row)),
        ("num", _rewards(row, names, state.model)),
        ("text mw-when", f'<time datetime="{row.created_at.isoformat()}">{row.created_at:%Y-%m-%d}</time>'),
    )
    return (
        f'<tr><th scope="row" class="mw-col-text"><a class="mw-link mw-open" href="{target}" dir="auto">{opening}</a>'
        f'<span class="mw-note">{about}</span></th>' + "".join(f'<td class="mw-col-{kind}">{cell}</td>' for kind, cell in cells) + "</tr>"
    )


def markup(rows: tuple[ConversationRow, ...], state: ConversationList, names: Mapping[str, str]) -> str:
    """The table as HTML; `names` are the reward models' by id, newest first. Pure."""
    sorts = [(name, None if sort == "reward" and not state.model else sort, kind) for name, sort, kind in _COLUMNS]
    head = "".join(heading(name, sort, kind, state, "conversations") for name, sort, kind in sorts)
    body = "".join(_row(row, state, names) for row in rows)
    return (
        '<div class="mw-scroll"><table class="mw-table mw-pairs mw-conversations"><caption class="mw-sr">Conversations</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def show(rows: tuple[ConversationRow, ...], state: ConversationList, names: Mapping[str, str], total: int) -> None:
    """Draw the rows of one page, and the way to the others."""
    st.html(markup(rows, state, names) + pager(state, -(-total // PAGE_ROWS), "conversations"))
