"""The matrix as a heat map: raters by raters, the number and n in every cell."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app import raters
from app.markup import attribute, shorten, signed
from app.matrix_state import MEASURES, MatrixState
from music_core.evaluate.agreement import Cell

# Disagreement, chance, agreement; text; grid. Neither of the two hues means chosen or rejected anywhere.
_COLOURS = {
    "light": (("#8d7cc4", "#f1efe9", "#4f9c88"), "#22262b", "#d9d6cc"),
    "dark": (("#6a5aa6", "#252a30", "#2f7d6a"), "#e4e6e7", "#383f46"),
}
CELL_PX = 46
MOST_WITH_N = 9
_NAME_CHARS = 26


def _grid(cells: Sequence[Cell], names: Sequence[str]) -> list[list[Cell | None]]:
    """Cell of row r and column c; the lower half and the diagonal, where a group is held against itself."""
    at = {frozenset((c.a, c.b)): c for c in cells}
    return [[at.get(frozenset((a, b))) if j <= i else None for j, b in enumerate(names)] for i, a in enumerate(names)]


def number(value: float | None, state: MatrixState) -> str:
    """The number shown: a share plain, a coefficient with its sign, a dash where it is undefined."""
    if value is None:
        return "–"
    return signed(value) if state.show in ("kappa", "alpha") else f"{value:.2f}"


def _hover(cell: Cell, state: MatrixState) -> str:
    low, high = cell.interval or (None, None)
    interval = f"agreement 95 % interval {low:.2f} to {high:.2f}" if low is not None and high is not None else "no interval"
    note = raters.explained(cell)
    lines = [
        f"{raters.name(cell.a)} and {raters.name(cell.b)}",
        f"{MEASURES[state.show]} {number(state.value(cell), state)}, {cell.n:,} pairs",
        interval,
        *([note] if note else []),
    ]
    return "<br>".join(attribute(line) for line in lines)


def figure(cells: Sequence[Cell], state: MatrixState, theme: str) -> Any:
    """The chart as a plotly figure. Names are escaped, since plotly reads a little HTML."""
    (low, middle, high), ink, line = _COLOURS["dark" if theme == "dark" else "light"]
    names = raters.in_order(cells)
    grid = _grid(cells, names)
    with_n = len(names) <= MOST_WITH_N
    labels = [attribute(shorten(raters.name(r), _NAME_CHARS)) for r in names]
    bottom = -1.0 if state.show in ("kappa", "alpha") else 0.0

    def text(cell: Cell | None) -> str:
        if cell is None:
            return ""
        return number(state.value(cell), state) + (f"<br><span style='font-size:11px'>n {cell.n:,}</span>" if with_n else "")

    fig = go.Figure(
        go.Heatmap(
            z=[[None if c is None else state.value(c) for c in row] for row in grid],
            x=list(range(len(names))),
            y=list(range(len(names))),
            text=[[text(c) for c in row] for row in grid],
            customdata=[["" if c is None else _hover(c, state) for c in row] for row in grid],
            texttemplate="%{text}",
            hovertemplate="%{customdata}<extra></extra>",
            hoverongaps=False,
            zmin=bottom,
            zmax=1.0,
            colorscale=[[0.0, low], [0.5, middle], [1.0, high]],
            xgap=2,
            ygap=2,
            colorbar={"thickness": 10, "outlinewidth": 0, "tickfont": {"color": ink}, "len": 0.9},
        )
    )
    # Undefined cells have no colour; their dash is written all the same.
    for i, row in enumerate(grid):
        for j, cell in enumerate(row):
            if cell is not None and state.value(cell) is None:
                fig.add_annotation(x=j, y=i, text=text(cell), showarrow=False, font={"color": ink, "size": 12})
    axis = {"tickvals": list(range(len(names))), "ticktext": labels, "showgrid": False, "zeroline": False, "linecolor": line}
    fig.update_layout(
        height=CELL_PX * len(names) + 120,
        margin={"l": 10, "r": 10, "t": 6, "b": 10},
        font={"color": ink, "size": 12.5, "family": "Source Sans, sans-serif"},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        xaxis={**axis, "automargin": True, "tickangle": 0 if len(names) <= 5 else -32},
        yaxis={**axis, "autorange": "reversed", "automargin": True},
    )
    return fig


def show(cells: Sequence[Cell], state: MatrixState) -> None:
    """Draw the chart."""
    theme = st.context.theme.type or "light"
    st.plotly_chart(
        figure(cells, state, theme),
        theme=None,
        config={"displayModeBar": False},
        key="mw-matrix-chart",
        alt=f"{MEASURES[state.show]} of every two raters; the table below holds the same figures.",
    )
