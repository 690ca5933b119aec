"""Where things are: page names, and addresses that carry the whole state of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import streamlit as st

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Query = Mapping[str, str | Sequence[str]]
# The page that opens first; its address is the server's root.
DEFAULT = "overview"


def href(page: str, query: Query | None = None, anchor: str = "") -> str:
    """A relative address of one of our pages; empty values are left out. Draw it as `<a class="mw-link" …>`."""
    kept = {k: v for k, v in (query or {}).items() if v}
    tail = f"?{urlencode(kept, doseq=True)}" if kept else ""
    return f"{'./' if page == DEFAULT else quote(page)}{tail}{f'#{quote(anchor)}' if anchor else ''}"


def parameters(state: "DataclassInstance") -> dict[str, str | Sequence[str]]:
    """A state as an address's parameters by the names of its fields; what equals the default is left out."""
    held = {f.name: getattr(state, f.name) for f in fields(state) if getattr(state, f.name) != f.default}
    return {name: value if isinstance(value, tuple) else "1" if value is True else str(value) for name, value in held.items()}


def query_now() -> dict[str, list[str]]:
    """The current address's parameters, each with all its values."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def set_query(query: Query) -> None:
    """Replace the current address's parameters; empty values are left out."""
    st.query_params.from_dict({k: v if isinstance(v, str) else list(v) for k, v in query.items() if v})
