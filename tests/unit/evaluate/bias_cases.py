"""Small worlds for the tests of bias: pairs whose facts are chosen, raters that said what a test wants, and drawn ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from music_core.evaluate.bias.cases import BiasData
from music_core.evaluate.bias.rater import RaterReport
from music_core.evaluate.bias.report import bias_report
from music_core.facts import PairFacts
from music_core.types import LabelChoice, LabelEvent, Order, Reading, ReadingLabel, Verdict, VerdictValue, Vote

ORDERS: tuple[Order, Order] = ("chosen_first", "rejected_first")
VALUE_OF = {"+": 1, "0": 0, "-": -1}
VERDICT_OF: Mapping[str, VerdictValue] = {"+": "chosen", "-": "rejected", "0": "tie", "f": "flip", "s": "split", "?": "unresolved"}
LABEL_OF: Mapping[str, ReadingLabel] = {"1": "first", "2": "second", "0": "tie", "?": "unparsed"}
CHOICE_OF: Mapping[str, LabelChoice] = {"l": "left", "r": "right", "0": "tie", "x": "both_bad", "s": "skip"}


def facts(n: int, *, seeds: Sequence[int] | None = None, gaps: Sequence[int] | None = None, **more: Any) -> list[PairFacts]:
    """`n` pairs p00, p01, … with two turns; `gaps` are chosen − rejected characters, `seeds` their seeds (a seed each)."""
    found = []
    for i in range(n):
        gap = gaps[i] if gaps else 0
        chars = (500 + gap, 500)
        found.append(PairFacts(f"p{i:02}", f"s{seeds[i] if seeds else i}", "test", 2, 2, *chars, sources=("a",), **more))
    return found


def votes(rater: str, signs: str, *, trained_on: bool = False) -> list[Vote]:
    """One vote per sign (+, 0, −; blank: none) on pairs p00, p01, …"""
    return [Vote(f"p{i:02}", "", rater, VALUE_OF[s], trained_on) for i, s in enumerate(signs) if s != " "]


def readings(judge: str, labels: str, *, model: str = "m") -> list[Reading]:
    """Two readings per pair, chosen first and rejected first: `12 1? ` … are the labels of p00, p01, …, in groups by a blank."""
    return [
        Reading(f"p{i:02}", judge, "pairwise", LABEL_OF[label], "", "h", "e", model, order=order)
        for i, both in enumerate(labels.split())
        for label, order in zip(both, ORDERS, strict=True)
    ]


def verdicts(judge: str, values: str) -> list[Verdict]:
    """One pairwise verdict per letter: + − 0 f(lip) s(plit) ? (unresolved)."""
    return [Verdict(f"p{i:02}", judge, "pairwise", VERDICT_OF[v], None, 2, 0) for i, v in enumerate(values)]


def labels(person: str, choices: str, left: str) -> list[LabelEvent]:
    """One label per letter of `choices` (l r 0 x s); `left` says which branch was left, c or r."""
    return [
        LabelEvent(f"{person}{i}", f"p{i:02}", person, CHOICE_OF[c], "chosen" if on == "c" else "rejected", True)
        for i, (c, on) in enumerate(zip(choices, left, strict=True))
    ]


def reports(data: BiasData, n_boot: int = 100) -> dict[str, RaterReport]:
    return {r.rater: r for r in bias_report(data, n_boot=n_boot).raters}


def of_judge(judge: str, values: str, model: str = "m") -> dict[str, list[Any]]:
    """A judge's readings, verdicts and votes that fit together, from one letter per pair as in `verdicts`."""
    both = {"+": "12", "-": "21", "0": "00", "f": "11", "s": "10", "?": "??"}
    said = "".join({"+": "+", "-": "-", "?": " "}.get(v, "0") for v in values)
    return {
        "readings": readings(judge, " ".join(both[v] for v in values), model=model),
        "verdicts": verdicts(judge, values),
        "votes": votes(f"judge:{judge}", said),
    }


def data_of(pairs: Sequence[PairFacts], *parts: Mapping[str, list[Any]], **more: Any) -> BiasData:
    """The parts of several raters together."""

    def of(key: str) -> list[Any]:
        return [item for part in parts for item in part.get(key, [])]

    return BiasData(pairs, of("votes"), of("verdicts"), of("readings"), of("labels"), **more)


@st.composite
def worlds(draw: st.DrawFn) -> BiasData:
    """Any judges, a model and people on up to 12 pairs of up to 4 seeds, some of them neutral and with authors."""
    n = draw(st.integers(0, 12))
    pairs = []
    for fact in facts(n, seeds=draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))):
        neutral = draw(st.booleans())
        authors = draw(st.sampled_from([None, ("m", "k"), ("k", "org/M"), ("x", "y")])) if neutral else None
        simulators = draw(st.sampled_from([(), ("m",), ("k", "x")]))
        chars = draw(st.integers(0, 600)), draw(st.integers(0, 600))
        pairs.append(
            replace(fact, chars_chosen=chars[0], chars_rejected=chars[1], built=not neutral, authors=authors, simulators=simulators)
        )
    said = st.text("+-0fs?", min_size=n, max_size=n)
    judges = [of_judge(judge, draw(said), model) for judge, model in (("a", "m"), ("b", "K"), ("c", "z"))]
    signs = draw(st.text("+-0 ", min_size=n, max_size=n))
    choices, left = draw(st.text("lr0xs", min_size=n, max_size=n)), draw(st.text("cr", min_size=n, max_size=n))
    person = labels("ann", choices, left)
    decided = {"chosen": 1, "rejected": -1, "tie": 0}
    others: dict[str, list[Any]] = {
        "labels": person,
        "votes": votes("model:m", signs)
        + [Vote(e.pair_id, "", "person:ann", decided[e.value]) for e in person if e.value is not None]
        + votes("person:bob", draw(st.text("+-0 ", min_size=n, max_size=n))),
    }
    count = st.tuples(*[st.integers(0, 9)] * 4)
    styles = {fact.pair_id: (draw(count), draw(count)) for fact in pairs}
    return data_of(pairs, *judges, others, styles=styles)


def mirrored(data: BiasData) -> BiasData:
    """The same with the sides of every pair exchanged."""
    other = {"chosen": "rejected", "rejected": "chosen", "chosen_first": "rejected_first", "rejected_first": "chosen_first"}

    def pair(fact: PairFacts) -> PairFacts:
        authors = None if fact.authors is None else (fact.authors[1], fact.authors[0])
        return replace(fact, chars_chosen=fact.chars_rejected, chars_rejected=fact.chars_chosen, authors=authors)

    return BiasData(
        [pair(fact) for fact in data.facts],
        [replace(v, value=-v.value) for v in data.votes],
        [replace(v, value=other.get(v.value, v.value)) for v in data.verdicts],  # type: ignore[arg-type]
        [replace(r, order=other[r.order or ""]) for r in data.readings],  # type: ignore[arg-type]
        [replace(e, left_branch=other[e.left_branch]) for e in data.labels],  # type: ignore[arg-type]
        {pair_id: (rejected, chosen) for pair_id, (chosen, rejected) in data.styles.items()},
    )
