"""What the two sides of a pair are called: chosen and rejected where one was built to be better, else by their systems. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.components.words import VERDICT_NAMES, VERDICT_TITLES
from app.markup import shorten, visible
from music_core.types import BranchName, Order, VerdictValue

MOST_CHARS = 40


@dataclass(frozen=True, slots=True)
class SideNames:
    """A name for each branch; `built` tells whether one of them was built to be better. Names may be untrusted text."""

    chosen: str = "chosen"
    rejected: str = "rejected"
    built: bool = True

    def of(self, branch: BranchName) -> str:
        """The name of a branch."""
        return self.chosen if branch == "chosen" else self.rejected

    def title(self, branch: BranchName) -> str:
        """The name as a heading: our own words with a capital, a system's name as it is."""
        return self.of(branch).capitalize() if self.built else self.of(branch)

    def heading(self, branch: BranchName) -> str:
        """The title as HTML for the head of a column; no other column has the same, whatever a system is called."""
        return f"<span>{visible(self.title(branch))}</span>"

    def verdict(self, value: VerdictValue) -> str:
        """What a verdict says, in one or two words."""
        return self.of(value) if value in ("chosen", "rejected") else VERDICT_NAMES[value]

    def verdict_title(self, value: VerdictValue) -> str:
        """What a verdict means, in a sentence."""
        if self.built or value not in ("chosen", "rejected"):
            return VERDICT_TITLES[value]
        return f"Prefers {self.of(value)} in both orders"

    def shown_first(self, order: Order) -> str:
        """Which side a judge saw first."""
        return f"{self.of('chosen' if order == 'chosen_first' else 'rejected')} shown first"


BUILT = SideNames()


def side_names(systems: Mapping[BranchName, str] | None) -> SideNames:
    """Names for the systems of a pair (`music_core.store.sides`); None: one side was built to be better."""
    if systems is None:
        return BUILT
    names = [shorten(systems.get(branch, ""), MOST_CHARS) for branch in ("chosen", "rejected")]
    if not all(names) or names[0] == names[1]:
        names = ["answer 1", "answer 2"]
    return SideNames(names[0], names[1], built=False)
