"""What a list of pairs shows, as one value that lives in the address: the same link gives the same list to anybody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from music_core.store.pairs import PairFilter
from music_core.types import VerdictValue

PAGE_ROWS = 30
LabelState = Literal["", "any", "none", "mine", "not-mine"]
SORTS = ("created", "opening", "turns", "divergence", "chars", "length_difference", "margin", "labels")
ROLES = ("", "user", "assistant", "system")
_RANGE = re.compile(r"^(-?\d+(?:\.\d+)?)?\.\.(-?\d+(?:\.\d+)?)?$")
_LISTS = ("source", "run", "schedule", "method", "split", "verdict")
_TEXTS = ("judge", "model", "q", "role", "label", "sort", "turns", "divergence", "margin")
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ListState:
    """Filter, sorting and page of the list of pairs. Field names are the names in the address."""

    source: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    schedule: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    turns: str = ""
    divergence: str = ""
    judge: str = ""
    verdict: tuple[str, ...] = ()
    model: str = ""
    margin: str = ""
    label: LabelState = ""
    q: str = ""
    role: str = ""
    sort: str = "created"
    asc: bool = False
    page: int = 1

    def filter(self, person: str | None) -> PairFilter:
        """The store's filter; `person` is who "mine" means (nobody yet: no pair is theirs)."""
        mine = self.label in ("mine", "not-mine")
        turns, divergence = (_whole(span(text)) for text in (self.turns, self.divergence))
        return PairFilter(
            sources=self.source,
            run_ids=self.run,
            schedules=self.schedule,
            methods=self.method,
            splits=self.split,
            turns=turns,
            divergence=divergence,
            model_id=self.model or None,
            margin=span(self.margin) if self.model else None,
            judge=self.judge or None,
            verdicts=self.verdict,
            labelled=None if not self.label else self.label in ("any", "mine"),
            person=(person or "") if mine else None,
            text=self.q,
            text_role=self.role or None,
        )

    def query(self) -> dict[str, str | Sequence[str]]:
        """The address's parameters; what equals the default is left out."""
        out: dict[str, str | Sequence[str]] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                out[field.name] = value if isinstance(value, tuple) else "1" if value is True else str(value)
        return out

    def changed(self, **values: object) -> "ListState":
        """The state with `values`, back on page 1 unless a page is given."""
        return replace(self, **{"page": 1, **values})  # type: ignore[arg-type]

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the filters that leave something out."""
        skip = {"sort", "asc", "page", "model", "role"}
        return tuple(name for name in self.query() if name not in skip)


def span(text: str) -> Range | None:
    """A range written `low..high`, either end open; None when it is empty or not one."""
    match = _RANGE.match(text.strip())
    if not match or match.group(0) == "..":
        return None
    low, high = match.groups()
    return (float(low) if low else float("-inf"), float(high) if high else float("inf"))


def _whole(values: Range | None) -> tuple[int, int] | None:
    if values is None:
        return None
    low, high = values
    return (int(max(low, 0)), int(min(high, 1_000_000)))


def from_query(query: Mapping[str, Sequence[str]]) -> ListState:
    """The state in an address. What is not understood is ignored, so that an old link still opens."""
    values: dict[str, object] = {name: tuple(v for v in query.get(name, ()) if v) for name in _LISTS}
    values |= {name: query[name][-1] for name in _TEXTS if query.get(name)}
    if values.get("label") not in get_args(LabelState):
        values.pop("label", None)
    if values.get("sort") not in SORTS:
        values.pop("sort", None)
    if values.get("role") not in ROLES:
        values.pop("role", None)
    values |= {name: "" for name in ("turns", "divergence", "margin") if not span(str(values.get(name, "")))}
    values["verdict"] = tuple(v for v in query.get("verdict", ()) if v in get_args(VerdictValue))
    values["asc"] = query.get("asc", [""])[-1] == "1"
    page = query.get("page", ["1"])[-1]
    values["page"] = min(max(1, int(page)), 10**6) if page.isascii() and page.isdigit() and len(page) < 8 else 1
    return ListState(**values)  # type: ignore[arg-type]
