"""What the labels of a queue say about its whole pool: how often people prefer a side or a system, and how often a judge is right."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from jobs.stages.queues import draws_of
from jobs.stages.system_estimates import Systems, mean_scores, system_win_rate
from music_core.errors import ConfigError
from music_core.evaluate.estimands import judge_accuracy, win_rate
from music_core.evaluate.estimate import Estimate, labels_needed
from music_core.store.connect import Store
from music_core.store.facts import selected_labels, selected_margins, selected_verdicts
from music_core.store.pairs import PairFilter
from music_core.store.queues import LabelQueue, QueueHead, answered, family, labels_given, read_queue, seeds_of
from music_core.store.sides import matchups
from music_core.store.votes import votes
from music_core.types import LabelEvent, Verdict

Question = Literal["win_rate", "accuracy", "system"]
HALF_WIDTH = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """One estimate. `rater` is whose verdicts predict (win_rate; empty: nobody's) or who is held against people (accuracy).

    With the question `system` it is about the win rate of `system` against `against` (empty: against all others of the pool), and
    several raters predict together: `rater` is the one, `judges` or `judges and models`.
    """

    question: Question
    rater: str
    found: Estimate
    system: str = ""
    against: str = ""

    def as_dict(self, half_width: float) -> dict[str, Any]:
        """The estimate as JSON types, with the labels still needed for `half_width`, of seeds like these and of this very pool."""
        needed = labels_needed(self.found, half_width), labels_needed(self.found, half_width, of_pool=True)
        like_these, this_pool = ({"more": n.more, "note": n.note} for n in needed)
        more = {"half_width": half_width, "seeds_like_these": like_these, "this_pool": this_pool}
        about = {"question": self.question, "rater": self.rater, "system": self.system, "against": self.against}
        return {**about, **self.found.as_dict(), "labels_needed": more}


@dataclass(frozen=True, slots=True)
class Given:
    """The labels on drawn pairs: by how many people, skips, those given after the answer had been seen, and under which guidelines.

    `n` counts decisions, at most `overlap` a pair of `n_wanted`. `n_elsewhere` labelled pairs have no label of this queue.
    `n_adjudicated` pairs were settled by a further person; `n_beyond` labels came when their pair had all it needed.
    """

    n: int
    n_wanted: int
    n_people: int
    n_skips: int
    n_informed: int
    n_elsewhere: int
    guidelines: Mapping[str, int]
    n_adjudicated: int = 0
    n_beyond: int = 0


@dataclass(frozen=True, slots=True)
class QueueEstimates:
    """All that the labels of a queue say. `warnings` are about the labels, those of an estimate about the estimate."""

    head: QueueHead
    given: Given
    answers: tuple[Answer, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self, half_width: float = HALF_WIDTH) -> dict[str, Any]:
        """The same as JSON types."""
        labels = {name: getattr(self.given, name) for name in self.given.__slots__}
        return {
            "queue": head_dict(self.head),
            "labels": {**labels, "guidelines": dict(self.given.guidelines)},
            "estimates": [a.as_dict(half_width) for a in self.answers],
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }


def head_dict(head: QueueHead) -> dict[str, Any]:
    """A queue without its pool as JSON types."""
    values = {name: getattr(head, name) for name in head.__slots__}
    created = head.created_at.isoformat() if head.created_at else None
    return {**values, "settings": dict(head.settings), "created_at": created, "n_wanted": head.n_wanted}


def estimates_of(
    store: Store, name: str, raters: Sequence[str] = (), *, seed: int = 0, n_boot: int = 1000, adjudicated: bool = True
) -> QueueEstimates:
    """Every estimate that the labels of queue `name` allow, for `raters` (`judge:NAME`, `model:NAME`; none given: all there are).

    Labels count on whatever way they were given, as long as their pair was drawn. A model says nothing about pairs that it
    was trained on. An adjudication stands for all labels of its pair; without `adjudicated` it is one label among them.

    Raises:
        StoreError: there is no such queue.
        ConfigError: a rater that has said nothing about the pool.
    """
    queue = read_queue(store, name)
    f = PairFilter(queue=name)
    pool = _Pool(store, queue, f)
    there = pool.raters
    for rater in raters:
        if rater not in there:
            raise ConfigError(f"{rater} has said nothing about the pairs of this queue.", f"Raters there: {', '.join(there) or 'none'}.")
    labels = selected_labels(store, f)
    given = _given(store, queue, labels)
    if adjudicated:
        labels = final_labels(labels)
    wanted = [r for r in there if r in raters] if raters else there
    answers = [pool.win_rate(rater, labels, seed, n_boot) for rater in wanted or [""]] if pool.built else []
    answers += pool.systems(wanted, labels, seed, n_boot)
    answers += [pool.accuracy(rater, labels, seed, n_boot) for rater in wanted]
    return QueueEstimates(queue.head, given, tuple(answers), tuple(_warnings(queue.head, given)), tuple(_notes(pool)))


def final_labels(labels: Sequence[LabelEvent]) -> list[LabelEvent]:
    """The labels without those that an adjudication of their pair has settled."""
    settled = {e.pair_id for e in labels if e.kind == "adjudication" and e.value is not None}
    return [e for e in labels if e.pair_id not in settled or (e.kind == "adjudication" and e.value is not None)]


class _Pool:
    """What was said about the pairs of a queue, read once for all estimates."""

    def __init__(self, store: Store, queue: LabelQueue, f: PairFilter) -> None:
        said = votes(store, f)
        self.draws = draws_of(queue)
        self.named = Systems(matchups(store, f))
        self.seed_of = seeds_of(store, f)
        self.built = {v.pair_id for v in said if v.rater == "construction"}
        self._trained = {(v.rater, v.pair_id) for v in said if v.trained_on}
        # Everybody's votes but people's: what judges are predicted by must not hold the answers.
        self._said: dict[str, dict[str, int]] = {}
        for v in said:
            if not v.trained_on and not v.rater.startswith("person:"):
                self._said.setdefault(v.rater, {})[v.pair_id] = v.value
        self._scores: dict[str, dict[str, float | None]] = {}
        for verdict in selected_verdicts(store, f):
            self._scores.setdefault(f"judge:{verdict.judge}", {})[verdict.pair_id] = _score(verdict)
        for model, margins in selected_margins(store, f).items():
            rater = f"model:{model}"
            known = {pair_id: margin for pair_id, margin in margins.items() if (rater, pair_id) not in self._trained}
            # A margin is the log-odds of the chosen side under the Bradley-Terry loss; 2 σ(m) − 1 = tanh(m / 2).
            self._scores[rater] = {pair_id: math.tanh(margin / 2) for pair_id, margin in known.items()}

    @property
    def raters(self) -> list[str]:
        """Judges, then models, that said something about the pool."""
        return sorted(r for r in self._said if r != "construction")

    def win_rate(self, rater: str, labels: Sequence[LabelEvent], seed: int, n_boot: int) -> Answer:
        """Of the built side, over the pairs that have one: they are a pool of their own, since draws are independent."""
        draws = [d for d in self.draws if d.pair_id in self.built]
        own = [e for e in labels if e.pair_id in self.built]
        found = win_rate(draws, self.seed_of, self._scores.get(rater, {}), own, seed=seed, n_boot=n_boot)
        n_out = len(self.draws) - len(draws)
        if n_out:
            note = f"{n_out} pairs of which neither side was built to be better are left out."
            found = replace(found, n_excluded=n_out).with_note(note)
        return Answer("win_rate", rater, found)

    def systems(self, raters: Sequence[str], labels: Sequence[LabelEvent], seed: int, n_boot: int) -> list[Answer]:
        """Of every named system against all others, and of every two that met on a labelled pair; predicted by `raters` together."""
        scores = mean_scores([self._scores.get(rater, {}) for rater in raters])
        judges = all(r.startswith("judge:") for r in raters)
        who = raters[0] if len(raters) == 1 else ("judges" if judges else "judges and models") if raters else ""
        drawn = {d.pair_id for d in self.draws if d.drawn}
        labelled = {e.pair_id for e in labels if e.value is not None} & drawn
        asked = [*((name, "") for name in self.named.names), *self.named.couples(labelled)]
        found = []
        for system, against in asked:
            side = self.named.sides(system, against)
            if side:
                one = system_win_rate(side, self.draws, self.seed_of, scores, labels, seed=seed, n_boot=n_boot)
                found.append(Answer("system", who, one, system, against))
        return found

    def accuracy(self, rater: str, labels: Sequence[LabelEvent], seed: int, n_boot: int) -> Answer:
        """Of a judge or model; the chance that it is right is predicted by the share of all others that say the same."""
        said = self._said[rater]
        others = [values for other, values in self._said.items() if other != rater]
        expected: dict[str, float] = {}
        for pair_id, value in said.items():
            theirs = [values[pair_id] for values in others if pair_id in values]
            if theirs:
                expected[pair_id] = sum(v == value for v in theirs) / len(theirs)
        found = judge_accuracy(self.draws, self.seed_of, said, labels, expected=expected, seed=seed, n_boot=n_boot)
        n_trained = sum(r == rater for r, _ in self._trained)
        if n_trained:
            found = found.with_note(f"{n_trained} of them the model was trained on.")
        return Answer("accuracy", rater, found)


def _score(verdict: Verdict) -> float | None:
    """A verdict that came resolved, without readings, may have no score; its side is one then."""
    if verdict.score is not None or verdict.value == "unresolved":
        return verdict.score
    return {"chosen": 1.0, "rejected": -1.0}.get(verdict.value, 0.0)


def _given(store: Store, queue: LabelQueue, labels: Sequence[LabelEvent]) -> Given:
    drawn = queue.drawn
    own = [e for e in labels if e.pair_id in drawn and e.choice is not None]
    decided = [e for e in own if e.value is not None]
    names = family(store, queue.head.name)
    here = {e.pair_id for e in decided if e.queue in names}
    guidelines: dict[str, int] = {}
    for e in decided:
        guidelines[e.guideline] = guidelines.get(e.guideline, 0) + 1
    return Given(
        n=labels_given(answered(store, drawn, adjudications=queue.head.adjudicates), queue.head.overlap),
        n_wanted=queue.head.n_wanted,
        n_people=len({e.person for e in decided}),
        n_skips=len(own) - len(decided),
        n_informed=sum(not e.blind for e in decided),
        n_elsewhere=len({e.pair_id for e in decided} - here),
        guidelines=dict(sorted(guidelines.items())),
        n_adjudicated=len({e.pair_id for e in decided if e.kind == "adjudication"}),
        n_beyond=sum(e.beyond for e in decided),
    )


def _warnings(head: QueueHead, given: Given) -> list[str]:
    found = []
    if given.n_elsewhere and given.n < given.n_wanted:
        found.append(
            f"{given.n_elsewhere} of the labelled pairs got their label outside of this queue. Until the queue is finished, "
            "they may be unlike the pairs that wait."
        )
    if set(given.guidelines) - {head.guideline}:
        several = ", ".join(f"{n} under '{version}'" for version, n in given.guidelines.items())
        found.append(f"The labels were not all given under guideline {head.guideline}, for which the queue was made: {several}.")
    if given.n_informed:
        found.append(f"{given.n_informed} labels were given by people who had seen the answer before.")
    return found


def _notes(pool: _Pool) -> list[str]:
    found = []
    if not pool.built:
        found.append("There is no win rate of the built side: no pair of this pool was built to have a better one.")
    if pool.named.names:
        found.append(
            "A system's win rate against all others depends on whom it met how often in this pool; pairs on whose both sides it stands "
            "are left out. Where two systems gave the same answer there is no pair."
        )
    if not pool.raters:
        found.append("No judge or model has said anything about these pairs: there are no predictions, and labels stand alone.")
    return found
