"""Reward traces of one or several models on one chart, the same figures in tables under it; a click on a point goes to its turn."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.components.conversation import MOST_TURNS, first_of, window_of
from app.components.trace_chart import Scored, figure, margins
from app.markup import attribute, details, signed, table, visible
from app.pair_state import Here
from app.sides import BUILT, SideNames
from jobs.report.markup import INVISIBLE
from music_core.types import BRANCHES, BranchName, RewardModel, RewardTrace

__all__ = ["Scored", "chart", "choose_models", "figure", "margins", "rows", "scored_by", "show", "tables", "traces_by_model"]

CAPTION = "Reward of the conversation if it ended here; not a credit for that turn."
# So many models are shown until one chooses: more than these would not share a chart.
FEW_MODELS = 3
_MODELS, _KIND = "mw-trace-models", "mw-trace-kind"
_KINDS = {"": "Rewards", "margin": "Margin"}


def traces_by_model(traces: Sequence[RewardTrace]) -> dict[str, dict[BranchName, RewardTrace]]:
    """The traces by model id and branch."""
    out: dict[str, dict[BranchName, RewardTrace]] = {}
    for trace in traces:
        out.setdefault(trace.model_id, {})[trace.branch] = trace
    return out


def scored_by(traces: Sequence[RewardTrace], models: Sequence[RewardModel]) -> list[Scored]:
    """The models with traces of a pair, newest first; those that are registered no more come last."""
    by_model, known = traces_by_model(traces), {m.id: (i, m.name) for i, m in enumerate(models)}
    ids = sorted(by_model, key=lambda i: (known.get(i, (len(known), ""))[0], i))
    return [Scored(i, known[i][1] if i in known else i, by_model[i]) for i in ids]


def name_text(name: str) -> str:
    """A name for a widget that shows text as it is: what cannot be seen is written as its code point."""
    return INVISIBLE.sub(lambda m: f"[U+{ord(m.group(1)):04X}]", name)


def _apply(here: Here) -> None:
    here.go(trace=tuple(st.session_state[_MODELS]))


def choose_models(found: Sequence[Scored], here: Here) -> list[Scored]:
    """The models whose traces are shown: asked for where there are several; without a choice the newest few."""
    names = {s.id: s.name for s in found}
    chosen = [i for i in here.state.trace if i in names] or [s.id for s in found[:FEW_MODELS]]
    if len(found) > 1:
        st.session_state[_MODELS] = chosen
        st.multiselect("Reward models", list(names), format_func=lambda i: name_text(names[i]), key=_MODELS, on_change=_apply, args=(here,))
    return [s for s in found if s.id in chosen]


def _turn_cell(turn: int, here: Here | None) -> str:
    if here is None:
        return str(turn)
    current = ' aria-current="location"' if turn == here.state.turn else ""
    return f'<a class="mw-link" href="{attribute(here.href(turn))}"{current}>{turn}</a>'


def rows(sides: Mapping[BranchName, RewardTrace], here: Here | None = None) -> list[list[str]]:
    """Table rows: turn (a link where `here` says whence), both rewards, margin."""
    out = []
    for i, margin in enumerate(margins(sides)):
        values = [sides[b].rewards[i] if b in sides and i < len(sides[b].rewards) else None for b in BRANCHES]
        out.append([_turn_cell(i + 1, here), *(signed(v, 3) for v in values), signed(margin, 3)])
    return out


def margin_rows(shown: Sequence[Scored], here: Here | None = None) -> list[list[str]]:
    """Table rows: turn, the margin by each model."""
    by_model = [margins(s.sides) for s in shown]
    n = max((len(m) for m in by_model), default=0)
    return [[_turn_cell(i + 1, here), *(signed(m[i] if i < len(m) else None, 3) for m in by_model)] for i in range(n)]


def tables(shown: Sequence[Scored], names: SideNames, here: Here | None = None, first: int = 0) -> str:
    """The figures of the chart: of one model all of them, of several the margins with each model's rewards folded. HTML.

    Of a long pair (`first` above 0) the turns from `first` on that the conversations show as well.
    """
    part = slice(first - 1, first - 1 + MOST_TURNS) if first else slice(None)
    columns = {"Turn": "text", **{names.heading(branch): "num" for branch in BRANCHES}, "Margin": "num"}
    full = [table(f"Reward after each turn, by {s.name}", columns, rows(s.sides, here)[part]) for s in shown]
    note = f'<p class="mw-note">From turn {first:,} on; all turns are in the file of this pair.</p>' if first else ""
    if len(shown) == 1:
        return full[0] + note
    # Two models may have one name, and columns are told apart by theirs.
    heads = {f"<span>{visible(s.name)}</span><!--{n}-->": "num" for n, s in enumerate(shown)}
    joined = table("Margin after each turn, by model", {"Turn": "text", **heads}, margin_rows(shown, here)[part])
    return joined + note + "".join(details(f"Rewards by {visible(s.name)}", one) for s, one in zip(shown, full, strict=True))


def _chosen(key: str, here: Here) -> None:
    """Go to the turn of the point that was clicked; a click that only lets go of a point changes nothing."""
    points = st.session_state[key].selection.points
    turn = points[0].get("customdata") if points else None
    found = turn[0] if isinstance(turn, list | tuple) and turn else turn
    if isinstance(found, int | float):
        here.go(turn=int(found))


def _kind(here: Here) -> None:
    here.go(chart=st.session_state[_KIND] or "")


def chart(shown: Sequence[Scored], divergence: int, names: SideNames, here: Here) -> None:
    """Draw the chart; a click on a point goes to its turn."""
    theme = st.context.theme.type or "light"
    drawn: Any = figure(shown, divergence, theme, names, turn=here.state.turn, kind=here.state.chart)
    # A chart of its own for every turn: it starts without a selection, so that any point can be clicked again.
    key = f"mw-trace-chart-{here.state.turn}"
    st.plotly_chart(
        drawn,
        theme=None,
        config={"displayModeBar": False},
        key=key,
        on_select=lambda: _chosen(key, here),
        selection_mode="points",
        alt="Rewards or margins after each turn; the table below holds the same figures, with links to the turns.",
    )


def show(shown: Sequence[Scored], divergence: int, here: Here, names: SideNames = BUILT) -> None:
    """Draw the chart of the models, its caption and its tables."""
    st.session_state[_KIND] = here.state.chart
    st.segmented_control(
        "Chart", list(_KINDS), format_func=_KINDS.__getitem__, key=_KIND, on_change=_kind, args=(here,), label_visibility="collapsed"
    )
    chart(shown, divergence, names, here)
    st.html(f'<p class="mw-note">{CAPTION} A click on a point, or on a number of the table, goes to its turn.</p>')
    n_turns = max((len(t.rewards) for s in shown for t in s.sides.values()), default=0)
    first = first_of(window_of(min(here.state.turn or divergence, n_turns))) if n_turns > MOST_TURNS else 0
    st.html(tables(shown, names, here, first))
    prefixes = [s.name for s in shown if any(not trace.one_pass for trace in s.sides.values())]
    if prefixes:
        who = visible(", ".join(prefixes))
        st.html(f'<p class="mw-note">{who}: the chat template is not prefix-stable, so every prefix was scored singly.</p>')
