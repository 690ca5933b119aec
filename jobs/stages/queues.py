"""Labelling queues: which of the selected pairs people are to label, by a plan that is frozen before anybody does."""

import itertools
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from jobs.stages.select import Selection, selected_filter, selected_ids
from music_core.errors import ConfigError
from music_core.evaluate import sampling
from music_core.evaluate.sampling import FLOOR, Draw, Plan
from music_core.guideline import VERSION
from music_core.store.connect import Store
from music_core.store.facts import selected_margins, selected_verdicts
from music_core.store.opinions import disagreements
from music_core.store.pairs import PairFilter, pair_ids
from music_core.store.queues import ADJUDICATE, STRATA, LabelQueue, PoolPair, QueueHead, create_queue, read_queue, strata_of
from music_core.store.votes import votes
from music_core.types import Vote

PlanKind = Literal["uniform", "stratified", "disagreement", "uncertainty"]
PLANS: tuple[PlanKind, ...] = get_args(PlanKind)
MIX = 0.5
# One pair in twenty comes back: little work, and after 400 labels the interval of a person's consistency is about 0.2 wide.
REPEATS = 0.05
MOST_REPEATS = 0.5


@dataclass(frozen=True)
class Config(Selection):
    """A new queue: the selected pairs are its pool, `labels` of them are drawn on average.

    `by` is what the plan looks at: one of source, schedule and turns (stratified), two raters or more (disagreement; none
    given: every judge and model), one judge or model (uncertainty). `repeats` is the share of a person's decided pairs that
    come back to the same person.
    """

    name: str = ""
    labels: float = 0
    plan: PlanKind = "uniform"
    by: tuple[str, ...] = ()
    seed: int = 0
    floor: float = FLOOR
    mix: float = MIX
    overlap: int = 1
    repeats: float = REPEATS
    guideline: str = VERSION
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What a plan knows of a pair when it is frozen: a score, None where nobody said anything, or a stratum."""

    score: float | None = None
    stratum: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a config would make of a pool: all that a queue freezes."""

    settings: Mapping[str, Any]
    pool: tuple[PoolPair, ...]

    @property
    def n_drawn(self) -> int:
        """Pairs that people would label."""
        return sum(p.drawn for p in self.pool)


def make_queue(store: Store, config: Config, f: PairFilter | None = None, *, described: Mapping[str, Any] | None = None) -> LabelQueue:
    """Freeze the pool, its probabilities and the draw.

    `f` takes the pool from any filter instead of the config's selection, and `described` is how the queue remembers it.

    Raises:
        RunError: no pair is selected.
        ConfigError: the plan lacks what it goes by, or the number of labels fits neither pool nor floor.
        StoreError: the name is taken or unusable.
    """
    drawn = drawn_by(store, config, f, described=described)
    head = QueueHead(config.name, config.plan, config.seed, drawn.settings, config.guideline, config.overlap, created_by=config.created_by)
    return create_queue(store, head, drawn.pool)


def drawn_by(store: Store, config: Config, f: PairFilter | None = None, *, described: Mapping[str, Any] | None = None) -> Drawn:
    """What `make_queue` would freeze, without storing anything; raises as that does."""
    if config.plan not in PLANS:
        raise ConfigError(f"There is no plan '{config.plan}'.", f"Plans are: {', '.join(PLANS)}.")
    if not 0 <= config.repeats <= MOST_REPEATS:
        raise ConfigError(f"The share of pairs that come back is {config.repeats:g}.", f"Give a number from 0 to {MOST_REPEATS:g}.")
    ids = selected_ids(store, config) if f is None else sorted(pair_ids(store, f))
    if not ids:
        raise ConfigError("No pair passes this filter.", "A queue needs pairs; take a wider filter.")
    known = _known(store, config, selected_filter(store, config) if f is None else f, ids)
    plan = planned(config.plan, known, config.labels, floor=config.floor, mix=config.mix)
    selection = _selection(config) if described is None else dict(described)
    settings: dict[str, Any] = {"labels": config.labels, "floor": config.floor, "by": list(config.by), "selection": selection}
    settings["repeats"] = config.repeats
    if config.plan in ("disagreement", "uncertainty"):
        settings |= {"mix": config.mix, "n_unknown": sum(k.score is None for k in known.values())}
    return Drawn(settings, tuple(_pool(plan, config.seed, known)))


