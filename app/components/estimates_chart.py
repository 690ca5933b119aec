"""Estimates as dots with their intervals: with predictions, and below each the labels alone."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.estimates import title
from app.markup import attribute, shorten
from jobs.stages.estimates import Answer

_COLOURS = {"light": ("#2f6f9f", "#8a8f96", "#22262b", "#d9d6cf"), "dark": ("#7db7dd", "#8d949c", "#e4e6e7", "#3a4047")}
ROW_PX = 52
_OFFSET = 0.16
_TITLE_CHARS = 60
Point = tuple[float, tuple[float, float] | None] | None


def _dots(name: str, points: Sequence[Point], shift: float, colour: str, symbol: str) -> Any:
    kept = [(i, p) for i, p in enumerate(points) if p is not None]
    high = [interval[1] - value if interval else 0 for _, (value, interval) in kept]
    low = [value - interval[0] if interval else 0 for _, (value, interval) in kept]
    told = [f"{v:.3f}, 95 % interval {i[0]:.3f} to {i[1]:.3f}" if i else f"{v:.3f}, no interval" for _, (v, i) in kept]
    return go.Scatter(
        name=name,
        x=[value for _, (value, _) in kept],
        y=[i + shift for i, _ in kept],
        mode="markers",
        marker={"symbol": symbol, "size": 9, "color": colour},
        error_x={"type": "data", "symmetric": False, "array": high, "arrayminus": low, "thickness": 2, "width": 0, "color": colour},
        customdata=told,
        hovertemplate="%{customdata}<extra>" + name + "</extra>",
    )


def figure(answers: Sequence[Answer], theme: str) -> Any:
    """The chart as a plotly figure. Names are escaped, since plotly reads a little HTML."""
    main, alone, ink, line = _COLOURS["dark" if theme == "dark" else "light"]
    found = [a.found for a in answers]
    fig = go.Figure(
        [
            _dots("with predictions", [None if e.estimate is None else (e.estimate, e.interval) for e in found], -_OFFSET, main, "circle"),
            _dots(
                "labels alone",
                [None if e.classical is None else (e.classical, e.classical_interval) for e in found],
                _OFFSET,
                alone,
                "circle-open",
            ),
        ]
    )
    fig.add_vline(x=0.5, line={"color": line, "width": 1, "dash": "dot"})
    names = [attribute(shorten(title(a), _TITLE_CHARS)) for a in answers]
    fig.update_layout(
        height=ROW_PX * len(answers) + 100,
        margin={"l": 10, "r": 10, "t": 6, "b": 34},
        font={"color": ink, "size": 12.5, "family": "Source Sans, sans-serif"},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={"range": [0, 1], "gridcolor": line, "zeroline": False, "tickformat": ".1f", "automargin": True},
        yaxis={
            "tickvals": list(range(len(answers))),
            "ticktext": names,
            "autorange": False,
            "range": [len(answers) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
        },
    )
    return fig


def show(answers: Sequence[Answer]) -> None:
    """Draw the chart; without any estimate nothing."""
    if all(a.found.estimate is None for a in answers):
        return
    st.plotly_chart(
        figure(answers, st.context.theme.type or "light"),
        theme=None,
        config={"displayModeBar": False},
        key="mw-estimates-chart",
        alt="Each estimate with its interval, beside that from the labels alone; the table below holds the same figures.",
    )
