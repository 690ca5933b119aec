"""The win rate of Best-of-N over N, a line for every comparison; its figures stand in the table under it."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from jobs.report import charts


def show(rows: Sequence[Mapping[str, Any]], key: str) -> None:
    """Draw the chart; nothing where no win rate is defined."""
    if any(r["win_rate"] is not None for r in rows):
        figure = charts.win_rates(rows, st.context.theme.type or "light")
        alt = "Win rate over N with 95 % intervals; the table below holds the same figures."
        st.plotly_chart(figure, theme=None, width=760, config={"displayModeBar": False}, key=f"mw-wins-{key}", alt=alt)
