"""Where the pairs behind the figures of a report on bias are. Pure.

Pairs with sides of equal length have no longer one, and a tie takes no side: these are in neither list of a length figure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app import raters
from app.nav import Query
from app.raters import Link
from jobs.report.bias_topics import Row
from music_core.evaluate.bias.cases import model_key

Report = Mapping[str, Any]
_VERDICTS = {"flip": "flip", "split": "split", "tie": "tie"}


def links(report: Report, within: Query, simulators: Sequence[str] = ()) -> list[Link]:
    """The lists worth opening first of one rater; `simulators` are the names on record."""
    found = _of_judge(report, within, simulators) if report["kind"] == "judge" else _of_person(report, within)
    return [*found, *_longer(report, within), *_construction(report, within), *_people(report, within)]


def row_links(report: Report, row: Row, within: Query, simulators: Sequence[str] = ()) -> list[Link]:
    """The pairs behind a row of figures: what it counts, of flips and ties; both answers, of a pull; where it differs, of agreement."""
    if not row.about or not row.figure["n"]:
        return []
    what, *by = row.about
    match what:
        case "flip" | "split" | "tie":
            return _by(by, _answer(report, what), within) if row.figure["value"] else []
        case "longer" if by:
            took: Link = ("takes the longer side", raters.between(report["rater"], raters.LONGER, "agree", {}))
            return _by(by, took, within) if row.figure["value"] else []
        case "longer":
            return _longer(report, within)
        case "position":
            return _sides(report, within)
        case "simulator":
            return _own_simulator(report, within, simulators)
        case "construction":
            return _construction(report, within)
    return _people(report, within)


def _answer(report: Report, what: str) -> Link:
    own = raters.name(report["rater"])
    if report["kind"] == "judge":
        return f"{what}s", {"judge": own, "verdict": _VERDICTS[what]}
    if report["kind"] == "person":
        return "ties", {"person": own, "said": ["tie", "both_bad"]}
    return "ties", raters.between(report["rater"], report["rater"], "tie", {})


def _by(by: Sequence[str], found: Link, within: Query) -> list[Link]:
    """The list of `found` in one slice; a gap in length has two, for the side that is longer."""
    words, query = found
    own = {**within, **query}
    if not by:
        return [(words, own)]
    name, value = by
    if name == "source":
        return [(words, {**own, "also": f"source:{value}"} if within.get("source") else {**own, "source": value})]
    low, high = _bucket(value)
    if name != "length_gap":
        return [(words, {**own, name: f"{low}..{high}"})]
    if high == "0":
        return [(words, {**own, "chars": "0..0"})]
    sides = (("chosen", f"{low}..{high}"), ("rejected", f"{f'-{high}' if high else ''}..-{low}"))
    return [(f"{words}, {side} longer", {**own, "chars": span}) for side, span in sides]


def _bucket(name: str) -> tuple[str, str]:
    """The ends of `3`, `6 to 10` or `11 and more`."""
    low, _, high = name.partition(" to ")
    open_end = name.endswith(" and more")
    return (name.removesuffix(" and more"), "") if open_end else (low, high or low)


def _longer(report: Report, within: Query) -> list[Link]:
    rate = report["longer"]["rate"]
    n_took = round((rate["value"] or 0) * rate["n"])
    counts = (("takes the longer side", "agree", n_took), ("takes the shorter side", "opposed", rate["n"] - n_took))
    return [(words, raters.between(report["rater"], raters.LONGER, relation, within)) for words, relation, n in counts if n]


def _construction(report: Report, within: Query) -> list[Link]:
    figure = report["construction"]
    if not figure["n"] or figure["value"] >= 1:
        return []
    return [("against construction", raters.between(raters.CONSTRUCTION, report["rater"], "opposed", within))]


def _people(report: Report, within: Query) -> list[Link]:
    figure = report["people"]
    if not figure["n"] or figure["value"] >= 1:
        return []
    return [("differs from most people", raters.between(report["rater"], "people", "differ", within))]


def _of_judge(report: Report, within: Query, simulators: Sequence[str]) -> list[Link]:
    by = {**within, "judge": raters.name(report["rater"])}
    found: list[Link] = []
    if report["flips"]["value"]:
        found.append(("flips", {**by, "verdict": "flip"}))
    if report["ties"]["value"] or report["splits"]["value"]:
        found.append(("ties", {**by, "verdict": ["tie", "split"]}))
    if report["n_unresolved"]:
        found.append(("unresolved", {**by, "verdict": "unresolved"}))
    return found + _own_simulator(report, within, simulators)


def _own_simulator(report: Report, within: Query, simulators: Sequence[str]) -> list[Link]:
    """Every pair that the judge read and its own model simulated, whatever the verdict."""
    keys = {model_key(name) for name in report["models"]}
    own = [name for name in simulators if model_key(name) in keys]
    return [("simulated by its own model", {**within, "judge": raters.name(report["rater"]), "simulator": own})] if own else []


def _of_person(report: Report, within: Query) -> list[Link]:
    """The labels of a person; a model has none."""
    if report["kind"] != "person":
        return []
    by = {**within, "person": raters.name(report["rater"])}
    found: list[Link] = [("labelled", by), *_sides(report, within)]
    found += [("ties", {**by, "said": ["tie", "both_bad"]})] if report["ties"]["value"] else []
    return [*found, ("skipped", {**by, "said": "skip"})] if report["n_skipped"] else found


def _sides(report: Report, within: Query) -> list[Link]:
    """A person's labels by position; a judge's positions are of readings, of which a pair has two."""
    if report["kind"] != "person" or not report["position"]["rate"]["n"]:
        return []
    by = {**within, "person": raters.name(report["rater"])}
    return [(side, {**by, "said": side}) for side in ("left", "right")]
