"""A judge and its own model: does it prefer what its model wrote, and does it judge otherwise what its model simulated?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from music_core.evaluate.bias.cases import Pairs, Said, model_key
from music_core.evaluate.bias.figures import Boot, Figure, Group, combined, missing, share
from music_core.evaluate.votes import kind_of

ModelsAt = Mapping[str, Mapping[int, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A share for the judge's own model, the share beside which it stands, and own − others."""

    own: Figure
    others: Figure
    difference: Figure


def no_comparison(note: str) -> Comparison:
    """For a rater without a model of its own, and why."""
    return Comparison(*[missing(note)] * 3)


def self_preference(rater: str, pairs: Pairs, said: Mapping[str, Said], models: ModelsAt, boot: Boot) -> Comparison:
    """Over pairs with an answer of the judge's model on exactly one side: how often it takes that side, and how often others do.

    The others are judges that decided the same pair and whose model wrote neither side of it; each pair's share among them
    counts once. All three figures are over the pairs where there is such a judge; without any, `own` is over all pairs.
    """
    rows = list(_own_sides(rater, pairs, said, models))
    nothing = "No decided pair has an answer of this judge's model on exactly one side."
    if not rows:
        return no_comparison(nothing)
    beside = [row for row in rows if row[2] is not None]
    kept = beside or rows
    seeds = pairs.seeds[np.array([at for at, _, _ in kept], np.int64)]
    own = Group.of(np.array([took for _, took, _ in kept], np.float64), seeds)
    if not beside:
        alone = missing("No judge whose model wrote neither side decided these pairs.")
        return Comparison(share(own, boot, nothing), alone, alone)
    others = Group.of(np.array([rate for _, _, rate in beside], np.float64), seeds)
    difference = combined([own, others], [1.0, -1.0], boot, nothing, paired=True)
    return Comparison(share(own, boot, nothing), share(others, boot, nothing), difference)


def _own_sides(rater: str, pairs: Pairs, said: Mapping[str, Said], models: ModelsAt) -> Iterator[tuple[int, bool, float | None]]:
    """Of every pair with one side by the judge's model: its place, whether the judge took that side, and the others' share."""
    mine = models.get(_name(rater), {})
    authored = {at for at in mine if pairs.facts[at].authors is not None}
    judges = [name for name in said if kind_of(name) == "judge" and name != rater] if authored else []
    votes = {name: dict(zip(said[name].decisive.at.tolist(), said[name].decisive.values.tolist(), strict=True)) for name in judges}
    decided = said[rater].decisive
    for at, value in zip(decided.at.tolist(), decided.values.tolist(), strict=True):
        authors = [model_key(name) for name in pairs.facts[at].authors or ()] if at in authored else []
        own = [author in mine[at] for author in authors]
        if sum(own) != 1:
            continue
        side = 1 if own[0] else -1
        seen = [
            votes[name][at] == side
            for name in judges
            if at in votes[name] and not models.get(_name(name), {}).get(at, set()) & set(authors)
        ]
        yield at, value == side, sum(seen) / len(seen) if seen else None


def own_simulator(rater: str, pairs: Pairs, said: Mapping[str, Said], models: ModelsAt, boot: Boot) -> Comparison:
    """Agreement with construction on pairs simulated by the judge's own model, on those simulated by others, and the difference.

    Of pairs that were built and say which models simulated them, decisions only. The two sets are different pairs: a
    difference may also lie in them.
    """
    mine, decided = models.get(_name(rater), {}), said[rater].decisive
    known = decided.where(np.array([bool(pairs.facts[i].simulators) and i in mine for i in decided.at], np.bool_) & pairs.built[decided.at])
    own = np.array([any(model_key(s) in mine[i] for s in pairs.facts[i].simulators) for i in known.at], np.bool_)
    right, seeds = known.values == 1, pairs.seeds[known.at]
    groups = [Group.of(right, seeds, own), Group.of(right, seeds, ~own)]
    notes = ["No decided pair was simulated by this judge's model.", "No decided pair was simulated by other models only."]
    empty = next((note for note, group in zip(notes, groups, strict=True) if not len(group.hits)), "")
    return Comparison(share(groups[0], boot, notes[0]), share(groups[1], boot, notes[1]), combined(groups, [1.0, -1.0], boot, empty))


def _name(rater: str) -> str:
    return rater.partition(":")[2]
