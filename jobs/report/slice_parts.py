"""Agreement by a property of the pairs, what people reach, and two raters on the same pairs: rows and dots for reports. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from jobs.report.charts import Dot
from jobs.report.markup import signed, visible
from jobs.report.slicing import NOT_STATED
from jobs.report.words import interval, rater_kind, rater_name, share, signed_interval
from music_core.evaluate.agreement import Cell
from music_core.evaluate.compare import PairedDifference, paired_difference
from music_core.evaluate.slices import Ceiling, Slice
from music_core.types import Vote

ALL = "all pairs"
MOST_IN_CHART = 6
REFERENCES = ("construction", "people")
SLICE_COLUMNS: Mapping[str, str] = {
    "Slice": "text",
    "Rater": "text",
    "Pairs": "num",
    "Agreement": "num",
    "95 % interval": "num",
    "Without ties": "num",
    "Note": "text",
}
CEILING_COLUMNS: Mapping[str, str] = {
    "Who": "text",
    "Pairs": "num",
    "Votes": "num",
    "People": "num",
    "Agreement": "num",
    "95 % interval": "num",
    "Note": "text",
}
DIFFERENCE_COLUMNS: Mapping[str, str] = {
    "Rater": "text",
    "Compared with": "text",
    "Against": "text",
    "Pairs": "num",
    "Seeds": "num",
    "First agrees": "num",
    "Second agrees": "num",
    "Difference": "num",
    "95 % interval": "num",
    "Only the first": "num",
    "Only the second": "num",
    "Sign test p": "num",
    "Note": "text",
}
SIGN_TEST = (
    "“Only the first” counts pairs on which the first alone agrees. The sign test takes pairs for independent and claims too much where "
    "a seed holds several: the interval decides."
)
Row = tuple[str, str, Cell]
"""The name of a slice, the rater, and the cell of that rater with the one it is held against."""


def slice_words(by: str, name: str) -> str:
    """The name of a slice in words: numbers say what they count."""
    if name == ALL or by not in ("turns", "divergence"):
        return name
    if by == "turns":
        return f"{name} turn{'' if name == '1' else 's'}"
    return "nowhere: the same" if name == "0" else f"at turn {name}"


def _against(cells: Iterable[Cell], reference: str) -> list[tuple[str, Cell]]:
    own = [c for c in cells if c.a != c.b and reference in (c.a, c.b) and (c.n or c.n_trained_on)]
    return [(c.b if c.a == reference else c.a, c) for c in own]


def slice_rows(whole: Sequence[Cell], slices: Sequence[Slice], reference: str) -> list[Row]:
    """Everybody held against `reference`: on all pairs first, then slice by slice."""
    found = [(ALL, rater, cell) for rater, cell in _against(whole, reference)]
    return found + [(s.name or NOT_STATED, rater, cell) for s in slices for rater, cell in _against(s.cells, reference)]


def _explained(cell: Cell) -> str:
    left_out = f"{cell.n_trained_on:,} training pairs of the model left out." if cell.n_trained_on and cell.n else ""
    return f"{cell.note} {left_out}".strip()


def slice_cells(by: str, row: Row) -> list[str]:
    """A row of the table with `SLICE_COLUMNS` as HTML."""
    name, rater, cell = row
    decided = f'{share(cell.agree_non_tie)} <span class="mw-note">of {cell.n_non_tie:,}</span>' if cell.n_non_tie else "–"
    figures = [f"{cell.n:,}", share(cell.agree), interval(cell.interval), decided]
    return [visible(slice_words(by, name)), who(rater), *figures, visible(_explained(cell))]


def slice_dots(by: str, rows: Sequence[Row]) -> list[Dot]:
    """The first few raters for the chart."""
    shown = list(dict.fromkeys(rater for _, rater, _ in rows))[:MOST_IN_CHART]
    return [
        Dot(slice_words(by, name), _name(rater), cell.agree, cell.n, cell.interval, note=_explained(cell))
        for name, rater, cell in rows
        if rater in shown and cell.agree is not None
    ]


def who(rater: str) -> str:
    """A rater with its kind as HTML."""
    kind = f' <span class="mw-note">{visible(rater_kind(rater))}</span>' if ":" in rater else ""
    return visible(rater_name(rater)) + kind


def _name(rater: str) -> str:
    return f"{rater_name(rater)} ({rater_kind(rater)})" if ":" in rater else rater_name(rater)


def ceiling_cells(top: Ceiling) -> list[str]:
    """The row of the table with `CEILING_COLUMNS` as HTML."""
    counts = [f"{top.n_pairs:,}", f"{top.n_votes:,}", f"{top.n_persons:,}"]
    return ["One person against the others", *counts, share(top.agree), interval(top.interval), visible(top.note)]


def paired_differences(votes: Sequence[Vote]) -> list[PairedDifference]:
    """Every two judges and every two models by their agreement with the construction and with people, where they share pairs."""
    raters = list(dict.fromkeys(v.rater for v in votes))
    there = [r for r in REFERENCES if r in raters or (r == "people" and any(rater.startswith("person:") for rater in raters))]
    found = []
    for kind in ("judge:", "model:"):
        for a, b in combinations([r for r in raters if r.startswith(kind)], 2):
            found += [paired_difference(votes, a, b, reference) for reference in there]
    return [d for d in found if d.n or d.n_trained_on]


def difference_cells(found: PairedDifference) -> list[str]:
    """A row of the table with `DIFFERENCE_COLUMNS` as HTML."""
    p = "–" if found.p_value is None else "< 0.001" if found.p_value < 0.001 else f"{found.p_value:.3f}"
    left_out = f" {found.n_trained_on:,} training pairs left out." if found.n_trained_on and found.n else ""
    figures = [share(found.accuracy_a), share(found.accuracy_b), signed(found.difference), signed_interval(found.interval)]
    counts = [f"{found.only_a:,}", f"{found.only_b:,}", visible(p)]
    names = [who(found.a), who(found.b), visible(rater_name(found.reference))]
    return [*names, f"{found.n:,}", f"{found.n_clusters:,}", *figures, *counts, visible(f"{found.note}{left_out}".strip())]


def difference_dots(found: Sequence[PairedDifference]) -> list[Dot]:
    """The differences for a chart; undefined ones are left out."""
    return [
        Dot(f"{rater_name(d.a)} − {rater_name(d.b)}", f"against {rater_name(d.reference)}", d.difference, d.n, d.interval, note=d.note)
        for d in found
        if d.difference is not None
    ]