def _selection(config: Selection) -> dict[str, Any]:
    names = ("sources", "splits", "methods", "schedules", "run_ids", "limit")
    return {name: getattr(config, name) for name in names if getattr(config, name)}


def make_adjudication(store: Store, config: Config) -> LabelQueue:
    """A queue of the selected pairs on which people disagree now and that nobody has adjudicated, each for one further person.

    All of them are drawn. Its labels are adjudications.

    Raises:
        ConfigError: there is no such pair.
        StoreError: the name is taken or unusable.
    """
    ids = [pair_id for pair_id, settled in disagreements(store, selected_filter(store, config)).items() if not settled]
    if not ids:
        raise ConfigError(
            "There is nothing to adjudicate: no two people disagree on any of these pairs.", "Ask for overlap 2 or more first."
        )
    settings = {"labels": len(ids), "selection": _selection(config)}
    head = QueueHead(config.name, ADJUDICATE, 0, settings, config.guideline, created_by=config.created_by)
    return create_queue(store, head, [PoolPair(pair_id, 1.0, True) for pair_id in ids])


def extend_queue(store: Store, name: str, *, extends: str, labels: float, created_by: str = "") -> LabelQueue:
    """A new queue over the pool of `extends`, by the same plan with more labels; all that was drawn stays drawn.

    Scores and strata are those that were frozen then, so that no probability can follow from a label given since.

    Raises:
        ConfigError: `labels` are no more than before, or more than the pool has.
        StoreError: there is no queue `extends`, or the name is taken or unusable.
    """
    before = read_queue(store, extends)
    if before.head.adjudicates:
        raise ConfigError("A queue of disagreements has drawn all of them.", "Make another one with --adjudicate.")
    settings = before.head.settings
    if labels <= settings["labels"]:
        hint = f"Give the total, not what is to be added: more than {settings['labels']:g}."
        raise ConfigError(f"{labels:g} labels are no more than queue '{extends}' has been planned for.", hint)
    known = {p.pair_id: Known(p.score, p.stratum) for p in before.pool}
    larger = planned(before.head.plan, known, labels, floor=settings["floor"], mix=settings.get("mix", MIX))
    # Water rises everywhere, but a rounding error must not take a pair back.
    plan = {p.pair_id: max(larger[p.pair_id], p.probability) for p in before.pool}
    head = replace(before.head, name=name, settings={**settings, "labels": labels}, extends=extends, created_by=created_by)
    return create_queue(store, head, _pool(plan, before.head.seed, known))


def draws_of(queue: LabelQueue) -> list[Draw]:
    """The pool as estimates take it."""
    return [Draw(p.pair_id, p.probability, p.drawn) for p in queue.pool]


def planned(kind: str, known: Mapping[str, Known], n_labels: float, *, floor: float, mix: float) -> Plan:
    """The probabilities. A pair of which nothing is known counts as one in the middle: mean disagreement, median margin.

    Raises `ConfigError`; see `sampling.weighted`.
    """
    if kind == "stratified":
        return sampling.stratified({pair_id: k.stratum for pair_id, k in known.items()}, n_labels, floor=floor)
    scores = [k.score for k in known.values() if k.score is not None]
    if kind == "disagreement":
        middle = statistics.fmean(scores) if scores else 0.0
        return sampling.by_disagreement(_filled(known, middle), n_labels, mix=mix, floor=floor)
    if kind == "uncertainty":
        middle = statistics.median(scores) if scores else 0.0
        return sampling.by_uncertainty(_filled(known, middle), n_labels, mix=mix, floor=floor)
    return sampling.uniform(known, n_labels, floor=floor)


