"""Short facts about a pair: beside its title, and beside each reply."""

from collections.abc import Sequence

from app.components.judges import p_yes_by_turn
from app.components.trace_chart import Scored, margins
from app.markup import shorten, signed, visible
from app.sides import SideNames
from music_core.store.pairs import StoredPair
from music_core.types import BranchName, Origin, Reading


def opening(stored: StoredPair) -> str:
    """The beginning of the first user message: what a reader knows the pair by."""
    first = next((m.content for m in stored.pair.chosen.messages if m.role == "user"), "")
    return shorten(first, 90) or "Pair without a user message"


def title_line(stored: StoredPair) -> str:
    """Turns, where the sides part, split and origin, in one line of plain text."""
    pair = stored.pair
    parting = f"sides part at turn {pair.divergence}" if pair.divergence else "sides are the same"
    origin = stored.origins[0] if stored.origins else Origin("")
    turns = "1 turn" if pair.n_turns == 1 else f"{pair.n_turns} turns"
    parts = [turns, parting, stored.split, origin.source, origin.method or "", origin.schedule or ""]
    return " · ".join(p for p in parts if p)


def subtitles(contrasts: bool, names: SideNames) -> tuple[str, str]:
    """What each side is, in a few words: chosen, rejected; `contrasts` tells whether any instruction was modified."""
    if not names.built:
        return "one of two systems", "the other; neither was built to be better"
    spoiled = "answered modified instructions at marked turns" if contrasts else "by the data set's preference"
    return "answered the user's messages", spoiled


def _by_model(what: str, found: Sequence[tuple[str, float]], several: bool) -> str:
    """A figure by each model; the only model needs no name."""
    values = ", ".join(f"{visible(name)} " * several + f"<b>{signed(value)}</b>" for name, value in found)
    return f"<span>{what} {values}</span>" if found else ""


def reply_facts(shown: Sequence[Scored], readings: Sequence[Reading], branch: BranchName) -> dict[int, str]:
    """By turn: HTML below that turn's reply: the reward so far by each model, and P(yes)."""
    p_yes = p_yes_by_turn(readings)
    by_model = [(s.name, s.sides[branch].rewards) for s in shown if branch in s.sides]
    n_turns = max((len(rewards) for _, rewards in by_model), default=0)
    out: dict[int, str] = {}
    for turn in sorted({*range(1, n_turns + 1), *p_yes}):
        found = [(name, rewards[turn - 1]) for name, rewards in by_model if turn <= len(rewards)]
        parts = _by_model("reward so far", found, len(shown) > 1)
        reading = p_yes.get(turn, {}).get(branch)
        if reading is not None:
            parts += f"<span>P(yes) <b>{reading.label if reading.p_yes is None else f'{reading.p_yes:.2f}'}</b></span>"
        if parts:
            out[turn] = f'<p class="mw-reply-facts">{parts}</p>'
    return out


def turn_facts(shown: Sequence[Scored]) -> dict[int, str]:
    """By turn: HTML beside its heading: the margin by each model."""
    by_model = [(s.name, margins(s.sides)) for s in shown]
    out: dict[int, str] = {}
    for turn in range(1, max((len(gaps) for _, gaps in by_model), default=0) + 1):
        found = [(name, gap) for name, gaps in by_model if turn <= len(gaps) and (gap := gaps[turn - 1]) is not None]
        if found:
            out[turn] = f'<span class="mw-turn-facts">{_by_model("margin", found, len(shown) > 1)}</span>'
    return out
