"""Two reward models side by side over the same pairs: how often each is right, where, and the pairs on which they part."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import comparing, raters
from app.choices import plain
from app.comparing import Apart, Compared
from app.components import margins_chart
from app.components.slices_controls import words_of
from app.components.slices_view import difference_markup
from app.markup import attribute, shorten, signed, table, visible
from app.matrix_state import MatrixState
from app.model_state import PAGE_ROWS, ModelState, from_query, two
from app.nav import href, query_now, set_query
from jobs.report import charts
from jobs.report.charts import Dot, Line
from jobs.report.slicing import BY
from jobs.report.words import share, signed_interval
from music_core.evaluate.compare import PairedDifference
from music_core.types import RewardModel

_KEYS = {name: f"mw-models-{name}" for name in ("a", "b", "against", "by")}
_SLICES = {
    "Slice": "text",
    "Pairs": "num",
    "First right": "num",
    "Second right": "num",
    "Difference": "num",
    "95 % interval": "num",
    "Only the first": "num",
    "Only the second": "num",
    "Note": "text",
}
Sliced = Sequence[tuple[str, PairedDifference]]


def _apply(changed: str) -> None:
    held = {name: st.session_state[key] for name, key in _KEYS.items() if st.session_state.get(key)}
    if held.get("a") == held.get("b"):
        # The one just chosen stays, the other becomes another model.
        held["b" if changed == "a" else "a"] = ""
    set_query(from_query(query_now()).changed(**held).query())


def _one(name: str, label: str, options: Mapping[str, str], chosen: str) -> None:
    st.session_state[_KEYS[name]] = chosen
    st.selectbox(label, list(options), format_func=lambda v: options.get(v, v), key=_KEYS[name], on_change=_apply, args=(name,))


def _controls(state: ModelState, names: Sequence[str], a: str, b: str, against: str, offered: Sequence[str]) -> None:
    columns = st.columns(4, gap="medium")
    with columns[0]:
        _one("a", "Model", plain(names), a)
    with columns[1]:
        _one("b", "Compared with", plain(names), b)
    with columns[2]:
        _one("against", "Right is what is said by", {r: words_of(r) for r in offered}, against)
    with columns[3]:
        _one("by", "Sliced by", BY, state.by)


def quadrants_markup(found: Compared, a: str, b: str) -> str:
    """The 2 × 2 table of right and wrong as HTML. Pure."""
    both, only_a, only_b, neither = found.pairs.counts
    n = both + only_a + only_b + neither

    def cell(k: int) -> str:
        return f'{k:,} <span class="mw-note">{share(k / n) if n else "–"}</span>'

    rows = [
        [f"{visible(a)} right", cell(both), cell(only_a), f"{both + only_a:,}"],
        [f"{visible(a)} wrong", cell(only_b), cell(neither), f"{only_b + neither:,}"],
        ["both rows", f"{both + only_b:,}", f"{only_a + neither:,}", f"{n:,}"],
    ]
    columns = {"": "text", f"{visible(b)} right": "num", f"{visible(b)} wrong": "num", "together": "num"}
    caption = f"The same {n:,} pairs by who is right, as counts and shares; a margin of 0 is not right"
    return f'<div class="mw-quadrants">{table(caption, columns, rows)}</div>'


def left_out_markup(found: Compared) -> str:
    """What is not counted, in sentences as HTML; nothing where all is. Pure."""
    pairs, said = found.pairs, []
    if pairs.n_trained_on:
        said.append(f"Left out are {_pairs(pairs.n_trained_on)} that one of the two was trained on.")
    if pairs.n_tied:
        who = raters.name(found.difference.reference)
        said.append(f"{_pairs(pairs.n_tied)} without a right side, a tie by {who}: counted in the paired figure only.")
    notes = "".join(f'<p class="mw-remark" role="note">{visible(text)}</p>' for text in said)
    return f'<div class="mw-remarks">{notes}</div>' if notes else ""


def _pairs(n: int) -> str:
    return f"{n:,} pair{'' if n == 1 else 's'}"


def _by_words(by: str) -> str:
    return "where the sides part" if by == "divergence" else BY[by].lower()


def _slice_words(name: str, by: str) -> str:
    if by == "turns":
        return f"{name} turn{'' if name == '1' else 's'}"
    if by == "divergence":
        return "nowhere: the same" if name == "0" else f"at turn {name}"
    return name


def slices_markup(found: Sliced, by: str) -> str:
    """The paired difference of every slice as HTML. Pure."""
    rows = []
    for name, d in found:
        left_out = f" {d.n_trained_on:,} training pairs left out." if d.n_trained_on else ""
        note = f'<span class="mw-run-note">{visible(d.note + left_out)}</span>'
        figures = [share(d.accuracy_a), share(d.accuracy_b), signed(d.difference), signed_interval(d.interval)]
        rows.append([visible(_slice_words(name, by)), f"{d.n:,}", *figures, f"{d.only_a:,}", f"{d.only_b:,}", note])
    return f'<div class="mw-compare mw-slices">{table(f"By {_by_words(by)}; intervals by bootstrap over seeds", _SLICES, rows)}</div>'


def _slices(found: Sliced, a: str, b: str, by: str) -> None:
    st.subheader(f"By {_by_words(by)}", anchor=False)
    dots = [
        Dot(_slice_words(name, by), f"{a} − {b}", d.difference, d.n, d.interval, note=d.note)
        for name, d in found
        if d.difference is not None
    ]
    if dots:
        theme = st.context.theme.type or "light"
        lines = [Line(0.0, "no difference")]
        figure = charts.dots(
            dots, theme, title=f"how much more often {shorten(a, 30)} is right than {shorten(b, 30)}", lines=lines, span=None
        )
        alt = "Difference in accuracy by slice; the table below holds the same figures."
        st.plotly_chart(figure, theme=None, width=980, config={"displayModeBar": False}, key="mw-models-slices", alt=alt)
    st.html(slices_markup(found, by))


def apart_markup(rows: Sequence[Apart], a: str, b: str, model_id: str) -> str:
    """The pairs on which one is right and the other is not, as HTML. Pure."""
    columns = {
        "Opening": "text",
        "Right": "text",
        f"Margin of {visible(a)}": "num",
        f"Margin of {visible(b)}": "num",
        "Turns": "num",
        "Parts at": "num",
    }
    body = []
    for r in rows:
        target = attribute(href("pair", {"pair": r.row.pair_id, "model": model_id, "sort": "margin"}))
        opening = visible(shorten(r.row.opening, 140)) or "<em>empty first message</em>"
        about = f'<span class="mw-note">{visible(r.row.source)} · {r.row.split}</span>'
        body.append(
            [
                f'<a class="mw-link" href="{target}" dir="auto">{opening}</a> {about}',
                visible(raters.name(r.right)),
                signed(r.margin_a),
                signed(r.margin_b),
                str(r.row.n_turns),
                str(r.row.divergence) if r.row.divergence else "never",
            ]
        )
    caption = "Pairs of which one model is right and the other wrong, those furthest apart first; margins in spreads, above 0 is right"
    return f'<div class="mw-apart">{table(caption, columns, body, empty="There is none: they are right and wrong together.")}</div>'


def _pager(state: ModelState, n: int) -> str:
    last = max(1, -(-n // PAGE_ROWS))
    if last == 1:
        return ""

    def step(page: int, words: str) -> str:
        if not 1 <= page <= last:
            return f'<span class="mw-note">{words}</span>'
        return f'<a class="mw-link" href="{attribute(href("models", state.changed(page=page).query(), "apart"))}">{words}</a>'

    here = f'<span class="mw-here" aria-current="page">{min(state.page, last):,} of {last:,}</span>'
    return f'<nav class="mw-pager" aria-label="Pages">{step(state.page - 1, "← Previous")}{here}{step(state.page + 1, "Next →")}</nav>'


def _apart(state: ModelState, found: Compared, a: str, b: str, models: Sequence[RewardModel]) -> None:
    n = found.pairs.counts[1] + found.pairs.counts[2]
    st.html('<h3 id="apart" class="mw-run-title">Where they disagree</h3>')
    ids = {m.name: m.id for m in models}
    kept = state if (state.page - 1) * PAGE_ROWS < n else state.changed()
    st.html(apart_markup(comparing.apart(found, kept.page), a, b, ids[a]) + _pager(kept, n))
    links = "".join(
        f'<a class="mw-link mw-filter" href="{attribute(href("pairs", {"model": ids[x], "margin": "..0", "sort": "margin", "asc": "1"}))}">'
        f"All pairs with a larger reward for the rejected side by {visible(x)}</a>"
        for x in (a, b)
    )
    st.html(f'<nav class="mw-filters" aria-label="In the list of pairs">{links}</nav>')


def show(state: ModelState, models: Sequence[RewardModel]) -> None:
    """Draw the comparison."""
    st.header("Two models side by side", anchor=False)
    names = comparing.scored_names(models)
    chosen = two(state, names)
    if chosen is None:
        few = "No model has" if not names else f"Only {names[0]} has"
        st.html(
            f'<p class="mw-note">{visible(few)} scored pairs yet; with two models on the same pairs their figures stand here. '
            "Use <code>music score --model NAME</code>.</p>"
        )
        return
    a, b = chosen
    offered = comparing.references()
    by_name = {m.name: m for m in models}
    against = state.against if state.against in offered else offered[0]
    _controls(state, names, a, b, against, offered)
    found = comparing.compared(by_name[a], by_name[b], against)
    st.html(f'{left_out_markup(found)}<div class="mw-compare">{difference_markup(found.difference, MatrixState(against=against))}</div>')
    if not len(found.pairs.at):
        st.html('<p class="mw-note">No pair is left to draw: both models must have scored it, and what is right must be known.</p>')
        return
    st.html(quadrants_markup(found, a, b))
    margins_chart.show(found.pairs, a, b)
    _slices(comparing.sliced(by_name[a], by_name[b], against, state.by), a, b, state.by)
    _apart(state, found, a, b, models)
