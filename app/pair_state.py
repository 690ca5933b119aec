"""What the Pair page shows, as one value that lives in the address beside the list's filter: a link opens the same turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

from app.nav import href, parameters, set_query

ChartKind = Literal["", "margin"]


@dataclass(frozen=True, slots=True)
class PairState:
    """`turn` is the turn asked for (0: none), `trace` the reward models shown (none: the newest), `chart` what is charted.

    `words` marks what differs inside messages, `written` shows Markdown as it was written. Field names are the names in the address.
    """

    turn: int = 0
    trace: tuple[str, ...] = ()
    chart: ChartKind = ""
    words: bool = False
    written: bool = False

    def query(self) -> dict[str, str | Sequence[str]]:
        """The address's parameters; what equals the default is left out."""
        return parameters(self)


def from_query(query: Mapping[str, Sequence[str]]) -> PairState:
    """The state in an address. What is not understood is ignored, so that an old link still opens."""
    turn, chart = (query.get(name, [""])[-1] for name in ("turn", "chart"))
    return PairState(
        int(turn) if turn.isascii() and turn.isdigit() and len(turn) < 8 else 0,
        tuple(dict.fromkeys(v for v in query.get("trace", ()) if v)),
        "margin" if chart in get_args(ChartKind) and chart else "",
        query.get("words", [""])[-1] == "1",
        query.get("written", [""])[-1] == "1",
    )


class Listed(Protocol):
    """The state of a list, as far as a page opened from it needs it."""

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the filters that leave something out."""

    def query(self) -> dict[str, str | Sequence[str]]:
        """The address's parameters."""


@dataclass(frozen=True, slots=True)
class Here:
    """A pair as it is looked at: its id, the list that it was opened from, and the page's own state.

    `page` names the page and the parameter of the id: a conversation is looked at in the same way.
    """

    id: str
    listed: Listed
    state: PairState
    page: str = "pair"

    def query(self) -> dict[str, str | Sequence[str]]:
        """The whole address."""
        return {**self.listed.query(), **self.state.query(), self.page: self.id}

    def changed(self, **values: object) -> "Here":
        """The same pair with some of the page's state changed."""
        return replace(self, state=replace(self.state, **values))  # type: ignore[arg-type]

    def other(self, id_: str) -> "Here":
        """Another pair looked at in the same way, from its beginning."""
        return replace(self, id=id_, state=replace(self.state, turn=0))

    def href(self, turn: int) -> str:
        """The address of a turn of this pair."""
        return href(self.page, self.changed(turn=turn).query())

    def go(self, **values: object) -> None:
        """Change the address; for callbacks of widgets."""
        set_query(self.changed(**values).query())
