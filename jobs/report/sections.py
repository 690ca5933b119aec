"""The sections of a report: each a title and HTML, every figure with its table under it. All text of others is escaped."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from jobs.report import charts
from jobs.report.bias_topics import LEGEND, PullRow, pulls, topic_table, topics
from jobs.report.charts import Dot, Line
from jobs.report.figures import Figures, Heading
from jobs.report.gather import Evaluated, Gathered, by_benchmark
from jobs.report.markup import details, facts, signed, table, visible
from jobs.report.rater_sections import differences, estimates, note, remark, slices
from jobs.report.results import benchmark_dots, benchmark_table, remarks
from jobs.report.slice_parts import who
from jobs.report.words import FEW, MODES, interval, rater_kind, rater_name, reused, share

_MATRIX = {
    "Rater": "text",
    "Against": "text",
    "n": "num",
    "Agreement": "num",
    "95 % interval": "num",
    "κ": "num",
    "α": "num",
    "Note": "text",
}
PULL_COLUMNS = {"Rater": "text", "Takes": "text", "Rate": "num", "95 % interval": "num", "n": "num", "Measured": "text"}
_FINDINGS = {"Rater": "text", "Finding": "text", "n": "num"}
_WINS = {
    "Comparison": "text",
    "N": "num",
    "Prompts": "num",
    "Win rate": "num",
    "95 % interval": "num",
    "Won": "num",
    "Lost": "num",
    "Ties": "num",
    "Same pick": "num",
    "Unresolved": "num",
    "Note": "text",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report; `name` is its anchor, `body` HTML, `parts` what the table of contents lists below it."""

    name: str
    title: str
    body: str
    parts: tuple[Heading, ...] = ()


def sections(found: Gathered) -> list[Section]:
    """All sections in their order; one without values says so."""
    figures = Figures()
    makers: tuple[tuple[str, str, Callable[[Gathered, Figures], Iterator[str]]], ...] = (
        ("provenance", "Provenance", _provenance),
        ("agreement", "Agreement", _agreement),
        ("slices", "Slices", slices),
        ("differences", "Two raters on the same pairs", differences),
        ("bias", "Bias", _bias),
        ("estimates", "Estimates from labelling queues", estimates),
        ("best-of-n", "Best-of-N", _best_of_n),
        ("benchmarks", "Benchmarks", _benchmarks),
    )
    return [Section(name, title, "\n".join(make(found, figures)), figures.take_headings()) for name, title, make in makers]


def _provenance(found: Gathered, figures: Figures) -> Iterator[str]:
    chosen = "; ".join(f"{name.replace('_', ' ')}: {_words(value)}" for name, value in found.selection.items())
    yield facts(
        [
            ("Made", found.made_at.strftime("%Y-%m-%d %H:%M UTC")),
            ("Store", f"snapshot {found.snapshot:,}"),
            ("Pairs chosen", visible(chosen or "all")),
            ("Pairs compared", f"{found.bias['n_pairs']:,} of {found.bias['n_seeds']:,} seeds"),
            ("Versions", visible(", ".join(f"{name} {number}" for name, number in found.versions.items()))),
        ]
    )
    yield figures.heading("What the whole store holds")
    yield facts([(visible(name.replace("_", " ").capitalize()), f"{n:,}") for name, n in found.counts.items()])


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _agreement(found: Gathered, figures: Figures) -> Iterator[str]:
    cells = [c for c in found.cells if c["n"] or c["n_trained_on"]]
    if not cells:
        yield note("Nobody but the construction has said anything about these pairs.")
        return
    few = sum(0 < c["n"] < FEW for c in cells)
    if few:
        yield remark(f"{few} of {len(cells)} comparisons rest on fewer than {FEW} pairs; their intervals are wide.")
    yield figures.html(partial(charts.matrix, cells), "Agreement of every two raters; the table below has the same figures.")
    yield table("Every two raters: share of equal votes, interval by bootstrap over seeds", _MATRIX, map(_cell, cells))
    said = [f"{rater_name(rater)}: " + ", ".join(f"{n:,} {why}" for why, n in reasons.items()) for rater, reasons in found.excluded.items()]
    if said:
        yield note(f"No votes, and in no number above: {'; '.join(said)}.")


def _cell(c: Mapping[str, Any]) -> list[str]:
    left_out = f" {c['n_trained_on']:,} training pairs of the model left out." if c["n_trained_on"] and c["n"] else ""
    figures = [f"{c['n']:,}", share(c["agree"]), interval(c["interval"]), signed(c["kappa"]), signed(c["alpha"])]
    return [who(c["a"]), who(c["b"]), *figures, visible(c["note"] + left_out)]


