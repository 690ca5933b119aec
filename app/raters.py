"""Raters in words for people, and where the pairs behind a cell of the matrix are. Pure."""

from collections.abc import Mapping, Sequence

from app.nav import Query
from jobs.report.words import FEW
from jobs.report.words import rater_kind as kind
from jobs.report.words import rater_name as name
from music_core.evaluate.agreement import Cell

__all__ = ["CONSTRUCTION", "FEW", "Link", "explained", "in_order", "kind", "links", "name"]

CONSTRUCTION = "construction"
Link = tuple[str, Query]


def in_order(cells: Sequence[Cell]) -> list[str]:
    """All raters of the cells in their order of appearance; a cell's second after its first."""
    return list(dict.fromkeys(r for c in cells for r in (c.a, c.b)))


def links(cell: Cell, within: Query, model_ids: Mapping[str, str]) -> list[Link]:
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
