"""Reward traces of one model: both branches on one chart, the same figures in a table under it."""

import html
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.markup import signed, table
from app.sides import BUILT, SideNames
from music_core.types import BRANCHES, BranchName, RewardModel, RewardTrace

CAPTION = "Reward of the conversation if it ended here; not a credit for that turn."
# By the theme's type: chosen, rejected, text, grid. The same hues as in style.css.
_COLOURS = {"light": ("#1d5f8a", "#a14a06", "#22262b", "#d9d6cc"), "dark": ("#7db8e0", "#eda565", "#e4e6e7", "#383f46")}
Trace = Sequence[float]


def traces_by_model(traces: Sequence[RewardTrace]) -> dict[str, dict[BranchName, RewardTrace]]:
    """The traces by model id and branch."""
    out: dict[str, dict[BranchName, RewardTrace]] = {}
    for trace in traces:
        out.setdefault(trace.model_id, {})[trace.branch] = trace
    return out


def margins(sides: dict[BranchName, RewardTrace]) -> list[float | None]:
    """Margin (chosen − rejected) after each turn; None where one side has no such turn."""
    chosen, rejected = (sides[b].rewards if b in sides else () for b in ("chosen", "rejected"))
    n = max(len(chosen), len(rejected))
    return [chosen[i] - rejected[i] if i < len(chosen) and i < len(rejected) else None for i in range(n)]


def last_margin(sides: dict[BranchName, RewardTrace]) -> float | None:
    """Margin of the whole conversations: each side after its own last turn."""
    ends = [sides[b].rewards[-1] for b in ("chosen", "rejected") if b in sides and sides[b].rewards]
    return ends[0] - ends[1] if len(ends) == 2 else None


def figure(sides: dict[BranchName, RewardTrace], divergence: int, theme: str, names: SideNames = BUILT) -> Any:
    """The chart as a plotly figure: a line per branch over turns, told apart by colour, dash and marker."""
    chosen, rejected, ink, grid = _COLOURS["dark" if theme == "dark" else "light"]
    fig = go.Figure()
    styles: dict[BranchName, tuple[str, str, str]] = {"chosen": (chosen, "solid", "circle"), "rejected": (rejected, "dash", "square")}
    for branch, (colour, dash, symbol) in styles.items():
        if branch in sides:
            rewards = sides[branch].rewards
            fig.add_scatter(
                x=list(range(1, len(rewards) + 1)),
                y=list(rewards),
                # Plotly sets tags in a name and looks for figures in a template, so a system's name is only ever a name, escaped.
                name=html.escape(names.title(branch)),
                mode="lines+markers",
                line={"color": colour, "width": 2, "dash": dash},
                marker={"size": 7, "symbol": symbol},
                hovertemplate="%{fullData.name}, turn %{x}: %{y:.3f}<extra></extra>",
            )
    if divergence:
        fig.add_vline(x=divergence, line={"color": ink, "width": 1, "dash": "dot"}, opacity=0.5)
    fig.update_layout(
        height=240,
        margin={"l": 44, "r": 10, "t": 28, "b": 36},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"color": ink, "size": 13}},
        font={"color": ink, "size": 12, "family": "Source Sans, sans-serif"},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        hovermode="x",
        xaxis={"title": {"text": "after turn", "standoff": 4, "font": {"size": 12}}, "dtick": 1, "gridcolor": grid, "zeroline": False},
        yaxis={"tickformat": ".3~g", "gridcolor": grid, "zeroline": False},
    )
    n = max((len(t.rewards) for t in sides.values()), default=0)
    if n > 12:
        fig.update_xaxes(dtick=None)
    return fig


def rows(sides: dict[BranchName, RewardTrace]) -> list[list[str]]:
    """Table rows: turn, both rewards, margin."""
    out = []
    for i, margin in enumerate(margins(sides)):
        values = [sides[b].rewards[i] if b in sides and i < len(sides[b].rewards) else None for b in ("chosen", "rejected")]
        out.append([str(i + 1), *(signed(v, 3) for v in values), signed(margin, 3)])
    return out


def choose_model(by_model: dict[str, dict[BranchName, RewardTrace]], models: Sequence[RewardModel]) -> str | None:
    """The model whose traces are shown: asked for where there are several, None where there is none."""
    names = {m.id: m.name for m in models}
    ids = sorted(by_model, key=lambda i: list(names).index(i) if i in names else len(names))
    if len(ids) < 2:
        return ids[0] if ids else None
    return st.selectbox("Reward model", ids, format_func=lambda i: names.get(i, i), key="mw-trace-model")


def show(sides: dict[BranchName, RewardTrace], divergence: int, name: str, names: SideNames = BUILT) -> None:
    """Draw the chart of the model called `name`, its caption and its table."""
    theme = st.context.theme.type or "light"
    st.plotly_chart(
        figure(sides, divergence, theme, names),
        theme=None,
        config={"displayModeBar": False},
        key="mw-trace-chart",
        alt="Reward of both branches after each turn; the table below holds the same figures.",
    )
    st.html(f'<p class="mw-note">{CAPTION}</p>')
    columns = {"Turn": "text", **{names.heading(branch): "num" for branch in BRANCHES}, "Margin": "num"}
    st.html(table(f"Reward after each turn, by {name}", columns, rows(sides)))
    if any(not trace.one_pass for trace in sides.values()):
        st.html('<p class="mw-note">This model\'s chat template is not prefix-stable, so every prefix was scored singly.</p>')
