"""Which turns of the rejected branch are contrasted: `all`, `from:k`, `only:k`, `random:p`, `last`.

Turns are counted from 1 over the generated turns. `random:p` contrasts each turn with probability p and is drawn again when it
comes out empty, so every pair differs somewhere.
"""

from dataclasses import dataclass
from typing import Literal

from music_core.errors import ConfigError
from music_core.simulate.draws import draw, share

Kind = Literal["all", "from", "only", "random", "last"]
FORMS = "all, from:k, only:k, random:p, last"
# A draw this often empty has a p so small that one turn at random is the same thing.
MAX_REDRAWS = 100


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed schedule; `turn` is set for `from` and `only`, `p` for `random`."""

    kind: Kind
    turn: int = 1
    p: float = 1.0

    def turns(self, n_turns: int, run_seed: int, seed_id: str) -> tuple[int, ...]:
        """The contrasted turns of one pair, ascending and never empty; a function of the arguments alone."""
        if self.kind == "all":
            return tuple(range(1, n_turns + 1))
        if self.kind == "from":
            return tuple(range(self.turn, n_turns + 1))
        if self.kind == "only":
            return (self.turn,)
        if self.kind == "last":
            return (n_turns,)
        for redraw in range(MAX_REDRAWS):
            drawn = tuple(t for t in range(1, n_turns + 1) if share(run_seed, seed_id, "schedule", redraw, t) < self.p)
            if drawn:
                return drawn
        return (draw(run_seed, seed_id, "schedule", "one") % n_turns + 1,)


def parse_schedule(text: str, n_turns: int) -> Schedule:
    """The schedule that `text` names, checked against the number of generated turns.

    Raises `ConfigError` on an unknown form, a turn outside 1..n_turns, a probability outside (0, 1].
    """
    kind, _, value = text.partition(":")
    if kind in ("all", "last") and not value and ":" not in text:
        return Schedule("all" if kind == "all" else "last")
    try:
        if kind in ("from", "only"):
            turn = int(value)
            if not 1 <= turn <= n_turns:
                raise ConfigError(f"Schedule '{text}': the turn must be between 1 and {n_turns}.")
            return Schedule("from" if kind == "from" else "only", turn=turn)
        if kind == "random":
            p = float(value)
            if not 0 < p <= 1:
                raise ConfigError(f"Schedule '{text}': the probability must be above 0 and at most 1.")
            return Schedule("random", p=p)
    except ValueError as e:
        raise ConfigError(f"Schedule '{text}' has no readable number.", f"Schedules are: {FORMS}.") from e
    raise ConfigError(f"There is no schedule '{text}'.", f"Schedules are: {FORMS}.")
