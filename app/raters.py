"""Raters in words for people, and where the pairs behind a number of theirs are. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from app.markup import attribute
from app.nav import Query, href
from jobs.report.words import FEW
from jobs.report.words import rater_kind as kind
from jobs.report.words import rater_name as name
from music_core.evaluate.agreement import Cell
from music_core.evaluate.compare import PairedDifference

__all__ = [
    "CONSTRUCTION",
    "FEW",
    "Link",
    "between",
    "choice",
    "compared_words",
    "explained",
    "held_links",
    "in_order",
    "kind",
    "links",
    "name",
    "opened",
]

CONSTRUCTION = "construction"
LONGER = "longer"
Link = tuple[str, Query]
# The relations of two raters as a choice.
RELATION_NAMES: Mapping[str, str] = {
    "differ": "differ",
    "opposed": "name opposite sides",
    "agree": "agree",
    "tie": "one of them says tie",
    "both": "both have a vote",
}
HELD_NAMES: Mapping[str, str] = {"both": "all three have a vote", "only_a": "only the first agrees", "only_b": "only the second agrees"}


def in_order(cells: Sequence[Cell]) -> list[str]:
    """All raters of the cells in their order of appearance; a cell's second after its first."""
    return list(dict.fromkeys(r for c in cells for r in (c.a, c.b)))


def choice(rater: str) -> str:
    """A rater in a sentence or a list of choices: name and kind."""
    own = rater.partition(":")[2]
    if rater == LONGER:
        return "the longer side"
    if kind(rater) == "pick":
        return f"the pick of {own}"
    return f"{name(rater)} ({kind(rater)})" if own else name(rater)


def compared_words(a: str, b: str, relation: str, reference: str = "") -> str:
    """A comparison of two raters as a filter's words."""
    if reference:
        who = {"only_a": f"only {choice(a)}, not {choice(b)}, agrees", "only_b": f"only {choice(b)}, not {choice(a)}, agrees"}
        if relation in who:
            return f"{who[relation]} with {choice(reference)}"
        return f"{choice(a)}, {choice(b)} and {choice(reference)} have a vote"
    if a == b:
        within = {
            "differ": "differ among themselves",
            "opposed": "name opposite sides",
            "agree": "agree among themselves",
            "tie": "say tie once at least",
        }
        return f"{choice(a)} {within.get(relation, 'voted twice at least')}"
    return f"{choice(a)} and {choice(b)} {RELATION_NAMES[relation] if relation != 'tie' else 'voted, and one of them says tie'}"


def between(a: str, b: str, relation: str, within: Query, *, reference: str = "", trained: bool = False) -> Query:
    """The list of pairs on which two raters' votes lie so. `trained` counts a model's training pairs."""
    own = {"a": a, "b": b, "rel": "" if relation == "differ" else relation, "ref": reference}
    return {**within, **own, "trained": "1" if trained else ""}


def links(cell: Cell, within: Query, *, trained: bool = False) -> list[Link]:
    """The pairs that a cell counts, by how the two vote: (words with their number, address).

    Of a group with itself, the cell counts votes of two members and the list pairs, so these words have no number.
    """
    if not cell.n:
        return []
    n_agree = round((cell.agree or 0) * cell.n)
    counts = {"agree": n_agree, "differ": cell.n - n_agree, "tie": cell.n - cell.n_non_tie}
    words = {"agree": "agree", "differ": "differ", "tie": "with a tie"}
    own = cell.a == cell.b
    return [
        (words[relation] if own else f"{n:,} {words[relation]}", between(cell.a, cell.b, relation, within, trained=trained))
        for relation, n in counts.items()
        if n
    ]


def held_links(found: PairedDifference, within: Query, *, trained: bool = False) -> list[Link]:
    """The pairs on which one alone of two raters agrees with the third, and all pairs on which the three have a vote."""
    counts = {"only_a": (found.only_a, "only the first"), "only_b": (found.only_b, "only the second"), "both": (found.n, "all")}
    return [
        (f"{n:,} {words}", between(found.a, found.b, relation, within, reference=found.reference, trained=trained))
        for relation, (n, words) in counts.items()
        if n
    ]


def opened(found: Iterable[Link]) -> str:
    """Links to lists of pairs as HTML."""
    return " · ".join(f'<a class="mw-link" href="{attribute(href("pairs", query))}">{attribute(words)}</a>' for words, query in found)


def explained(cell: Cell) -> str:
    """The cell's note with what was left out of it."""
    parts = [cell.note]
    if cell.n_trained_on and cell.n:
        parts.append(f"{cell.n_trained_on:,} training pairs of the model left out.")
    return " ".join(p for p in parts if p)
