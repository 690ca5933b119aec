"""What the garbage collector need not look at again."""

import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def settle(page: str) -> None:  # noqa: ARG001
    """After the first run of a page in this process: take all that is there now for permanent.

    Streamlit collects all garbage after every run, before it tells the browser that the run has ended. With pandas, plotly and
    the store's index loaded that takes about 100 ms, of which nearly all goes into modules that are never freed.
    """
    gc.collect()
    gc.freeze()
