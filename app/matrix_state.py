"""What the Agreement page shows, in all its views, as one value that lives in the address. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.nav import Query
from jobs.report.slicing import BY
from music_core.evaluate.agreement import Cell
from music_core.store.pairs import PairFilter

Measure = Literal["agree", "agree_non_tie", "kappa", "alpha"]
MEASURES: Mapping[Measure, str] = {"agree": "Agreement", "agree_non_tie": "Without ties", "kappa": "Cohen's κ", "alpha": "Krippendorff's α"}
EXPLAINED: Mapping[Measure, str] = {
    "agree": "The share of pairs on which both say the same; a tie agrees only with a tie. Two raters who toss coins reach 0.5.",
    "agree_non_tie": "The share among the pairs on which both name a side, so nobody gains or loses by saying tie.",
    "kappa": "Agreement beyond chance: 1 is perfect, 0 what two raters with the same habits reach by luck, below 0 they tend to disagree.",
    "alpha": "Like κ, but chance is taken from both raters' votes together; from 0.8 on data count as reliable, below 0.67 hardly.",
}
# The views of the page by their names in the address; the page knows what draws each.
VIEWS: Mapping[str, str] = {"matrix": "Matrix", "bias": "Bias", "slices": "Slices", "estimates": "Estimates"}
_ONE = {"view": "matrix", "show": "agree", "by": "turns", "against": "construction", "a": "", "b": "", "queue": ""}


@dataclass(frozen=True, slots=True)
class MatrixState:
    """Filters, the view, and what it shows. Field names are the names in the address; `trained` counts training pairs in.

    Of the slices: `by` what, which `rater`s (none: everybody) `against` whom, and `a` against `b` on the same pairs.
    `queue` is the labelling queue whose estimates are shown; its pool takes the place of the filters.
    """

    source: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    show: Measure = "agree"
    trained: bool = False
    view: str = "matrix"
    by: str = "turns"
    rater: tuple[str, ...] = ()
    against: str = "construction"
    a: str = ""
    b: str = ""
    queue: str = ""

    def filter(self) -> PairFilter:
        """The store's filter."""
        return PairFilter(sources=self.source, splits=self.split)

    def within(self) -> dict[str, Sequence[str]]:
        """The filters as parameters of the list of pairs."""
        return {"source": self.source, "split": self.split}

    def query(self) -> Query:
        """The address's parameters; defaults are left out."""
        one = {name: getattr(self, name) for name, default in _ONE.items() if getattr(self, name) != default}
        return {**self.within(), "rater": self.rater, **one, "trained": "1" if self.trained else ""}

    def changed(self, **values: object) -> "MatrixState":
        """The state with `values`."""
        return replace(self, **values)  # type: ignore[arg-type]

    def value(self, cell: Cell) -> float | None:
        """The number shown of a cell."""
        found: float | None = getattr(cell, self.show)
        return found


def from_query(query: Mapping[str, Sequence[str]]) -> MatrixState:
    """The state in an address; what is not understood is ignored."""
    said = {name: query.get(name, [""])[-1] or default for name, default in _ONE.items()}
    known: Mapping[str, Mapping[str, str]] = {"view": VIEWS, "show": MEASURES, "by": BY}  # type: ignore[dict-item]
    said |= {name: _ONE[name] for name, values in known.items() if said[name] not in values}
    lists = {name: tuple(v for v in query.get(name, ()) if v) for name in ("source", "split", "rater")}
    return MatrixState(**lists, **said, trained=query.get("trained", [""])[-1] == "1")  # type: ignore[arg-type]
