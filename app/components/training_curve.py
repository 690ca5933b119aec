"""Loss over the steps of a training run, with the figures in a table under it."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.markup import details, table

_COLOURS = {"light": ("#1d5f8a", "#22262b", "#d9d6cc"), "dark": ("#7db8e0", "#e4e6e7", "#383f46")}
Point = Mapping[str, float]


def figure(curve: Sequence[Point], theme: str) -> Any:
    """The chart as a plotly figure."""
    line, ink, grid = _COLOURS["dark" if theme == "dark" else "light"]
    fig = go.Figure()
    fig.add_scatter(
        x=[p["step"] for p in curve],
        y=[p["loss"] for p in curve],
        mode="lines+markers" if len(curve) <= 40 else "lines",
        line={"color": line, "width": 2},
        marker={"size": 5},
        hovertemplate="step %{x}: loss %{y:.4f}<extra></extra>",
    )
    # log 2 is the loss of a model that cannot tell the sides apart.
    fig.add_hline(
        y=0.6931, line={"color": ink, "width": 1, "dash": "dot"}, opacity=0.5, annotation_text="guessing", annotation_font_color=ink
    )
    fig.update_layout(
        height=230,
        margin={"l": 48, "r": 10, "t": 14, "b": 36},
        font={"color": ink, "size": 12, "family": "Source Sans, sans-serif"},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        xaxis={"title": {"text": "step", "standoff": 4}, "gridcolor": grid, "zeroline": False},
        yaxis={"title": {"text": "loss", "standoff": 4}, "gridcolor": grid, "zeroline": False, "rangemode": "tozero"},
    )
    return fig


def show(curve: Sequence[Point]) -> None:
    """Draw the chart and its folded table."""
    theme = st.context.theme.type or "light"
    st.plotly_chart(figure(curve, theme), theme=None, config={"displayModeBar": False}, key="mw-curve", alt="Loss over steps; table below.")
    rows = [[f"{p['step']:g}", f"{p['loss']:.4f}", f"{p['accuracy']:.3f}"] for p in curve]
    columns = {"Step": "num", "Loss": "num", "Accuracy in the batch": "num"}
    st.html(details(f"{len(rows)} points of the curve", table("Loss and accuracy by step", columns, rows)))
