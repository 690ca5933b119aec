"""The matrix as a heat map: raters by raters, the number and n in every cell."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app import raters
from app.markup import attribute, shorten, signed
from app.matrix_state import MEASURES, MatrixState
from music_core.evaluate.agreement import Cell

# Disagreement, chance, agreement; text. Neither of the two hues means chosen or rejected anywhere.
_COLOURS = {
    "light": (("#a99bd6", "#f1efe9", "#6fb3a2"), "#22262b"),
    "dark": (("#6354a0", "#252a30", "#2a6f5e"), "#e4e6e7"),
}
CELL_PX = 46
MOST_WITH_N = 9
_NAME_CHARS = 26


def axes(cells: Sequence[Cell]) -> tuple[list[str], list[str]]:
    """Raters down and across: the lower half and the diagonal hold all cells, so a row or column without any is left out. Pure."""
    names = raters.in_order(cells)
    place = {name: i for i, name in enumerate(names)}
    ends = [sorted((place[c.a], place[c.b])) for c in cells]
    across, down = {low for low, _ in ends}, {high for _, high in ends}
    return [n for i, n in enumerate(names) if i in down], [n for i, n in enumerate(names) if i in across]


def _grid(cells: Sequence[Cell], down: Sequence[str], across: Sequence[str]) -> list[list[Cell | None]]:
    order = raters.in_order(cells)
    at = {frozenset((c.a, c.b)): c for c in cells}
    return [[at.get(frozenset((a, b))) if order.index(b) <= order.index(a) else None for b in across] for a in down]


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
    (low, middle, high), ink = _COLOURS["dark" if theme == "dark" else "light"]
    down, across = axes(cells)
    grid = _grid(cells, down, across)
    with_n = len(across) <= MOST_WITH_N
    bottom = -1.0 if state.show in ("kappa", "alpha") else 0.0

    def text(cell: Cell | None) -> str:
        if cell is None:
            return ""
        return number(state.value(cell), state) + (f"<br>n {cell.n:,}" if with_n else "")

    fig = go.Figure(
        go.Heatmap(
            z=[[None if c is None else state.value(c) for c in row] for row in grid],
            x=list(range(len(across))),
            y=list(range(len(down))),
            text=[[text(c) for c in row] for row in grid],
            customdata=[["" if c is None else _hover(c, state) for c in row] for row in grid],
            texttemplate="%{text}",
            textfont={"color": ink, "size": 12},
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

    def axis(names: Sequence[str]) -> dict[str, Any]:
        labels = [attribute(shorten(raters.name(r), _NAME_CHARS)) for r in names]
        return {
            "tickvals": list(range(len(names))),
            "ticktext": labels,
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
            "ticks": "",
        }

    fig.update_layout(
        height=CELL_PX * len(down) + 110,
        margin={"l": 10, "r": 10, "t": 6, "b": 10},
        font={"color": ink, "size": 12.5, "family": "Source Sans, sans-serif"},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        xaxis={**axis(across), "tickangle": 0 if len(across) <= 5 else -32},
        yaxis={**axis(down), "autorange": "reversed"},
    )
    return fig


def show(cells: Sequence[Cell], state: MatrixState) -> None:
    """Draw the chart."""
    theme = st.context.theme.type or "light"
    n_across = len(axes(cells)[1])
    st.plotly_chart(
        figure(cells, state, theme),
        theme=None,
        width=min(1380, 320 + 120 * n_across),  # pixels; Streamlit lets it shrink with the page
        config={"displayModeBar": False},
        key="mw-matrix-chart",
        alt=f"{MEASURES[state.show]} of every two raters; the table below holds the same figures.",
    )
