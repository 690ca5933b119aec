"""Results of benchmarks as rows for charts and tables, for pages and reports alike. Pure; works on the reports' JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.report.charts import Dot
from jobs.report.markup import table, visible
from jobs.report.words import percent, percent_interval

PUBLISHED = "published figures"
OVERALL = "overall"


def figures_of(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The final figure, named `overall`, and the sections that it is made of."""
    return [{**report["overall"], "name": OVERALL}, *report["sections"]]


def section_names(reports: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of all figures of the reports on one benchmark, `overall` first."""
    return list(dict.fromkeys(f["name"] for report in reports for f in figures_of(report)))


def benchmark_dots(reports: Sequence[Mapping[str, Any]]) -> list[Dot]:
    """Every model's figures and the published ones, section by section; the latter hollow and without an interval."""
    found = []
    for name in section_names(reports):
        for report in reports:
            own = next((f for f in figures_of(report) if f["name"] == name and f["value"] is not None), None)
            if own is not None:
                found.append(Dot(name, report["model"], own["value"], own["n"], own["interval"], note=own["note"]))
        found += [
            Dot(name, PUBLISHED, p["figures"][name], hollow=True, note=f"{p['model']}, {p['source']}")
            for p in reports[0]["published"]
            if name in p["figures"]
        ]
    return found


def _own(figure: Mapping[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return "–" if figure is None else f'– <span class="mw-note">{visible(figure["note"])}</span>'
    ties = f", {figure['n_ties']:,} ties" if figure["n_ties"] else ""
    ends = percent_interval(figure["interval"]) if figure["interval"] else "no interval"
    note = f'<span class="mw-note">{ends}; n {figure["n"]:,}{ties}</span>'
    return f"{percent(figure['value'])}<br>{note}"


def benchmark_table(reports: Sequence[Mapping[str, Any]]) -> str:
    """The models and the published ones by section, in percent, as HTML: value, interval, n, ties."""
    names = section_names(reports)
    columns = {"Model": "text", "From": "text", **{visible(name): "num" for name in names}}
    rows = []
    for report in reports:
        by_name = {f["name"]: f for f in figures_of(report)}
        rows.append([visible(report["model"]), "this store", *(_own(by_name.get(name)) for name in names)])
        clean = (report["contamination"] or {}).get("clean")
        if clean:
            found = {OVERALL: clean["overall"], **{f["name"]: f for f in clean["sections"]}}
            cells = [_own(found.get(name)) for name in names]
            rows.append([f"{visible(report['model'])} without prompts found in training", "this store", *cells])
    rows += [
        [visible(p["model"]), visible(p["source"]), *(percent(p["figures"].get(name)) for name in names)] for p in reports[0]["published"]
    ]
    return table(f"{reports[0]['title']}, in percent, with 95 % intervals and numbers of prompts", columns, rows)


def remarks(report: Mapping[str, Any]) -> list[str]:
    """What the figures of one model do not show, in sentences of plain text."""
    model, found = report["model"], report["contamination"]
    if found is None:
        said = [f"{model}: nothing is known of its training data, so contamination was not looked for."]
    else:
        said = [
            f"{model}: its {found['training_pairs']:,} training pairs hold {found['exact']:,} of these prompts word for word, "
            f"{found['near']:,} nearly."
        ]
    if report["complete"] is False:
        said.append(f"{model}: published figures are about {report['n_official']:,} prompts, these about {report['n']:,}: not comparable.")
    dropped = {**report["dropped"]}
    for by in report["unscored"].values():
        for why, n in by.items():
            dropped[f"not scored, {why}"] = dropped.get(f"not scored, {why}", 0) + n
    if dropped:
        said.append(f"{model}: left out {', '.join(f'{n:,} ({why})' for why, n in dropped.items())}.")
    return [*said, *report["notes"]]