def _filled(known: Mapping[str, Known], middle: float) -> dict[str, float]:
    return {pair_id: middle if k.score is None else k.score for pair_id, k in known.items()}


def _pool(plan: Plan, seed: int, known: Mapping[str, Known]) -> list[PoolPair]:
    return [
        PoolPair(d.pair_id, d.probability, d.drawn, known[d.pair_id].score, known[d.pair_id].stratum) for d in sampling.draw(plan, seed)
    ]


def _known(store: Store, config: Config, f: PairFilter, ids: Sequence[str]) -> dict[str, Known]:
    read: Mapping[PlanKind, Callable[[Store, PairFilter, Sequence[str]], Mapping[str, Known]]] = {
        "stratified": _strata,
        "disagreement": _disagreement,
        "uncertainty": _uncertainty,
    }
    if config.plan == "uniform" and config.by:
        raise ConfigError("A uniform plan goes by nothing.", "Leave out --by, or choose another plan.")
    found = read[config.plan](store, f, config.by) if config.plan in read else {}
    return {pair_id: found.get(pair_id, Known()) for pair_id in ids}


def _strata(store: Store, f: PairFilter, by: Sequence[str]) -> dict[str, Known]:
    if len(by) != 1 or by[0] not in STRATA:
        raise ConfigError("A stratified plan divides the pairs by one thing.", f"Give --by with one of: {', '.join(STRATA)}.")
    return {pair_id: Known(stratum=name) for pair_id, name in strata_of(store, f, by[0]).items()}


def _disagreement(store: Store, f: PairFilter, by: Sequence[str]) -> dict[str, Known]:
    _no_people(by)
    said = [v for v in votes(store, f) if not v.rater.startswith("person:")]
    there = sorted({v.rater for v in said})
    raters = set(by) if by else {r for r in there if r != "construction"}
    unknown = raters - set(there)
    if unknown or len(raters) < 2:
        what = f"'{min(unknown)}' has said nothing about these pairs." if unknown else "Disagreement needs two raters or more."
        raise ConfigError(what, f"Raters of these pairs: {', '.join(there) or 'none'}. Name two: --by construction --by judge:NAME")
    return {pair_id: Known(score) for pair_id, score in disagreement([v for v in said if v.rater in raters]).items()}


def disagreement(said: Sequence[Vote]) -> dict[str, float]:
    """Pair id → how much two of its raters differ on average: 1 for opposite sides, 0.5 for a side and a tie.

    Pairs with one vote are left out.
    """
    values: dict[str, list[int]] = {}
    for vote in said:
        values.setdefault(vote.pair_id, []).append(vote.value)
    return {
        pair_id: statistics.fmean(abs(a - b) / 2 for a, b in itertools.combinations(sorted(v), 2))
        for pair_id, v in values.items()
        if len(v) > 1
    }


def _uncertainty(store: Store, f: PairFilter, by: Sequence[str]) -> dict[str, Known]:
    _no_people(by)
    kind, _, name = by[0].partition(":") if len(by) == 1 else ("", "", "")
    if kind == "judge":
        scores = {v.pair_id: v.score for v in selected_verdicts(store, f) if v.judge == name}
    elif kind == "model":
        scores = dict(selected_margins(store, f).get(name, {}))
    else:
        raise ConfigError("Uncertainty is that of one judge or reward model.", "Give --by judge:NAME or --by model:NAME.")
    known = {pair_id: Known(abs(score)) for pair_id, score in scores.items() if score is not None}
    if not known:
        raise ConfigError(f"{by[0]} has no score on any of these pairs.", "Judge or score them first, or choose another plan.")
    return known


def _no_people(by: Sequence[str]) -> None:
    if any(rater == "people" or rater.startswith("person:") for rater in by):
        raise ConfigError("A plan must not depend on labels: estimates from them would no longer hold.", "Name judges or models.")
