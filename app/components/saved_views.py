"""Saved views: links to filters that somebody gave a name, and the way to name the present one or take one's own away."""

import uuid
from collections.abc import Sequence

import streamlit as st

from app import actions
from app.components import errors
from app.markup import attribute, plain, visible
from app.nav import href
from app.state import ListState, from_query
from music_core.store.views import MOST_NAME_CHARS, SavedView

MOST_SHOWN = 12
_NAME = "mw-view-name"
_ONCE = "mw_view_once"


def kept(state: ListState) -> ListState:
    """What is saved of a state: neither the page nor a model that nothing depends on. Pure."""
    return state.changed() if state.margin or state.sort == "margin" else state.changed(model="")


def same(view: SavedView, state: ListState) -> bool:
    """Whether the view shows what `state` does, on whatever page. Pure."""
    query = {k: [v] if isinstance(v, str) else list(v) for k, v in view.query.items()}
    return kept(from_query(query)) == kept(state)


def markup(views: Sequence[SavedView], state: ListState, person: str | None) -> str:
    """The first views as links, one's own before others', as HTML. Pure."""
    ordered = sorted(views, key=lambda v: v.person != person)
    out = ""
    for view in ordered[:MOST_SHOWN]:
        here = ' aria-current="true"' if same(view, state) else ""
        who = "" if view.person == person else f' <span class="mw-note">{visible(view.person)}</span>'
        out += f'<a class="mw-link mw-filter"{here} href="{attribute(href("pairs", view.query))}">{visible(view.name)}{who}</a>'
    rest = len(ordered) - MOST_SHOWN
    more = f'<span class="mw-note">and {rest:,} more</span>' if rest > 0 else ""
    return f'<nav class="mw-filters" aria-label="Saved views"><span class="mw-note">Views</span>{out}{more}</nav>'


def _save(state: ListState, person: str) -> None:
    token = st.session_state.setdefault(_ONCE, uuid.uuid4().hex)
    if actions.save_view(person, st.session_state.get(_NAME, ""), kept(state).query(), token):
        st.session_state.pop(_ONCE, None)
        st.session_state[_NAME] = ""


def _manage(state: ListState, own: Sequence[SavedView], person: str | None) -> None:
    if person is None:
        st.html('<p class="mw-note">Say who you are, at the top right, to save a view under your name.</p>')
        return
    st.text_input("Name of this view", key=_NAME, max_chars=MOST_NAME_CHARS, placeholder="Judges against people")
    st.button("Save", key="mw-view-save", on_click=_save, args=(state, person), type="primary")
    st.html('<p class="mw-note">Everybody on this store sees it. The same name again replaces your view.</p>')
    for view in own:
        st.button(
            f"Delete {plain(view.name)}",
            key=f"mw-view-delete-{view.name}",
            on_click=actions.delete_view,
            args=(person, view.name),
            type="tertiary",
            icon=":material/delete:",
        )


def show(state: ListState, views: Sequence[SavedView], person: str | None) -> None:
    """Draw the row; nothing where there is neither a view nor a filter to save."""
    own = [view for view in views if view.person == person]
    if not views and not state.active:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="mw-views"):
        if views:
            st.html(markup(views, state, person), width="content")
        if state.active or own:
            with st.popover("Save this view" if state.active else "Your views", type="tertiary", icon=":material/bookmark:"):
                _manage(state, own, person)
    failed = actions.view_error()
    if failed:
        errors.show(failed)
