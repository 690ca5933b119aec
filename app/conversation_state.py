"""What a list of conversations shows, as one value that lives in the address: the same link gives the same list to anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.nav import parameters
from app.state import NOT_STATED, ROLES, span, whole
from music_core.store.conversation_filter import SORTS, STANDS, ConversationFilter

_LISTS = ("source", "run", "split", "simulator", "side")
_RANGES = ("turns", "chars", "reward")
_TEXTS = ("model", "q", "role", "sort", *_RANGES)


@dataclass(frozen=True, slots=True)
class ConversationList:
    """Filter, sorting and page of the list of conversations. Field names are the names in the address.

    `side` is where a conversation stands, see `STANDS`. `model` is whose rewards
    `reward` is about.
    """

    source: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    side: tuple[str, ...] = ()
    simulator: tuple[str, ...] = ()
    turns: str = ""
    chars: str = ""
    model: str = ""
    reward: str = ""
    q: str = ""
    role: str = ""
    sort: str = "created"
    asc: bool = False
    page: int = 1

    def filter(self, imported: Sequence[str] = ()) -> ConversationFilter:
        """The store's filter; `imported` are the sources that the runs of `run` filled."""
        return ConversationFilter(
            sources=self.source,
            run_ids=self.run,
            imported=tuple(imported),
            splits=self.split,
            turns=whole(span(self.turns)),
            chars=whole(span(self.chars)),
            simulators=tuple("" if name == NOT_STATED else name for name in self.simulator),
            stands=self.side,
            model_id=self.model or None,
            reward=span(self.reward) if self.model else None,
            text=self.q,
            text_role=self.role or None,
        )

    @property
    def sorted_by(self) -> str:
        """The store's name of the sorting; by reward only where a model is chosen."""
        return "created" if self.sort == "reward" and not self.model else self.sort

    def query(self) -> dict[str, str | Sequence[str]]:
        """The address's parameters; what equals the default is left out."""
        return parameters(self)

    def changed(self, **values: object) -> "ConversationList":
        """The state with `values`, back on page 1 unless a page is given."""
        return replace(self, **{"page": 1, **values})  # type: ignore[arg-type]

    def without(self, name: str) -> "ConversationList":
        """The state with the filter `name` (one of `active`) taken off."""
        return self.changed(**{name: getattr(ConversationList(), name)})

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the filters that leave something out."""
        skip = {"sort", "asc", "page", "model", "role"} | ({"reward"} if not self.model else set())
        return tuple(name for name in self.query() if name not in skip)


def from_query(query: Mapping[str, Sequence[str]]) -> ConversationList:
    """The state in an address. What is not understood is ignored, so that an old link still opens."""
    values: dict[str, object] = {name: tuple(dict.fromkeys(v for v in query.get(name, ()) if v)) for name in _LISTS}
    values["side"] = tuple(dict.fromkeys(v for v in query.get("side", ()) if v in STANDS))
    values |= {name: query[name][-1] for name in _TEXTS if query.get(name)}
    known: Mapping[str, object] = {"sort": SORTS, "role": ROLES}
    for name, allowed in known.items():
        if values.get(name) not in allowed:  # type: ignore[operator]
            values.pop(name, None)
    values |= {name: "" for name in _RANGES if not span(str(values.get(name, "")))}
    values["asc"] = query.get("asc", [""])[-1] == "1"
    page = query.get("page", ["1"])[-1]
    values["page"] = min(max(1, int(page)), 10**6) if page.isascii() and page.isdigit() and len(page) < 8 else 1
    return ConversationList(**values)  # type: ignore[arg-type]
