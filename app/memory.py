"""What the garbage collector need not look at again."""

import gc

import streamlit as st

from app import data


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