def _bias(found: Gathered, figures: Figures) -> Iterator[str]:
    raters = found.bias["raters"]
    if not raters:
        yield note("No judge, model or person has said anything about these pairs.")
        return
    rows = ([who(f["rater"]), visible(f["text"]), f"{f['figure']['n']:,}"] for f in found.bias["findings"])
    yield table("Findings: named only where the interval leaves no doubt", _FINDINGS, rows)
    pulled = pulls(raters)
    if pulled:
        dots = pull_dots(pulled)
        yield figures.html(
            partial(charts.dots, dots, title="share that takes it", lines=[Line(0.5, "no pull")]), "What raters take; table below."
        )
        yield table("How often raters take the first position, the left or the longer side", PULL_COLUMNS, map(pull_cells, pulled))
    yield note(LEGEND)
    for report in raters:
        tables = "".join(topic_table(topic, rater_name(report["rater"])) for topic in topics(report) if topic.rows)
        yield details(f"All figures of {who(report['rater'])}", tables)


def pull_dots(pulled: Sequence[PullRow]) -> list[Dot]:
    """The rows of `pulls` for a chart: one colour for positions, one for length; hollow where it is the plain rate."""
    return [
        Dot(
            f"{rater_name(p.rater)}, {rater_kind(p.rater)}",
            "longer side" if p.mark == "longer side" else "first position, or left",
            p.figure["value"],
            p.figure["n"],
            p.figure["interval"],
            hollow=not p.held_equal,
            note=_measured(p),
        )
        for p in pulled
    ]


def _measured(p: PullRow) -> str:
    return "with construction held equal" if p.held_equal else "plain rate: it cannot be told from a liking for that branch"


def pull_cells(p: PullRow) -> list[str]:
    """The same as a row of a table with `PULL_COLUMNS`."""
    figures = [share(p.figure["value"]), interval(p.figure["interval"]), f"{p.figure['n']:,}"]
    return [who(p.rater), p.mark, *figures, _measured(p)]


def _best_of_n(found: Gathered, figures: Figures) -> Iterator[str]:
    runs = [e for e in found.evaluations if e.state.kind == "bon"]
    if not runs:
        yield note("No Best-of-N run has finished in this store.")
    for run in runs:
        yield figures.heading(run.title)
        if any(r["win_rate"] is not None for r in run.report["table"]):
            yield figures.html(partial(charts.win_rates, run.report["table"]), "Win rate over N; table below.")
        yield table("How often A's pick was judged better; ties and same picks are half a win", _WINS, map(_win, run.report["table"]))
        yield note(f"Judge: {run.report['judge']}. Run {run.state.run_id}.{judge_remark(run.report)} {reused(run.report)}".rstrip())


def judge_remark(report: Mapping[str, Any]) -> str:
    """A warning where the judge wrote what it judged, else nothing. Starts with a space."""
    return " The judge is the model that wrote the conversations and may share its biases." if report["judge_is_simulator"] else ""


def _win(r: Mapping[str, Any]) -> list[str]:
    left_out = f"{r['left_out']:,} prompts left out. " if r["left_out"] else ""
    counts = [f"{r[name]:,}" for name in ("wins", "losses", "ties", "same_pick", "unresolved")]
    name = f"{r['a']} against {r['b']}, {MODES.get(r['mode'], r['mode'])}"
    figures = [f"{r['n']:,}", f"{r['n_prompts']:,}", share(r["win_rate"]), interval(r["interval"])]
    return [visible(name), *figures, *counts, visible(left_out + r["note"])]


def _benchmarks(found: Gathered, figures: Figures) -> Iterator[str]:
    groups = by_benchmark(found.evaluations)
    if not groups:
        yield note("No model was held against a benchmark in this store.")
    for runs in groups.values():
        yield from _benchmark(runs, figures)


def _benchmark(runs: Sequence[Evaluated], figures: Figures) -> Iterator[str]:
    reports = [run.report for run in runs]
    yield figures.heading(reports[0]["title"])
    found = benchmark_dots(reports)
    if found:
        yield figures.html(partial(charts.dots, found, title="score: 1 is every prompt right"), "Figures by section; table below.")
    yield benchmark_table(reports)
    yield "".join(remark(text) for report in reports for text in remarks(report))
