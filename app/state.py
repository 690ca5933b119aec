"""What a list of pairs shows, as one value that lives in the address: the same link gives the same list to anybody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from app.nav import parameters
from music_core.store.filters import ALSO, GAPS, LABELS
from music_core.store.pairs import PairFilter
from music_core.store.said import HELD, RELATIONS, Comparison, comparable, is_rater
from music_core.types import VerdictValue

PAGE_ROWS = 30
LabelState = Literal["", "any", "none", "mine", "not-mine"]
SORTS = ("created", "opening", "turns", "divergence", "chars", "length_difference", "margin", "labels")
ROLES = ("", "user", "assistant", "system")
BUILT: Mapping[str, bool] = {"yes": True, "no": False}
# Stands in an address for a simulator that is not on record.
NOT_STATED = "-"
# Parameters that make one filter: they come and go with the first.
TOGETHER: Mapping[str, tuple[str, ...]] = {"a": ("a", "b", "rel", "ref", "trained"), "picked": ("picked", "n", "mode")}
_RANGE = re.compile(r"^(-?\d+(?:\.\d+)?)?\.\.(-?\d+(?:\.\d+)?)?$")
_RANGES = ("turns", "divergence", "margin", "people", "chars")
_LISTS = ("source", "run", "schedule", "method", "split", "verdict", "said", "gap", "simulator", "also", "picked")
_TEXTS = (
    "judge",
    "model",
    "q",
    "role",
    "label",
    "sort",
    "person",
    "pool",
    "built",
    "a",
    "b",
    "rel",
    "ref",
    "n",
    "mode",
    "conversation",
    *_RANGES,
)
_MOST = 1_000_000
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ListState:
    """Filter, sorting and page of the list of pairs. Field names are the names in the address.

    `a`, `b` and `rel` are two raters and how their votes lie, `ref` a third that both are held against, `trained` whether a model's
    training pairs count; see `store.said.Comparison`. `person` and `said` are about a label, `people` about how many persons gave one.
    `also` are `property:value`, `conversation` is one that is a side, `pool` is a labelling queue, `picked`, `n` and `mode` are about
    picks of Best-of-N.
    """

    source: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    schedule: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    built: str = ""
    simulator: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    picked: tuple[str, ...] = ()
    n: str = ""
    mode: str = ""
    conversation: str = ""
    pool: str = ""
    turns: str = ""
    divergence: str = ""
    gap: tuple[str, ...] = ()
    chars: str = ""
    judge: str = ""
    verdict: tuple[str, ...] = ()
    model: str = ""
    margin: str = ""
    label: LabelState = ""
    person: str = ""
    said: tuple[str, ...] = ()
    people: str = ""
    a: str = ""
    b: str = ""
    rel: str = "differ"
    ref: str = ""
    trained: bool = False
    q: str = ""
    role: str = ""
    sort: str = "created"
    asc: bool = False
    page: int = 1

    def filter(self, person: str | None) -> PairFilter:
        """The store's filter; `person` is who "mine" means (nobody yet: no pair is theirs)."""
        mine = self.label in ("mine", "not-mine")
        return PairFilter(
            sources=self.source,
            run_ids=self.run,
            schedules=self.schedule,
            methods=self.method,
            splits=self.split,
            turns=whole(span(self.turns)),
            divergence=whole(span(self.divergence)),
            model_id=self.model or None,
            margin=span(self.margin) if self.model else None,
            judge=self.judge or None,
            verdicts=self.verdict,
            labelled=None if not self.label else self.label in ("any", "mine"),
            person=(person or "") if mine else None,
            text=self.q,
            text_role=self.role or None,
            built=BUILT.get(self.built),
            queue=self.pool or None,
            said=self.said,
            labeller=self.person or None,
            n_people=whole(span(self.people)),
            compared=self.comparison,
            gaps=self.gap,
            gap_chars=whole(span(self.chars), least=-_MOST),
            simulators=tuple("" if name == NOT_STATED else name for name in self.simulator),
            also=tuple((name, value) for name, _, value in (text.partition(":") for text in self.also)),
            picked_by=self.picked,
            n_candidates=int(self.n) if self.n else None,
            pick_mode=self.mode or None,
            conversation_id=self.conversation or None,
        )

    @property
    def comparison(self) -> Comparison | None:
        """The two raters that are compared; None while they or their relation make no sense together."""
        found = Comparison(self.a, self.b, self.rel, self.ref or None, self.trained)
        return found if comparable(found) else None

    def query(self) -> dict[str, str | Sequence[str]]:
        """The address's parameters; what equals the default is left out."""
        return parameters(self)

    def changed(self, **values: object) -> "ListState":
        """The state with `values`, back on page 1 unless a page is given."""
        return replace(self, **{"page": 1, **values})  # type: ignore[arg-type]

    def without(self, name: str) -> "ListState":
        """The state with the filter `name` (one of `active`) taken off."""
        defaults = ListState()
        return self.changed(**{part: getattr(defaults, part) for part in TOGETHER.get(name, (name,))})

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the filters that leave something out; two raters count once, as `a`, and picks as `picked`."""
        inner = {part for parts in TOGETHER.values() for part in parts}
        skip = {"sort", "asc", "page", "model", "role"} | inner
        found = [name for name in self.query() if name not in skip]
        found += ["picked"] * bool(self.picked or self.n or self.mode)
        return (*found, *["a"] * (self.comparison is not None))


def span(text: str) -> Range | None:
    """A range written `low..high`, either end open; None when it is empty or not one."""
    match = _RANGE.match(text.strip())
    if not match or match.group(0) == "..":
        return None
    low, high = match.groups()
    return (float(low) if low else float("-inf"), float(high) if high else float("inf"))


def whole(values: Range | None, least: int = 0) -> tuple[int, int] | None:
    """The range in whole numbers from `least` on."""
    if values is None:
        return None
    low, high = values
    return (int(max(low, least)), int(max(min(high, _MOST), least)))


def from_query(query: Mapping[str, Sequence[str]]) -> ListState:
    """The state in an address. What is not understood is ignored, so that an old link still opens."""
    values: dict[str, object] = {name: tuple(v for v in query.get(name, ()) if v) for name in _LISTS}
    values |= {name: query[name][-1] for name in _TEXTS if query.get(name)}
    one_of: Mapping[str, object] = {
        "label": get_args(LabelState),
        "sort": SORTS,
        "role": ROLES,
        "built": BUILT,
        "rel": {**RELATIONS, **HELD},
        "mode": ("conversation", "turn_by_turn"),
    }
    some_of: Mapping[str, object] = {"verdict": get_args(VerdictValue), "said": LABELS, "gap": GAPS}
    for name, known in one_of.items():
        if values.get(name) not in known:  # type: ignore[operator]
            values.pop(name, None)
    for name, known in some_of.items():
        values[name] = tuple(v for v in query.get(name, ()) if v in known)  # type: ignore[operator]
    values["also"] = tuple(v for v in query.get("also", ()) if v.partition(":")[0] in ALSO and ":" in v)
    for name in ("a", "b", "ref"):
        if not is_rater(str(values.get(name, ""))):
            values.pop(name, None)
    n = str(values.get("n", ""))
    values["n"] = str(int(n)) if n.isascii() and n.isdigit() and len(n) < 8 else ""
    values |= {name: "" for name in _RANGES if not span(str(values.get(name, "")))}
    values |= {name: query.get(name, [""])[-1] == "1" for name in ("asc", "trained")}
    page = query.get("page", ["1"])[-1]
    values["page"] = min(max(1, int(page)), 10**6) if page.isascii() and page.isdigit() and len(page) < 8 else 1
    return ListState(**values)  # type: ignore[arg-type]
