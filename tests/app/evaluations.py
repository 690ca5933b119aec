"""Finished evaluations as their stages report them: benchmarks scored for real on a few rows, Best-of-N rows by hand."""

from typing import Any

from tests.app.test_win_table import ROW
from tests.unit.evaluate.benchmarks.rows import judgebench_row, report_of

SUBSETS = ("mmlu-pro-law", "livebench-reasoning", "livebench-math", "livecodebench")


def bon_report(a: str = "mine") -> dict[str, Any]:
    """A against two baselines under two values of N."""
    rows = [ROW | {"a": a, "b": b, "n": n, "win_rate": rate} for b, rate in (("random", 0.75), ("longest", 0.5)) for n in (2, 8)]
    return {
        "source": "r",
        "a": a,
        "b": ["random", "longest"],
        "pairs": 1,
        "judge": "gpt-pairwise",
        "judge_is_simulator": True,
        "table": rows,
    }


def benchmark_report(model: str, *, first_right: int = 3) -> dict[str, Any]:
    """JudgeBench with four questions a category, of which the model gets the first `first_right` right."""
    rows = [judgebench_row(s, 2 if n < first_right else 1, 1 if n < first_right else 2, "A>B", n) for s in SUBSETS for n in range(4)]
    found = report_of("judgebench", rows)
    return {"model": model, **found, "training_data_known": False, "conversations": 32, "scored_before": 0, "working_s": 1.0}
