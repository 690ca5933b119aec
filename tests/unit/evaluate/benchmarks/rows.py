"""Rows in the authors' formats, written here, and scorers that know what they should say."""

from collections.abc import Mapping, Sequence
from typing import Any

from music_core.evaluate.benchmarks.catalogue import read_benchmark, run_benchmark
from music_core.evaluate.benchmarks.figures import Draws
from music_core.evaluate.benchmarks.scoring import Scorer, Unscored
from music_core.types import Conversation

FEW = Draws(n_boot=50)
NO_INTERVALS = Draws(n_boot=0)


def reward_in_text(conversations: Sequence[Conversation]) -> list[float | Unscored]:
    """The reward that the last reply begins with ("2.5 because …"); a reply that begins with a word is too long."""
    return [_reward(c.messages[-1].content.split()[0]) for c in conversations]


def _reward(word: str) -> float | Unscored:
    try:
        return float(word)
    except ValueError:
        return Unscored("too_long")


def rewardbench_row(subset: str, chosen: object, rejected: object, n: int = 0) -> dict[str, Any]:
    return {"prompt": f"Question {n} of {subset}?", "chosen": f"{chosen} good", "rejected": f"{rejected} bad", "subset": subset, "id": n}


def rewardbench2_row(subset: str, good: Sequence[object], bad: Sequence[object], row_id: str) -> dict[str, Any]:
    sides = {"chosen": [f"{v} right {i}" for i, v in enumerate(good)], "rejected": [f"{v} wrong {i}" for i, v in enumerate(bad)]}
    return {"id": row_id, "prompt": f"Question {row_id} of {subset}?", "subset": subset, "num_correct": len(good), **sides}


def rm_bench_row(domain: str, good: Sequence[object], bad: Sequence[object], n: int = 0) -> dict[str, Any]:
    sides = {"chosen": [f"{v} right {i}" for i, v in enumerate(good)], "rejected": [f"{v} wrong {i}" for i, v in enumerate(bad)]}
    return {"id": f"{domain}/{n}", "prompt": f"Question {n} of {domain}?", "domain": domain, **sides}


def judgebench_row(source: str, a: object, b: object, label: str, n: int = 0, model: str = "gpt-4o-2024-05-13") -> dict[str, Any]:
    return {
        "pair_id": f"{source}-{n}",
        "original_id": str(n),
        "source": source,
        "question": f"Question {n} of {source}?",
        "response_model": model,
        "response_A": f"{a} A",
        "response_B": f"{b} B",
        "label": label,
    }


def report_of(
    name: str, rows: Sequence[Mapping[str, Any]], scorer: Scorer = reward_in_text, draws: Draws = FEW, **more: Any
) -> dict[str, Any]:
    """The report of a benchmark over rows."""
    found = read_benchmark(name, rows, "rows")
    return {**run_benchmark(name, found.items, scorer, draws=draws, **more), "rows": found.rows, "dropped": dict(found.dropped)}


def values(report: Mapping[str, Any], level: str = "sections") -> dict[str, float | None]:
    """Name → value of the figures of a level."""
    return {f["name"]: f["value"] for f in report[level]}
