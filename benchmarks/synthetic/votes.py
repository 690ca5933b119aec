"""What two judges, two reward models and five people say about synthetic pairs."""

from collections.abc import Sequence
from random import Random

from music_core.evaluate.verdict import resolve
from music_core.types import BRANCHES, GivenLabel, LabelChoice, LabelEvent, Order, Reading, ReadingLabel, RewardTrace, Verdict

# Judge, the share of pairs that it read, and how often one of its readings names the chosen side.
JUDGES = (("qwen-32b", 0.6, 0.8), ("llama-8b", 0.3, 0.65))
# Model id, the share of pairs that it scored, and the mean margin per turn after the divergence.
MODELS = (("model-a", 0.9, 0.6), ("model-b", 0.5, 0.3))
PEOPLE = ("Ada", "Bo", "Chidi", "Devi", "Elif")
_ORDERS: tuple[Order, Order] = ("chosen_first", "rejected_first")
_CHOICES: tuple[LabelChoice, ...] = ("left", "right", "tie", "both_bad", "skip")
_RAW = "Both answer the question; the better one keeps to what was asked in the turns before.\nVerdict: "


def judged(pair_id: str, random: Random) -> tuple[list[Reading], list[Verdict]]:
    """The readings of both orders by each judge that read the pair, and what they resolve to."""
    readings: list[Reading] = []
    verdicts: list[Verdict] = []
    for judge, share, right in JUDGES:
        if random.random() < share:
            mine = [_reading(pair_id, judge, order, right, random) for order in _ORDERS]
            readings += mine
            verdicts.append(resolve(pair_id, judge, "pairwise", mine))
    return readings, verdicts


def _reading(pair_id: str, judge: str, order: Order, right: float, random: Random) -> Reading:
    drawn, first = random.random(), order == "chosen_first"
    label: ReadingLabel = "tie" if drawn > 0.95 else "unparsed" if drawn > 0.94 else "first" if (drawn < right) == first else "second"
    return Reading(
        pair_id, judge, "pairwise", label, _RAW + label, f"prompt-{pair_id[:10]}", "local", judge, order, tokens_in=2600, tokens_out=30
    )


def traces(pair_id: str, n_turns: int, divergence: int, random: Random) -> list[RewardTrace]:
    """Both branches by each model that scored the pair: a random walk, drifting apart after the divergence."""
    found: list[RewardTrace] = []
    for model, share, drift in MODELS:
        if random.random() < share:
            found += [
                RewardTrace(pair_id, branch, model, _walk(n_turns, divergence, drift * sign, random))
                for branch, sign in zip(BRANCHES, (0.5, -0.5), strict=True)
            ]
    return found


def _walk(n_turns: int, divergence: int, drift: float, random: Random) -> tuple[float, ...]:
    value, out = 0.0, []
    for turn in range(1, n_turns + 1):
        value += random.gauss(drift if turn >= divergence else 0.0, 0.8 if turn >= divergence else 0.05)
        out.append(value)
    return tuple(out)


def labels(pair_ids: Sequence[str], n: int, random: Random) -> list[GivenLabel]:
    """About `n` labels: each person decides on a part of one common sample, so that most pairs have two."""
    sample = random.sample(list(pair_ids), min(len(pair_ids), n // 2))
    given = [(person, pair_id) for pair_id in sample for person in random.sample(PEOPLE, 2)]
    return [GivenLabel(_label(person, pair_id, random)) for person, pair_id in given]


def _label(person: str, pair_id: str, random: Random) -> LabelEvent:
    choice = random.choices(_CHOICES, (46, 34, 12, 4, 4))[0]
    return LabelEvent(
        f"{person}-{pair_id}", pair_id, person, choice, random.choice(BRANCHES), True, seconds=round(random.uniform(5, 90), 1)
    )
