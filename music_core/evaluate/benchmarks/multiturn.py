"""Our own benchmark: pairs of whole conversations of several turns, whose better side people chose or construction knows.

No published benchmark has branches that part before the last turn. This one puts together what there is: human votes on
conversations that part at their first reply (MT-bench), human preferences after a shared context (HH), ranked siblings
(Open-Assistant), model-labelled pairs (RMB), and MUSIC pairs that a model was not trained on. A pair counts 1 when the better side has
the higher reward, 1/2 when the rewards are equal. Every suite is shown by number of turns, by the turn where the sides part,
and by which side is longer, since a model may be good at short conversations, late partings and long answers only. The final
score is the mean of the suites, so that a large one does not drown the others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from music_core.evaluate.benchmarks.figures import Draws, Figure, Result, Share, share, weighted_mean
from music_core.evaluate.benchmarks.items import REPEATED, Item, ReadItems
from music_core.evaluate.benchmarks.scoring import ScoredItem
from music_core.types import NEUTRAL_METHODS, ContrastPair

# Reasons are part of the reports that people compare over time: never reword one that exists.
TRAINED_ON = "the model was trained on it"
TOO_FEW_TURNS = "fewer turns than asked for"
NO_VOTES = "nobody has voted"
VOTES_TIED = "votes are tied"
SAME = "the sides do not differ"
TIE = 0.5
TURN_BUCKETS = ("1", "2", "3", "4", "5 or more")
GAP_BUCKETS = ("better side much shorter", "better side shorter", "about as long", "better side longer", "better side much longer")
# Bounds of |b − w| / max(b, w), b and w the characters of the better and the worse side after the parting.
ABOUT, MUCH = 0.1, 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair of the suite: `suite` names where it is from, `method` how it was made, `votes` people's positions by branch."""

    pair_id: str
    suite: str
    pair: ContrastPair
    method: str | None = None
    votes: Sequence[int] = ()


def candidate_items(candidates: Iterable[Candidate], *, trained_on: frozenset[str] = frozenset(), min_turns: int = 2) -> ReadItems:
    """Items of the pairs that have a better side, better side first, and why the others have been left out.

    In a pair of one of `NEUTRAL_METHODS`, whose sides are the answers of two systems, the better side is the one with more of
    people's votes, a tie counting for neither; of any other pair it is `chosen`. `trained_on` holds ids of pairs that the
    model has learnt from.
    """
    items: dict[str, Item] = {}
    dropped: Counter[str] = Counter()
    for candidate in candidates:
        reason = _why_not(candidate, trained_on, min_turns, items)
        if reason:
            dropped[reason] += 1
        else:
            items[candidate.pair_id] = _item(candidate)
    return ReadItems(tuple(items.values()), len(items) + dropped.total(), dict(dropped))


def _why_not(candidate: Candidate, trained_on: frozenset[str], min_turns: int, known: Mapping[str, Item]) -> str:
    neutral = candidate.method in NEUTRAL_METHODS
    checks = (
        (candidate.pair_id in known, REPEATED),
        (candidate.pair_id in trained_on, TRAINED_ON),
        (candidate.pair.n_turns < min_turns, TOO_FEW_TURNS),
        (candidate.pair.divergence == 0, SAME),
        (neutral and not candidate.votes, NO_VOTES),
        (neutral and sum(candidate.votes) == 0, VOTES_TIED),
    )
    return next((reason for holds, reason in checks if holds), "")


def _item(candidate: Candidate) -> Item:
    pair, neutral = candidate.pair, candidate.method in NEUTRAL_METHODS
    sides = (pair.rejected, pair.chosen) if neutral and sum(candidate.votes) < 0 else (pair.chosen, pair.rejected)
    truth = "people's votes" if neutral else "construction" if candidate.method else "imported preference"
    facts = {
        "truth": truth,
        "turns": _turn_bucket(pair.n_turns),
        "divergence": _turn_bucket(pair.divergence),
        "last": str(pair.divergence == pair.n_turns),
        "gap": _gap_bucket(ContrastPair(*sides)),
    }
    return Item(candidate.pair_id, candidate.suite, sides, 1, facts)


def _turn_bucket(turns: int) -> str:
    return TURN_BUCKETS[min(turns, len(TURN_BUCKETS)) - 1]


def _gap_bucket(pair: ContrastPair) -> str:
    better, worse = (sum(len(m.content) for m in side.messages[pair.n_shared :]) for side in (pair.chosen, pair.rejected))
    gap = (better - worse) / max(better, worse, 1)
    if abs(gap) <= ABOUT:
        return GAP_BUCKETS[2]
    return f"better side {'much ' if abs(gap) >= MUCH else ''}{'longer' if gap > 0 else 'shorter'}"


def evaluate(scored: Sequence[ScoredItem], draws: Draws) -> Result:
    """Mean of the suites, each suite, and accuracy by turns, parting and length over all pairs and within every suite."""
    suites = sorted({s.item.group for s in scored})
    shares = [_share(name, [s for s in scored if s.item.group == name], draws) for name in suites]
    overall = weighted_mean("multi-turn", shares)
    pooled = _share("all pairs", scored, draws)
    tables = {"by_suite": {name: _slices([s for s in scored if s.item.group == name], draws) for name in suites}}
    parts = [figure for by in _figures(scored, draws).values() for figure in by]
    return Result(overall.figure(), tuple(s.figure() for s in (*shares, pooled)), tuple(parts), tables)


def _slices(scored: Sequence[ScoredItem], draws: Draws) -> dict[str, list[dict[str, Any]]]:
    return {title: [f.as_dict() for f in figures] for title, figures in _figures(scored, draws).items()}


def _figures(scored: Sequence[ScoredItem], draws: Draws) -> dict[str, list[Figure]]:
    """Accuracy by each property, the values in their order, those without a pair left out."""
    by: dict[str, tuple[str, Sequence[str], str]] = {
        "turns": ("turns", TURN_BUCKETS, "turns: {}"),
        "divergence": ("divergence", TURN_BUCKETS, "sides part in turn {}"),
        "last": ("last", ("True", "False"), ""),
        "length": ("gap", GAP_BUCKETS, "{}"),
        "truth": ("truth", ("people's votes", "construction", "imported preference"), "better side by {}"),
    }
    last = {"True": "sides part in the last turn", "False": "sides part before the last turn"}
    found: dict[str, list[Figure]] = {}
    for title, (fact, values, words) in by.items():
        own = {v: [s for s in scored if s.item.facts[fact] == v] for v in values}
        found[title] = [_share(last[v] if title == "last" else words.format(v), s, draws).figure() for v, s in own.items() if s]
    return found


def credit(scored: ScoredItem) -> float:
    """1 when the better side has the higher reward, 1/2 when they are equal, else 0."""
    return TIE if scored.tied else float(scored.good[0] > scored.bad[0])


def _share(name: str, own: Sequence[ScoredItem], draws: Draws) -> Share:
    return share(name, [credit(s) for s in own], [s.item.seed_id for s in own], draws, n_ties=sum(s.tied for s in own))
