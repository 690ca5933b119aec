"""Charts of figures with their intervals, for the app's pages and for reports. Names are escaped, since plotly reads a little HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from jobs.report.markup import attribute, shorten
from jobs.report.words import comparison, interval, rater_name, share

ROW_PX = 30
_NAME_CHARS = 42
# Told apart without colour too: by symbol and dash. None of the hues means chosen or rejected.
_SERIES = {
    "light": ("#2c6b4f", "#6b4fa0", "#8a6d00", "#8a2a5c", "#1f6f78", "#5b616a"),
    "dark": ("#86cdae", "#b9a5ee", "#e0c35c", "#f0a3c8", "#7fd0d8", "#a7aeb6"),
}
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_INK = {"light": ("#22262b", "#d9d6cc"), "dark": ("#e4e6e7", "#383f46")}
# Disagreement, chance, agreement.
_HEAT = {"light": ("#a99bd6", "#f1efe9", "#6fb3a2"), "dark": ("#6354a0", "#252a30", "#2a6f5e")}


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure on a row of a chart. `series` names its colour and symbol; a hollow one stands apart from the filled ones."""

    row: str
    series: str
    value: float
    n: int | None = None
    interval: Sequence[float] | None = None
    hollow: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A value to hold the dots against."""

    at: float
    words: str


def _scheme(theme: str) -> str:
    return "dark" if theme == "dark" else "light"


def _hover(dot: Dot) -> str:
    n = "" if dot.n is None else f", n {dot.n:,}"
    ends = "" if dot.interval is None else f"95 % interval {interval(dot.interval)}"
    lines = (dot.row, dot.series, f"{share(dot.value)}{n}", ends, dot.note)
    return "<br>".join(attribute(shorten(text, 160)) for text in lines if text)


def _base(theme: str, height: int, n_legend_lines: int = 0) -> dict[str, Any]:
    """What all charts share; room for a legend of so many lines is made below."""
    legend = 24 * n_legend_lines
    ink, _ = _INK[_scheme(theme)]
    return {
        "template": None,
        "height": height + legend,
        "margin": {"l": 10, "r": 14, "t": 26, "b": 44 + legend},
        "font": {"color": ink, "size": 12.5, "family": "Source Sans, sans-serif"},
        "plot_bgcolor": "rgba(0,0,0,0)",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "y": 0, "yanchor": "bottom", "yref": "container", "x": 0, "xref": "container"},
    }


def _bars(values: Sequence[tuple[float, Sequence[float] | None]], colour: str) -> dict[str, Any]:
    """Interval lines of `values`, each (value, interval)."""
    above = [0.0 if ends is None else ends[1] - value for value, ends in values]
    below = [0.0 if ends is None else value - ends[0] for value, ends in values]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": colour, "thickness": 1.6, "width": 0}


def dots(
    found: Sequence[Dot],
    theme: str,
    *,
    title: str,
    lines: Sequence[Line] = (),
    span: tuple[float, float] | None = (0, 1),
    name_chars: int = _NAME_CHARS,
) -> Any:
    """Figures as dots with their intervals: rows downwards, one colour and symbol per series, the values across.

    Rows and series come in the order in which they are first named; within a row the series stand below each other. Names of rows
    are cut at `name_chars`.
    """
    scheme = _scheme(theme)
    ink, grid = _INK[scheme]
    rows = list(dict.fromkeys(d.row for d in found))
    series = list(dict.fromkeys(d.series for d in found))
    step = min(0.8 / max(1, len(series)), 0.3)
    offset = {name: step * (i - (len(series) - 1) / 2) for i, name in enumerate(series)}
    fig = go.Figure()
    for i, name in enumerate(series):
        own = [d for d in found if d.series == name]
        colour, symbol = _SERIES[scheme][i % len(_SYMBOLS)], _SYMBOLS[i % len(_SYMBOLS)]
        fig.add_scatter(
            x=[d.value for d in own],
            y=[rows.index(d.row) + offset[name] for d in own],
            mode="markers",
            name=attribute(shorten(name, 60)),
            marker={
                "color": colour,
                "size": 9,
                "symbol": [f"{symbol}-open" if d.hollow else symbol for d in own],
                "line": {"width": 1.6, "color": colour},
            },
            error_x=_bars([(d.value, d.interval) for d in own], colour),
            customdata=[_hover(d) for d in own],
            hovertemplate="%{customdata}<extra></extra>",
        )
    for line in lines:
        fig.add_vline(x=line.at, line={"color": ink, "width": 1, "dash": "dot"}, opacity=0.7)
        fig.add_annotation(
            x=line.at, y=1, yref="paper", yanchor="bottom", text=attribute(line.words), showarrow=False, font={"size": 11, "color": ink}
        )
    height = 110 + int(len(rows) * max(ROW_PX, 15 * len(series)))
    fig.update_layout(
        **_base(theme, height, -(-len(series) // 2) if len(series) > 1 else 0),
        showlegend=len(series) > 1,
        xaxis={"title": {"text": attribute(title), "standoff": 6}, "range": _padded(span), "gridcolor": grid, "zeroline": False},
        yaxis={
            "tickvals": list(range(len(rows))),
            "ticktext": [attribute(shorten(r, name_chars)) for r in rows],
            "range": [len(rows) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
            "ticks": "",
        },
    )
    return fig


def _padded(span: tuple[float, float] | None) -> list[float] | None:
    return None if span is None else [span[0] - 0.02 * (span[1] - span[0]), span[1] + 0.02 * (span[1] - span[0])]


def win_rates(table: Sequence[Mapping[str, Any]], theme: str) -> Any:
    """The win rate over N, a line with intervals for every comparison of a Best-of-N table."""
    scheme = _scheme(theme)
    ink, grid = _INK[scheme]
    fig = go.Figure()
    names = list(dict.fromkeys(map(comparison, table)))
    for i, name in enumerate(names):
        own = [r for r in table if comparison(r) == name and r["win_rate"] is not None]
        colour = _SERIES[scheme][i % len(_SYMBOLS)]
        fig.add_scatter(
            x=[str(r["n"]) for r in own],
            y=[r["win_rate"] for r in own],
            mode="lines+markers",
            name=attribute(shorten(name, 80)),
            line={"color": colour, "width": 2, "dash": _DASHES[i % len(_DASHES)]},
            marker={"size": 8, "symbol": _SYMBOLS[i % len(_SYMBOLS)], "color": colour},
            error_y=_bars([(r["win_rate"], r["interval"]) for r in own], colour),
            customdata=[_hover(Dot(name, f"N = {r['n']}", r["win_rate"], r["n_prompts"], r["interval"])) for r in own],
            hovertemplate="%{customdata}<extra></extra>",
        )
    fig.add_hline(y=0.5, line={"color": ink, "width": 1, "dash": "dot"}, opacity=0.7)
    order = [str(n) for n in sorted({r["n"] for r in table})]
    fig.update_layout(
        **_base(theme, 330, len(names)),
        showlegend=True,
        xaxis={
            "title": {"text": "N", "standoff": 4},
            "type": "category",
            "categoryorder": "array",
            "categoryarray": order,
            "range": [-0.4, len(order) - 0.6],
            "showgrid": False,
        },
        yaxis={
            "title": {"text": "win rate of A", "standoff": 6},
            "range": [-0.03, 1.03],
            "gridcolor": grid,
            "zeroline": False,
            "automargin": True,
        },
    )
    return fig


def matrix(cells: Sequence[Mapping[str, Any]], theme: str) -> Any:
    """Agreement of every two raters as a heat map, the number and n in every cell."""
    scheme = _scheme(theme)
    ink, _ = _INK[scheme]
    low, middle, high = _HEAT[scheme]
    names = list(dict.fromkeys(r for c in cells for r in (c["a"], c["b"])))
    at = {(names.index(c["b"]), names.index(c["a"])): c for c in cells if c["agree"] is not None}
    spread = range(len(names))
    labels = [attribute(shorten(rater_name(name), 26)) for name in names]
    fig = go.Figure(
        go.Heatmap(
            z=[[at[i, j]["agree"] if (i, j) in at else None for j in spread] for i in spread],
            text=[[f"{share(at[i, j]['agree'])}<br>n {at[i, j]['n']:,}" if (i, j) in at else "" for j in spread] for i in spread],
            texttemplate="%{text}",
            textfont={"color": ink, "size": 11},
            hoverinfo="skip",
            zmin=0,
            zmax=1,
            colorscale=[[0.0, low], [0.5, middle], [1.0, high]],
            xgap=2,
            ygap=2,
            colorbar={"thickness": 10, "outlinewidth": 0, "tickfont": {"color": ink}},
        )
    )
    axis = {"tickvals": list(spread), "ticktext": labels, "showgrid": False, "zeroline": False, "automargin": True, "ticks": ""}
    fig.update_layout(**_base(theme, 46 * len(names) + 130), xaxis={**axis, "tickangle": -32}, yaxis={**axis, "autorange": "reversed"})
    return fig
