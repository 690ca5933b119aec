"""JudgeBench (S. Tan et al., JudgeBench: A Benchmark for Evaluating LLM-Based Judges, arXiv 2410.12784).

Rows: pair_id, source, question, response_A, response_B, label (A>B or B>A), response_model. A reward model is asked once,
since it has no position to be biased by. The authors' reward-model judges say B>A unless A's reward is higher, so an equal
reward is right where the label is B>A; kept here, and equal rewards are counted. Categories go by how `source` begins. The official
figure is the accuracy over all pairs (micro); the mean of the four categories stands apart as macro.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from music_core.evaluate.benchmarks.figures import Draws, Result, Share, share, weighted_mean
from music_core.evaluate.benchmarks.items import NOT_THIS_BENCHMARK, UNKNOWN_GROUP, Item, UnusableRowError, needs, with_answers
from music_core.evaluate.benchmarks.scoring import ScoredItem

CATEGORIES: Mapping[str, str] = {
    "Knowledge": "mmlu-pro",
    "Reasoning": "livebench-reasoning",
    "Math": "livebench-math",
    "Coding": "livecodebench",
}
LABELS = ("A>B", "B>A")


def read(row: Mapping[str, Any]) -> Item:
    """An item with the right answer first; `facts` keep the label and whose answers they are."""
    needs(row, "source", "question", "response_A", "response_B", "label")
    if row["label"] not in LABELS:
        raise UnusableRowError(NOT_THIS_BENCHMARK)
    group = next((name for name, start in CATEGORIES.items() if str(row["source"]).startswith(start)), None)
    if group is None:
        raise UnusableRowError(UNKNOWN_GROUP)
    answers = [row["response_A"], row["response_B"]]
    answers = answers if row["label"] == LABELS[0] else answers[::-1]
    facts = {"label": row["label"], "response_model": str(row.get("response_model", ""))}
    return Item(str(row.get("pair_id", "")), group, with_answers(row["question"], answers), 1, facts)


def evaluate(scored: Sequence[ScoredItem], draws: Draws) -> Result:
    """Micro average, four categories, macro average."""
    categories = [_share(name, [s for s in scored if s.item.group == name], draws) for name in CATEGORIES]
    macro = weighted_mean("macro", categories)
    models = sorted({s.item.facts.get("response_model", "") for s in scored} - {""})
    notes = (
        (f"Answers of several models are mixed: {', '.join(models)}. The official figures take one at a time.",) if len(models) > 1 else ()
    )
    micro = _share("JudgeBench", scored, draws)
    return Result(micro.figure(), tuple(c.figure() for c in (*categories, macro)), notes=notes)


def is_right(scored: ScoredItem) -> bool:
    """Whether the decision is the label, an equal reward being the decision B>A."""
    return scored.good[0] > scored.bad[0] or (scored.tied and scored.item.facts["label"] == LABELS[1])


def _share(name: str, own: Sequence[ScoredItem], draws: Draws) -> Share:
    return share(name, [float(is_right(s)) for s in own], [s.item.seed_id for s in own], draws, n_ties=sum(s.tied for s in own))
