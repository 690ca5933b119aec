"""The widgets of a filter bar. The address is the state: they are set from it, and a change writes it back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from app.components.words import ROLE_CHOICES
from app.state import span


@dataclass(frozen=True, slots=True)
class Fields:
    """The widgets of one bar; their keys begin with `prefix`, and `apply` writes what they hold into the address."""

    prefix: str
    apply: Callable[[], None]

    def key(self, name: str) -> str:
        """The key of the widget for `name`."""
        return f"{self.prefix}-{name}"

    def held(self, many: Sequence[str], texts: Sequence[str], ranges: Sequence[str]) -> dict[str, Any]:
        """What the widgets of these names hold that are drawn: tuples, texts, and ranges written `low..high`."""
        now = st.session_state
        values: dict[str, Any] = {name: tuple(now[self.key(name)]) for name in many if self.key(name) in now}
        values |= {name: now[self.key(name)] or "" for name in texts if self.key(name) in now}
        for name in ranges:
            if self.key(f"{name}-low") in now:
                ends = [now[self.key(f"{name}-{end}")] for end in ("low", "high")]
                values[name] = "" if ends == [None, None] else "..".join("" if end is None else f"{end:g}" for end in ends)
        return values

    def many(
        self, name: str, label: str, counts: Mapping[str, int | None], chosen: Sequence[str], names: Mapping[str, str] | None = None
    ) -> None:
        """A choice of several values; those in the address stay choosable even where the store has none of them."""
        options = [*counts, *(v for v in chosen if v not in counts)]
        shown = {v: (names or {}).get(v, v) + (f" ({n:,})" if (n := counts.get(v)) is not None else "") for v in options}
        st.session_state[self.key(name)] = list(chosen)
        key, words = self.key(name), shown.__getitem__
        st.multiselect(label, options, format_func=words, key=key, on_change=self.apply, placeholder="Any", disabled=not options)

    def one(
        self, name: str, label: str, names: Mapping[str, str], chosen: str, visibility: Literal["visible", "collapsed"] = "visible"
    ) -> None:
        """A choice of one value or any."""
        shown = {"": "Any", **names, **({chosen: chosen} if chosen not in names and chosen else {})}
        st.session_state[self.key(name)] = chosen
        key, words = self.key(name), shown.__getitem__
        st.selectbox(label, list(shown), format_func=words, key=key, on_change=self.apply, label_visibility=visibility)

    def text(self, name: str, label: str, value: str, placeholder: str) -> None:
        """A field to search in."""
        key = self.key(name)
        st.session_state[key] = value
        st.text_input(label, key=key, type="search", placeholder=placeholder, on_change=self.apply, label_visibility="collapsed")

    @contextmanager
    def bar(self, q: str, role: str, n: int) -> Iterator[None]:
        """Search in texts, whose texts, and the popover in which the block draws its fields; `n` of these leave something out."""
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="mw-filters"):
            self.text("q", "Search", q, "Text in the conversations")
            with st.container(width=190):
                self.one("role", "Search in", ROLE_CHOICES, role, "collapsed")
            with st.popover(f"Filters ({n})" if n else "Filters", icon=":material/tune:"):
                yield

    def range(self, name: str, label: str, text: str, step: float = 1, disabled: bool = False, least: int | None = 0) -> None:
        """Two number fields for a range with open ends."""
        bounds = span(text) or (float("-inf"), float("inf"))
        kind: type[int] | type[float] = int if step == 1 else float
        for column, end, value in zip(st.columns(2, gap="xsmall", wrap=False), ("low", "high"), bounds, strict=True):
            key = self.key(f"{name}-{end}")
            st.session_state[key] = None if abs(value) == float("inf") else kind(value)
            word = "from" if end == "low" else "to"
            column.number_input(
                f"{label} {word}",
                value=None,
                min_value=least if step == 1 else None,
                step=kind(step),
                key=key,
                on_change=self.apply,
                placeholder=f"{word} …",
                disabled=disabled,
            )
