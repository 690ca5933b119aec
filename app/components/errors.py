"""What went wrong, once, in a sentence, with what to do about it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from app.markup import visible
from music_core.errors import MusicError, NotThereError

_LOG = logging.getLogger("music.app")


def markup(error: MusicError) -> str:
    """An error that a person can act on, as HTML. Pure."""
    hint = f"<p>{visible(error.hint)}</p>" if error.hint else ""
    return f'<div class="mw-error" role="alert"><p><strong>{visible(error.message)}</strong></p>{hint}</div>'


def show(error: MusicError) -> None:
    """Draw an error."""
    st.html(markup(error))


@contextmanager
def shown(way_on: str = "") -> Iterator[None]:
    """Errors of the part inside are drawn in its place; the rest of the page goes on.

    `way_on` is HTML to draw below where what the address names is not in the store.
    What is no `MusicError` is our own defect: the log gets the traceback, the page a sentence without it.
    """
    try:
        yield
    except MusicError as e:
        show(e)
        if way_on and isinstance(e, NotThereError):
            st.html(f"<p>{way_on}</p>")
    except Exception as e:
        _LOG.exception("A page failed")
        show(MusicError(f"This part of the page failed ({type(e).__name__}).", "The server's log has the details; please report it."))
