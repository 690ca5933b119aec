"""Raters in words for people, and where the pairs behind a cell of the matrix are. Pure."""

from collections.abc import Mapping, Sequence

from app.nav import Query
from music_core.evaluate.agreement import Cell

CONSTRUCTION = "construction"
_GROUPS = {"construction": "Construction", "judges": "All judges", "people": "All people"}
# Fewer pairs than this say little: at 50 % agreement the 95 % interval spans 36 points.
FEW = 30
Link = tuple[str, Query]


def name(rater: str) -> str:
    """The rater without its kind: `Construction`, `All judges`, else its own name."""
    return _GROUPS.get(rater) or rater.partition(":")[2] or rater


def kind(rater: str) -> str:
    """What it is: construction, judge, model, person, or a group."""
    return "group" if rater in ("judges", "people") else rater.partition(":")[0]


def in_order(cells: Sequence[Cell]) -> list[str]:
    """All raters of the cells in their order of appearance; a cell's second after its first."""
    return list(dict.fromkeys(r for c in cells for r in (c.a, c.b)))


def links(cell: Cell, within: Mapping[str, Sequence[str]], model_ids: Mapping[str, str]) -> list[Link]:
    """The pairs of a cell with the construction, where the list of pairs can be filtered that way: (words, address)."""
    if CONSTRUCTION not in (cell.a, cell.b) or not cell.n:
        return []
    other = cell.b if cell.a == CONSTRUCTION else cell.a
    what, own = kind(other), name(other)
    if what == "judge":
        by = {**within, "judge": own}
        return [
            ("agree", {**by, "verdict": "chosen"}),
            ("against", {**by, "verdict": "rejected"}),
            ("ties", {**by, "verdict": ["tie", "flip", "split"]}),
        ]
    if what == "model" and own in model_ids:
        by = {**within, "model": model_ids[own], "sort": "margin"}
        return [("agree", {**by, "margin": "0.."}), ("against", {**by, "margin": "..0", "asc": "1"})]
    if other == "people":
        return [("labelled", {**within, "label": "any"})]
    return []


def explained(cell: Cell) -> str:
    """The cell's note with what was left out of it."""
    parts = [cell.note]
    if cell.n_trained_on and cell.n:
        parts.append(f"{cell.n_trained_on:,} training pairs of the model left out.")
    return " ".join(p for p in parts if p)
