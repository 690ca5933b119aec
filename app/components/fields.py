"""Draws the fields of a form in two columns; what is rarely needed is folded."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.forms import Field
from app.markup import shorten


def key_of(token: str, name: str) -> str:
    """The widget key of a field: one form, one set of widgets."""
    return f"mw-field-{token}-{name}"


def values_of(token: str, fields: Sequence[Field]) -> dict[str, Any]:
    """What the fields of a form hold now."""
    return {f.name: st.session_state.get(key_of(token, f.name)) for f in fields}


def show(token: str, fields: Sequence[Field], values: Mapping[str, Any]) -> None:
    """Draw the fields with `values` in them at first."""
    _grid(token, [f for f in fields if not f.more], values)
    rest = [f for f in fields if f.more]
    if rest:
        changed = any(values.get(f.name) != f.default for f in rest)
        with st.expander("More settings", expanded=changed):
            _grid(token, rest, values)


def _grid(token: str, fields: Sequence[Field], values: Mapping[str, Any]) -> None:
    for i in range(0, len(fields), 2):
        for column, f in zip(st.columns(2, gap="medium"), fields[i : i + 2], strict=False):
            with column:
                _field(key_of(token, f.name), f, values.get(f.name))


def _field(key: str, f: Field, value: Any) -> None:
    about = f.help or None
    match f.shape:
        case "whole":
            least = None if f.least is None else int(f.least)
            st.number_input(f.label, min_value=least, value=value, step=1, key=key, help=about, placeholder=f.hint)
        case "real":
            least_real = None if f.least is None else float(f.least)
            given = None if value is None else float(value)
            st.number_input(f.label, min_value=least_real, value=given, step=0.1, key=key, help=about, placeholder=f.hint)
        case "text":
            st.text_input(f.label, value=value or "", key=key, help=about, placeholder=f.hint)
        case "yes":
            st.checkbox(f.label, value=bool(value), key=key, help=about)
        case "many":
            options = _options(f, value or ())
            names = options.__getitem__
            st.multiselect(
                f.label, list(options), list(value or ()), format_func=names, key=key, help=about, placeholder=f.hint or "Choose"
            )
        case _:
            _one(key, f, value)


def _one(key: str, f: Field, value: Any) -> None:
    shown = value if value is not None else f.default
    options = _options(f, (str(shown),) if shown not in (None, "") else ())
    names = list(options)
    index = names.index(shown) if shown in names else None
    st.selectbox(
        f.label,
        names,
        index=index,
        format_func=lambda v: options.get(v, v),
        key=key,
        help=f.help or None,
        accept_new_options=f.shape == "open",
        placeholder=f.hint or ("None yet" if not names else "Choose"),
        disabled=not names,
    )


def _options(f: Field, chosen: Sequence[str]) -> dict[str, str]:
    """The choices with their names; what is chosen stays choosable even where the store does not have it."""
    return {v: shorten(name, 70) for v, name in {**f.options, **{v: v for v in chosen if v not in f.options}}.items()}
