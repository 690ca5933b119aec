"""The view of the Agreement page by slices: agreement by a property of the pairs, what people reach, and two raters on the same pairs."""

from collections.abc import Iterable, Sequence

import streamlit as st

from app import raters, reports
from app.components import nobody_voted, slices_controls
from app.components.agreement_glance import interval_text, pairs_text
from app.markup import plain, signed, table, visible
from app.matrix_state import MatrixState
from app.nav import Query
from app.state import NOT_STATED as NO_NAME
from jobs.report import charts
from jobs.report.charts import Dot, Line
from jobs.report.slicing import BY, NOT_STATED
from jobs.report.words import interval, share, signed_interval
from music_core.evaluate.agreement import Cell
from music_core.evaluate.compare import PairedDifference
from music_core.evaluate.slices import Ceiling, Slice

MOST_IN_CHART = 6
ALL = "all pairs"
Sliced = Sequence[tuple[str, Cell]]
_COLUMNS = {
    "Slice": "text",
    "Rater": "text",
    "Pairs": "num",
    "Agreement": "num",
    "95 % interval": "num",
    "Without ties": "num",
    "Note": "text",
    "Pairs that": "text",
}
_DIFFERENCE = {
    "Rater": "text",
    "Compared with": "text",
    "Pairs": "num",
    "First agrees": "num",
    "Second agrees": "num",
    "Difference": "num",
    "95 % interval": "num",
    "Only the first": "num",
    "Only the second": "num",
    "Sign test p": "num",
    "Note": "text",
    "Agrees": "text",
}
_RANGES = ("turns", "divergence")


def against(cells: Iterable[Cell], state: MatrixState) -> list[Cell]:
    """The cells of the chosen raters with the one that they are held against, in the order of the raters. Pure."""
    own = [c for c in cells if c.a != c.b and state.against in (c.a, c.b) and (c.n or c.n_trained_on)]
    return [c for c in own if not state.rater or other(c, state) in state.rater]


def other(cell: Cell, state: MatrixState) -> str:
    """The rater of the cell that is held against the other."""
    return cell.b if cell.a == state.against else cell.a


def within(state: MatrixState, name: str) -> Query:
    """The list of pairs' filter of a slice. Pure."""
    if name == ALL:
        return state.within()
    unknown = name == NOT_STATED
    match state.by:
        case "turns" | "divergence":
            own: Query = {state.by: f"{name}..{name}"}
        case "length_gap":
            own = {"gap": name}
        case "simulator":
            own = {"simulator": NO_NAME if unknown else name}
        case "split":  # one chosen above is replaced by the narrower one
            own = {"split": name}
        case _ if unknown or state.source:  # of any origin, beside the source chosen above
            own = {"also": f"{state.by}:{'' if unknown else name}"}
        case _:
            own = {state.by: name}
    return {**state.within(), **own}


def rows_of(whole: Sequence[Cell], slices: Sequence[Slice], state: MatrixState) -> list[tuple[str, Cell]]:
    """The name of a slice with a cell of it: all pairs first. Pure."""
    found = [(ALL, c) for c in against(whole, state)]
    return found + [(s.name or NOT_STATED, c) for s in slices for c in against(s.cells, state)]


def words_of(name: str, state: MatrixState) -> str:
    """A slice in words: numbers say what they count. Pure."""
    if name == ALL or state.by not in _RANGES:
        return name
    if state.by == "turns":
        return f"{name} turn{'' if name == '1' else 's'}"
    return "nowhere: the same" if name == "0" else f"at turn {name}"


def _row(name: str, cell: Cell, state: MatrixState) -> list[str]:
    opened = raters.opened(raters.links(cell, within(state, name), trained=state.trained))
    who = other(cell, state)
    decided = f'{share(cell.agree_non_tie)} <span class="mw-note">of {cell.n_non_tie:,}</span>' if cell.n_non_tie else "–"
    note = f'<span class="mw-run-note">{visible(raters.explained(cell))}</span>'
    named = f'{visible(raters.name(who))} <span class="mw-note">{raters.kind(who) if ":" in who else ""}</span>'
    return [visible(words_of(name, state)), named, pairs_text(cell), share(cell.agree), interval_text(cell), decided, note, opened]


def _ceiling_row(top: Ceiling, state: MatrixState) -> list[str]:
    rests = f"{top.n_votes:,} votes of {top.n_persons:,} people. " if top.n_votes else ""
    note = f'<span class="mw-run-note">{visible(rests + top.note)}</span>'
    ways = [(words, raters.between("people", "people", rel, state.within())) for words, rel in (("agree", "agree"), ("differ", "differ"))]
    ways = ways if top.n_votes else []
    who = 'One person <span class="mw-note">against the others</span>'
    return ["human ceiling", who, f"{top.n_pairs:,}", share(top.agree), interval(top.interval), "–", note, raters.opened(ways)]


