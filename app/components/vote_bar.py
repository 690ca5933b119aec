"""The bar of keys at the bottom of the Label page. A card's token is part of every key, so a late click hits nothing."""

from collections.abc import Callable
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.components.words import REASONS
from music_core.types import LabelChoice

# Choice, words on the button, its key. C and R belong to Streamlit.
_VOTES: tuple[tuple[LabelChoice, str, str], ...] = (
    ("left", "Left", "1"),
    ("right", "Right", "2"),
    ("tie", "Tie", "3"),
    ("both_bad", "Both bad", "4"),
)


def reasons_key(token: str) -> str:
    """Session key of the reasons given on a card."""
    return f"mw-reasons-{token}"


def comment_key(token: str) -> str:
    """Session key of the comment given on a card."""
    return f"mw-comment-{token}"


def place() -> DeltaGenerator:
    """The bar at the bottom, without its keys yet.

    To be made in every run: Streamlit lets a fragment write there only if it did so in the last run of the whole page.
    """
    return st.bottom.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="mw-vote-bar")


def votes(
    bar: DeltaGenerator,
    token: str,
    on_vote: Callable[[LabelChoice], None],
    on_undo: Callable[[], None],
    on_keep: Callable[[], None] | None = None,
    *,
    can_undo: bool,
) -> None:
    """The four decisions, reasons, skip and undo, pinned to the bottom.

    `on_keep` is given while an earlier decision is being replaced; it stands where skip does otherwise.
    """
    with bar:
        for choice, words, key in _VOTES:
            kind: Literal["primary", "secondary"] = "primary" if choice in ("left", "right") else "secondary"
            st.button(words, key=f"mw-{choice}-{token}", shortcut=key, on_click=on_vote, args=(choice,), type=kind)
        with st.popover("Reasons", icon=":material/edit_note:"):
            st.pills("Why? (optional)", REASONS, selection_mode="multi", key=reasons_key(token))
            st.text_area("Comment (optional)", key=comment_key(token), height=90, max_chars=4000)
        # Skip and undo stand at the right by the style sheet: a spacer is one more element at every key.
        if on_keep:
            st.button("Keep as it is", key=f"mw-keep-{token}", shortcut="K", on_click=on_keep)
        else:
            st.button("Skip", key=f"mw-skip-{token}", shortcut="S", on_click=on_vote, args=("skip",))
        st.button("Undo", key=f"mw-undo-{token}", shortcut="U", on_click=on_undo, disabled=not can_undo)


def decided(
    bar: DeltaGenerator,
    token: str,
    words: str,
    on_undo: Callable[[], None],
    on_change: Callable[[], None],
    on_next: Callable[[], None],
    *,
    last: bool,
) -> None:
    """After the decision: what was decided stands where the votes were, so a second click there does nothing."""
    with bar:
        st.html(f'<p class="mw-decided"><span class="mw-note">Your label</span> <strong>{words}</strong></p>', width="stretch")
        st.button("Undo", key=f"mw-undo-{token}", shortcut="U", on_click=on_undo)
        st.button("Change", key=f"mw-change-{token}", shortcut="E", on_click=on_change)
        st.button("Finish" if last else "Next", key=f"mw-next-{token}", shortcut="N", on_click=on_next, type="primary")
