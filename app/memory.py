"""What the garbage collector need not look at again, and what a session need not remember any longer."""

import gc
import logging
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import SafeSessionState

from app import data

_LOG = logging.getLogger("music.app")
# Widgets that have gone from the page and are still known: nine pairs on Label, since a click on what is about to go may come late.
KEPT = 100


@st.cache_resource(show_spinner=False)
def settle(page: str) -> None:  # noqa: ARG001
    """After the first run of a page in this process: take all that is there now for permanent.

    A full collection takes about 100 ms with pandas, plotly and the store's index loaded, of which nearly all goes into modules that
    are never freed; whoever waits for a page meanwhile waits longer. Streamlit's own after every run is off (`postScriptGC`).
    What is imported later is taken for permanent at the end of the warm-up. What the page has put into the index is compressed in the
    background.
    """
    gc.collect()
    gc.freeze()
    data.pack_index()


def forget_widgets() -> None:
    """Let the session forget widgets that went from its page long ago; to be called at the start of a run, of a fragment too.

    Streamlit keeps the values of widgets that are on the page, but for as long as the session lasts how to read every one that ever was
    (as of 1.67 in `WStates.widget_metadata` and `KeyIdMapper`). Label draws ten of new keys for each pair: some 60 objects, and the
    more of them live, the seldomer Python looks for what a run left behind. A click on a widget that is forgotten does nothing.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    try:
        state: Any = context.session_state
        while isinstance(state, SafeSessionState):  # in `AppTest` twice
            state = state._state
        known, ids = state._new_widget_state.widget_metadata, state._key_id_mapper
        values, before = state._new_widget_state.states, state._old_state
        for widget in [id_ for id_ in tuple(known) if id_ not in values and id_ not in before][:-KEPT]:
            del known[widget]
            key = ids.id_key_mapping.get(widget)
            if key is not None and ids.get_id_from_key(key) == widget:
                ids.delete(key)
            else:  # the key is that of another widget by now
                ids.id_key_mapping.pop(widget, None)
    except AttributeError:  # another Streamlit, which may keep this elsewhere or not at all
        _LOG.debug("Old widgets were not forgotten.", exc_info=True)
