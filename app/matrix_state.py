"""What the Agreement page shows, as one value that lives in the address. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.nav import Query
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


@dataclass(frozen=True, slots=True)
class MatrixState:
    """Filters and the number shown. Field names are the names in the address; `trained` counts training pairs in."""

    source: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    show: Measure = "agree"
    trained: bool = False

    def filter(self) -> PairFilter:
        """The store's filter."""
        return PairFilter(sources=self.source, splits=self.split)

    def within(self) -> dict[str, Sequence[str]]:
        """The filters as parameters of the list of pairs."""
        return {"source": self.source, "split": self.split}

    def query(self) -> Query:
        """The address's parameters; defaults are left out."""
        shown = "" if self.show == "agree" else self.show
        return {**self.within(), "show": shown, "trained": "1" if self.trained else ""}

    def changed(self, **values: object) -> "MatrixState":
        """The state with `values`."""
        return replace(self, **values)  # type: ignore[arg-type]

    def value(self, cell: Cell) -> float | None:
        """The number shown of a cell."""
        found: float | None = getattr(cell, self.show)
        return found


def from_query(query: Mapping[str, Sequence[str]]) -> MatrixState:
    """The state in an address; what is not understood is ignored."""
    shown = query.get("show", [""])[-1]
    measure: Measure = next((m for m in MEASURES if m == shown), "agree")
    source, split = (tuple(v for v in query.get(name, ()) if v) for name in ("source", "split"))
    return MatrixState(source, split, measure, query.get("trained", [""])[-1] == "1")
