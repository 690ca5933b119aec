"""The chart of reward traces: a line per model and branch, or one small chart per model where there are many. Pure."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.pair_state import ChartKind
from app.sides import BUILT, SideNames
from music_core.types import BRANCHES, BranchName, RewardTrace

# By the theme's type: chosen, rejected, text, grid. The same hues as in style.css.
_COLOURS = {"light": ("#1d5f8a", "#a14a06", "#22262b", "#d9d6cc"), "dark": ("#7db8e0", "#eda565", "#e4e6e7", "#383f46")}
# One hue per model where several share a chart.
_MODELS = {"light": ("#6b5aa5", "#2f7d6a", "#5d6470"), "dark": ("#b3a4e6", "#7cc7b3", "#a3abb5")}
_STYLES: Mapping[BranchName, tuple[str, str]] = {"chosen": ("solid", "circle"), "rejected": ("dash", "square")}
_MARGIN_STYLES = (("solid", "circle"), ("dash", "square"), ("dot", "diamond"))
MOST_TOGETHER = len(_MODELS["light"])
_POINT, _ASKED = 7, 13


@dataclass(frozen=True, slots=True)
class Scored:
    """One model's traces of a pair; the name may be any text."""

    id: str
    name: str
    sides: Mapping[BranchName, RewardTrace]


def margins(sides: Mapping[BranchName, RewardTrace]) -> list[float | None]:
    """Margin (chosen − rejected) after each turn; None where one side has no such turn."""
    chosen, rejected = (sides[b].rewards if b in sides else () for b in ("chosen", "rejected"))
    n = max(len(chosen), len(rejected))
    return [chosen[i] - rejected[i] if i < len(chosen) and i < len(rejected) else None for i in range(n)]


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the chart: its values by turn, its name, how it is told apart, and the small chart (row) that it is in."""

    name: str
    values: Sequence[float | None]
    colour: str
    dash: str
    symbol: str
    row: int
    in_legend: bool = True


def _lines(shown: Sequence[Scored], theme: str, names: SideNames, kind: ChartKind) -> list[_Line]:
    apart = len(shown) > MOST_TOGETHER
    out = []
    for k, scored in enumerate(shown):
        row, hue = (k + 1, 0) if apart else (1, k)
        model = _MODELS[theme][hue]
        if kind == "margin":
            dash, symbol = _MARGIN_STYLES[hue]
            out.append(_Line(scored.name, margins(scored.sides), model, dash, symbol, row, not apart))
            continue
        for branch, colour in zip(BRANCHES, _COLOURS[theme], strict=False):
            dash, symbol = _STYLES[branch]
            name = f"{scored.name} · {names.of(branch)}" if len(shown) > 1 and not apart else names.title(branch)
            if branch in scored.sides:
                ink = colour if apart or len(shown) == 1 else model
                out.append(_Line(name, scored.sides[branch].rewards, ink, dash, symbol, row, not apart or k == 0))
    return out


def _draw(fig: Any, line: _Line, turn: int) -> None:
    turns = list(range(1, len(line.values) + 1))
    fig.add_scatter(
        x=turns,
        y=list(line.values),
        customdata=turns,
        # Plotly sets tags in a name and looks for figures in a template, so a name is only ever a name, escaped.
        name=html.escape(line.name),
        mode="lines+markers",
        line={"color": line.colour, "width": 2, "dash": line.dash},
        marker={"size": [_ASKED if t == turn else _POINT for t in turns], "symbol": line.symbol, "color": line.colour, "opacity": 1},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        hovertemplate="%{fullData.name}, turn %{x}: %{y:.3f}<extra></extra>",
        showlegend=line.in_legend,
        row=line.row,
        col=1,
    )


def figure(shown: Sequence[Scored], divergence: int, theme: str, names: SideNames = BUILT, *, turn: int = 0, kind: ChartKind = "") -> Any:
    """The chart as a plotly figure: lines over turns, told apart by colour, dash and marker; `turn` is set off in all of them."""
    scheme = "dark" if theme == "dark" else "light"
    _, _, ink, grid = _COLOURS[scheme]
    n_rows = len(shown) if len(shown) > MOST_TOGETHER else 1
    titles = [html.escape(s.name) for s in shown] if n_rows > 1 else None
    fig: Any = make_subplots(rows=n_rows, cols=1, shared_xaxes=True, vertical_spacing=0.3 / n_rows, subplot_titles=titles)
    for line in _lines(shown, scheme, names, kind):
        _draw(fig, line, turn)
    if divergence:
        fig.add_vline(x=divergence, line={"color": ink, "width": 1, "dash": "dot"}, opacity=0.5)
    if turn:
        fig.add_vrect(x0=turn - 0.3, x1=turn + 0.3, fillcolor=ink, opacity=0.1, line_width=0, layer="below")
    if kind == "margin":
        fig.add_hline(y=0, line={"color": ink, "width": 1}, opacity=0.4)
    n_in_legend = sum(trace.showlegend is not False for trace in fig.data)
    _layout(fig, ink, n_rows, n_in_legend)
    n_turns = max((len(t.rewards) for s in shown for t in s.sides.values()), default=0)
    fig.update_xaxes(dtick=1 if n_turns <= 12 else None, gridcolor=grid, zeroline=False)
    fig.update_xaxes(title={"text": "after turn", "standoff": 4, "font": {"size": 12}}, row=n_rows, col=1)
    fig.update_yaxes(tickformat=".3~g", gridcolor=grid, zeroline=False)
    fig.update_annotations(font={"size": 13, "color": ink}, xanchor="left", x=0)
    return fig


def _layout(fig: go.Figure, ink: str, n_rows: int, n_in_legend: int) -> None:
    # Above the plots: the legend, two names a line, and over small charts the name of the first.
    top = (26 if n_rows > 1 else 0) + 22 * max(1, n_in_legend // 2)
    height = (180 if n_rows == 1 else 150 * n_rows) + top + 36
    fig.update_layout(
        height=height,
        margin={"l": 44, "r": 10, "t": top, "b": 36},
        legend={
            "orientation": "h",
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "x": 0,
            "font": {"color": ink, "size": 13},
        },
        font={"color": ink, "size": 12, "family": "Source Sans, sans-serif"},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        hovermode="closest",
        clickmode="event+select",
        dragmode=False,
    )
