"""Margins of two models over the same pairs: one disc for every cell of a grid, its area the number of pairs; the bands in a table."""

from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.markup import attribute, table, visible
from music_core.evaluate.side_by_side import BANDS, Bin, SideBySide, banded, bins

# By the theme's type: both right, only the first, only the second, neither; then text and grid.
_COLOURS = {
    "light": ("#5b616a", "#2c6b4f", "#6b4fa0", "#8a2a2a", "#22262b", "#d9d6cc"),
    "dark": ("#a7aeb6", "#86cdae", "#b9a5ee", "#f0a3a0", "#e4e6e7", "#383f46"),
}
_SYMBOLS = ("circle", "square", "diamond", "x")
MOST_PX, LEAST_PX = 15.0, 3.0


def groups(a: str, b: str) -> tuple[str, str, str, str]:
    """What the four kinds of pairs are called."""
    return "both right", f"only {a} right", f"only {b} right", "both wrong"


def _group(cell: Bin) -> int:
    return (0 if cell.b > 0 else 1) if cell.a > 0 else (2 if cell.b > 0 else 3)


def figure(found: SideBySide, a: str, b: str, theme: str) -> Any:
    """The chart as a plotly figure."""
    *tones, ink, grid = _COLOURS["dark" if theme == "dark" else "light"]
    cells = bins(found)
    most = max((c.n for c in cells), default=1)
    fig = go.Figure()
    for k, name in enumerate(groups(a, b)):
        own = [c for c in cells if _group(c) == k]
        fig.add_scatter(
            x=[c.a for c in own],
            y=[c.b for c in own],
            mode="markers",
            name=attribute(name),
            marker={
                "color": tones[k],
                "symbol": _SYMBOLS[k],
                "size": [max(LEAST_PX, MOST_PX * (c.n / most) ** 0.5) if most > 1 else 8 for c in own],
                "line": {"width": 0},
                "opacity": 0.85,
            },
            customdata=[f"{c.n:,} pair{'' if c.n == 1 else 's'}" for c in own],
            hovertemplate="%{customdata}<extra></extra>",
        )
    axis = {"range": [-3.3, 3.3], "gridcolor": grid, "zerolinecolor": ink, "zerolinewidth": 1, "dtick": 1}
    fig.update_layout(
        height=430,
        margin={"l": 10, "r": 10, "t": 10, "b": 96},
        font={"color": ink, "size": 12.5, "family": "Source Sans, sans-serif"},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        legend={
            "orientation": "h",
            "y": 0,
            "yanchor": "bottom",
            "yref": "container",
            "x": 0,
            "xref": "container",
            "itemsizing": "constant",
        },
        xaxis={**axis, "title": {"text": f"margin of {attribute(a)}, in its own spreads", "standoff": 4}},
        yaxis={**axis, "title": {"text": f"margin of {attribute(b)}", "standoff": 4}, "automargin": True},
    )
    return fig


def _bands() -> list[str]:
    middle = [f"{low:+g} to {high:+g}" for low, high in pairwise(BANDS)]
    return [s.replace("-", "−").replace("+0", "0") for s in (f"below {BANDS[0]:g}", *middle, f"above {BANDS[-1]:+g}")]


def table_markup(found: SideBySide, a: str, b: str) -> str:
    """Pairs by band of margin, for each of the two, as HTML. Pure."""
    columns = {"Model": "text", "One spread": "num", **dict.fromkeys(_bands(), "num")}
    rows = [
        [visible(name), f"{spread:.3g}", *(f"{n:,}" for n in banded(margins))]
        for name, spread, margins in ((a, found.spread_a, found.margins_a), (b, found.spread_b, found.margins_b))
    ]
    caption = "Pairs by margin towards the right side, in the model's own spread (root mean square); below 0 it is wrong"
    return f'<div class="mw-topic">{table(caption, columns, rows)}</div>'


def show(found: SideBySide, a: str, b: str) -> None:
    """Draw the chart and its table."""
    theme = st.context.theme.type or "light"
    alt = f"Margins of {a} and {b} over the same pairs; the table below holds the same figures by band."
    st.plotly_chart(figure(found, a, b, theme), theme=None, width=760, config={"displayModeBar": False}, key="mw-margins", alt=alt)
    st.html(table_markup(found, a, b))
