"""What the Models page shows, as one value that lives in the address. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.nav import Query
from jobs.report.slicing import BY

PAGE_ROWS = 20
CONSTRUCTION = "construction"


@dataclass(frozen=True, slots=True)
class ModelState:
    """`model` is the one that is read about; `a` and `b` (names) are held side by side `against` a rater, sliced `by` a property.

    `page` counts pages of the pairs on which they disagree, from 1. Field names are the names in the address.
    """

    model: str = ""
    a: str = ""
    b: str = ""
    against: str = CONSTRUCTION
    by: str = "turns"
    page: int = 1

    def query(self) -> Query:
        """The address's parameters; defaults are left out."""
        plain = ModelState()
        one = {name: getattr(self, name) for name in ("model", "a", "b", "against", "by") if getattr(self, name) != getattr(plain, name)}
        return {**one, "page": str(self.page) if self.page > 1 else ""}

    def changed(self, **values: object) -> "ModelState":
        """The state with `values`, back on page 1 unless a page is given."""
        return replace(self, **{"page": 1, **values})  # type: ignore[arg-type]


def from_query(query: Mapping[str, Sequence[str]]) -> ModelState:
    """The state in an address. What is not understood is ignored, so that an old link still opens."""
    values = {name: query[name][-1] for name in ("model", "a", "b", "against", "by") if query.get(name) and query[name][-1]}
    if values.get("by", "turns") not in BY:
        values.pop("by")
    page = query.get("page", ["1"])[-1]
    return ModelState(**values, page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1)


def two(state: ModelState, names: Sequence[str]) -> tuple[str, str] | None:
    """The two models to hold side by side among `names`: those of the address, filled up from the front; None with fewer than two."""
    if len(names) < 2:
        return None
    a = state.a if state.a in names else next(n for n in names if n != state.b)
    b = state.b if state.b in names and state.b != a else next(n for n in names if n != a)
    return a, b