def markup(rows: Sliced, top: Ceiling, state: MatrixState) -> str:
    """The table as HTML. Pure."""
    caption = f"Agreement with {raters.name(state.against)} by {BY[state.by].lower()}; intervals by bootstrap over seeds"
    cells = [_row(name, cell, state) for name, cell in rows]
    return f'<div class="mw-matrix mw-slices">{table(caption, _COLUMNS, [*cells, _ceiling_row(top, state)])}</div>'


def dots_of(rows: Sliced, state: MatrixState) -> list[Dot]:
    """The first few raters for the chart. Pure."""
    shown = list(dict.fromkeys(other(c, state) for _, c in rows))[:MOST_IN_CHART]
    return [
        Dot(words_of(name, state), slices_controls.words_of(other(c, state)), c.agree, c.n, c.interval, note=raters.explained(c))
        for name, c in rows
        if other(c, state) in shown and c.agree is not None
    ]


def _chart(rows: Sliced, top: Ceiling, state: MatrixState) -> None:
    dots = dots_of(rows, state)
    lines = [Line(top.agree, f"one person against the others: {top.agree:.2f}")] if top.agree is not None else []
    theme = st.context.theme.type or "light"
    figure = charts.dots(dots, theme, title=f"agreement with {raters.name(state.against)}", lines=lines)
    alt = "Agreement by slice; the table below holds the same figures."
    st.plotly_chart(figure, theme=None, width=980, config={"displayModeBar": False}, key="mw-slices-chart", alt=alt)
    n_raters = len({other(c, state) for _, c in rows})
    if n_raters > MOST_IN_CHART:
        st.html(f'<p class="mw-note">The chart shows {MOST_IN_CHART} of {n_raters} raters, the table all of them.</p>')


def _remarks(rows: Sliced, state: MatrixState) -> None:
    few = sum(0 < c.n < raters.FEW for _, c in rows)
    said = [f"{few} of {len(rows)} figures rest on fewer than {raters.FEW} pairs; their intervals are wide."] if few else []
    if state.trained:
        said.append("Training pairs of the models are counted, so a model's agreement here flatters it.")
    if said:
        notes = "".join(f'<p class="mw-remark" role="note">{visible(text)}</p>' for text in said)
        st.html(f'<div class="mw-remarks">{notes}</div>')


def difference_markup(found: PairedDifference, state: MatrixState) -> str:
    """Two raters on the same pairs as HTML. Pure."""
    p = "–" if found.p_value is None else "< 0.001" if found.p_value < 0.001 else f"{found.p_value:.3f}"
    left_out = f" {found.n_trained_on:,} training pairs left out." if found.n_trained_on and found.n else ""
    note = f'<span class="mw-run-note">{visible(found.note + left_out)}</span>'
    figures = [share(found.accuracy_a), share(found.accuracy_b), signed(found.difference), signed_interval(found.interval)]
    counts = [f"{found.only_a:,}", f"{found.only_b:,}", p]
    ways = raters.opened(raters.held_links(found, state.within(), trained=state.trained))
    who = [visible(raters.name(found.a)), visible(raters.name(found.b))]
    caption = f"On the {found.n:,} pairs of {found.n_clusters:,} seeds where both and {raters.name(found.reference)} have a vote"
    return f'<div class="mw-topic">{table(caption, _DIFFERENCE, [[*who, f"{found.n:,}", *figures, *counts, note, ways]])}</div>'


def _two(state: MatrixState, names: Sequence[str]) -> None:
    chosen = slices_controls.two(state, names)
    if chosen is None:
        return
    st.header(f"Two raters on the same pairs, against {plain(raters.name(state.against))}", anchor=False)
    slices_controls.show_two(state, names, chosen)
    found = reports.difference(state.filter(), *chosen, state.against, with_training_pairs=state.trained)
    st.html(difference_markup(found, state))
    st.html(
        '<p class="mw-note">“Only the first” counts pairs on which the first alone agrees. The sign test takes pairs for independent and '
        "claims too much where a seed holds several: the interval decides.</p>"
    )


def show(state: MatrixState) -> None:
    """Draw the view."""
    whole = reports.agreement(state.filter(), with_training_pairs=state.trained)
    names = raters.in_order([c for c in whole.cells if c.n or c.n_trained_on])
    if not names:
        nobody_voted.show(state)
        return
    slices_controls.show(state, names)
    rows = rows_of(whole.cells, reports.slices(state.filter(), state.by, with_training_pairs=state.trained), state)
    if not rows:
        st.html(f'<p class="mw-note">No pair has a vote of {visible(raters.name(state.against))} and of anybody chosen here.</p>')
        return
    top = reports.human_ceiling(state.filter())
    _remarks(rows, state)
    _chart(rows, top, state)
    st.html(markup(rows, top, state))
    _two(state, names)
