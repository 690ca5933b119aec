"""What a run would cost: calls, tokens, money, hours, memory, and the rates behind them, each assumed or measured."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.components import errors
from app.launching import Estimate
from app.markup import details, facts, table, visible
from app.times import duration


def rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, HTML) of the figures that apply. Pure."""
    cost = figures.get("cost")
    dollars = "no price known" if cost is None else "nothing" if cost == 0 else f"about US$ {cost:,.2f}"
    out: list[tuple[str, str]] = []
    if figures.get("calls"):
        out.append(("Calls", f"{figures['calls']:,}"))
    for name, label in (
        ("seeds", "Seeds"),
        ("pairs", "Pairs"),
        ("rows", "Rows"),
        ("conversations", "Conversations"),
        ("steps", "Steps"),
        ("tokens_in", "Tokens read"),
        ("tokens_out", "Tokens written"),
    ):
        if figures.get(name) is not None and (figures[name] or name in ("seeds", "pairs", "rows", "conversations")):
            out.append((label, f"{figures[name]:,}"))
    left_out = figures.get("left_out_by_simulator") or {}
    for model, n in left_out.items():
        out.append(("Left out", f"{n:,} pairs that {visible(model)} wrote itself"))
    if "hours" in figures:
        out.append(("Time", f"about {duration(figures['hours'] * 3600)}"))
    if figures.get("memory_gb_per_device") is not None:
        out.append(("Memory", f"about {figures['memory_gb_per_device']:.1f} GB on each device"))
    return [*out, ("Cost", dollars)]


def rates_markup(figures: Mapping[str, Any]) -> str:
    """The rates as a folded table. Pure."""
    rates = figures.get("rates") or {}
    lines = [
        [visible(name), f"{rate['value']:,.4g} {visible(rate['unit'])}", visible(f"{rate['basis']}: {rate['from']}")]
        for name, rate in rates.items()
    ]
    return details("Rates behind it", table("Rates", {"Rate": "text", "Value": "num", "Basis": "text"}, lines)) if lines else ""


def show(possible: bool, found: Estimate | None) -> None:
    """Draw the estimate, or how to get one."""
    st.header("What it would cost", anchor=False)
    if not possible:
        st.html('<p class="mw-note">It asks no chat model but the embedded one and cannot be tried dry.</p>')
    elif found is None:
        st.html('<p class="mw-note"><em>Estimate</em> counts calls, tokens, time and money for these settings, and starts nothing.</p>')
    elif found.error is not None:
        errors.show(found.error)
    elif found.figures is not None:
        st.html(facts(rows(found.figures)) + rates_markup(found.figures))
        st.html('<p class="mw-note">Of the settings when <em>Estimate</em> was pressed. Retries come on top.</p>')
