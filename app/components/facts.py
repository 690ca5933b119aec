"""Short facts about a pair: beside its title, and beside each reply."""

from collections.abc import Mapping, Sequence

from app.components.judges import p_yes_by_turn
from app.components.rewards import margins
from app.markup import details, shorten, signed, visible
from music_core.store.pairs import StoredPair
from music_core.types import BranchName, Contrast, Origin, Reading, RewardTrace


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


def contrasts_of(origins: Sequence[Origin]) -> dict[int, str]:
    """By turn: HTML with the modified instruction that the rejected reply of that turn answered, folded."""
    found: dict[int, list[Contrast]] = {}
    for contrast in dict.fromkeys(c for origin in origins for c in origin.contrasts):
        found.setdefault(contrast.turn, []).append(contrast)
    return {turn: "".join(_contrast(c) for c in contrasts) for turn, contrasts in found.items()}


def _contrast(contrast: Contrast) -> str:
    body = f'<div class="mw-text" dir="auto">{visible(contrast.instruction)}</div>'
    return details("This reply answers a modified instruction", body, css="mw-contrast")


def reply_facts(sides: Mapping[BranchName, RewardTrace], readings: Sequence[Reading], branch: BranchName) -> dict[int, str]:
    """By turn: HTML below that turn's reply: reward so far, P(yes), and on the rejected side the margin."""
    p_yes = p_yes_by_turn(readings)
    rewards = sides[branch].rewards if branch in sides else ()
    gaps = margins(dict(sides)) if sides else []
    out: dict[int, str] = {}
    for turn in sorted({*range(1, len(rewards) + 1), *p_yes}):
        parts = []
        if turn <= len(rewards):
            parts.append(f"<span>reward so far <b>{signed(rewards[turn - 1])}</b></span>")
        reading = p_yes.get(turn, {}).get(branch)
        if reading is not None:
            value = f"{reading.p_yes:.2f}" if reading.p_yes is not None else reading.label
            parts.append(f"<span>P(yes) <b>{value}</b></span>")
        gap = gaps[turn - 1] if turn <= len(gaps) else None
        if branch == "rejected" and gap is not None:
            parts.append(f"<span>margin <b>{signed(gap)}</b></span>")
        if parts:
            out[turn] = f'<p class="mw-reply-facts">{"".join(parts)}</p>'
    return out
