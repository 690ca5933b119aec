"""What to do next, from what the store holds: a short list, the most useful first. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.reports import Inventory
from jobs.folder import RunState

MOST = 4
# Below so many labels the interval of an agreement with people is wider than a tenth to either side.
ENOUGH_LABELS = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: the words of its link, why, and where it is done."""

    action: str
    why: str
    page: str
    query: Mapping[str, str]


def next_steps(found: Inventory, runs: Sequence[RunState]) -> list[Step]:
    """At most four steps. A kind of run that waits or works already is not proposed again."""
    busy = {run.kind for run in runs if not run.ended}
    steps = [*_labels(found), *_verdicts(found, busy), *_model(found, busy), *_scores(found, busy), *_generation(found, busy)]
    return steps[:MOST]


def _labels(found: Inventory) -> Iterable[Step]:
    n = found.whole.labelled
    if n == 0:
        yield Step("Label the first pairs", "No person has decided on any pair, so nothing here was held against people yet.", "label", {})
    elif n < min(ENOUGH_LABELS, found.whole.n):
        yield Step("Label more pairs", f"{n:,} labelled so far; {ENOUGH_LABELS} make agreement with people tell something.", "label", {})


def _verdicts(found: Inventory, busy: set[str]) -> Iterable[Step]:
    missing = found.whole.n - found.whole.judged
    if missing and "judge" not in busy:
        why = f"{missing:,} of {found.whole.n:,} pairs have no verdict." if found.whole.judged else "No judge has read any pair."
        source = next((s.source for s in found.sources if s.judged < s.n), "")
        yield Step("Ask a judge", why, "jobs", {"new": "judge", "sources": source if len(found.sources) > 1 else ""})


def _model(found: Inventory, busy: set[str]) -> Iterable[Step]:
    if "train" in busy or any(m.path for m in found.models):
        return
    if found.whole.train:
        why = "The registered models came without weights." if found.models else "There is no reward model."
        yield Step("Train a reward model", f"{why} {found.whole.train:,} pairs are there to train on.", "jobs", {"new": "train"})


def _scores(found: Inventory, busy: set[str]) -> Iterable[Step]:
    if "score" in busy:
        return
    for model in found.models:
        missing = found.whole.n - found.scored.get(model.id, 0)
        if model.path and missing > 0:
            why = f"{missing:,} of {found.whole.n:,} pairs have no reward from it."
            yield Step(f"Score with {model.name}", why, "jobs", {"new": "score", "model": model.name})
            return


def _generation(found: Inventory, busy: set[str]) -> Iterable[Step]:
    if "generate" in busy or "demo" in busy:
        return
    n_made = sum(f.n for f in found.facets.get("method", ()) if f.value != "hand-written")
    if not n_made:
        yield Step("Generate contrast pairs", "Every pair here was imported; none was made by this workbench.", "jobs", {"new": "generate"})
