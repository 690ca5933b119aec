"""Published scores to hold a model against, as printed, in percent, each with where it was printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MUSIC_PAPER = "MUSIC paper, arXiv 2512.24693"
SKYWORK_V2 = "Skywork-Reward-V2 README"
RM_BENCH_README = "RM-Bench README"
# Claimed by a third party; see docs/benchmarks.md.
MAYBE_MACRO = "The source's JudgeBench column is said to be a macro average: compare it with our macro too."


@dataclass(frozen=True, slots=True)
class Published:
    """One model on one benchmark. `figures` go by our names of the benchmark's figures, `overall` being the final one."""

    model: str
    benchmark: str
    figures: Mapping[str, float]
    source: str
    note: str = field(default="")

    def as_dict(self) -> dict[str, Any]:
        """The figures as shares between 0 and 1, like ours."""
        shares = {name: round(value / 100, 4) for name, value in self.figures.items()}
        return {"model": self.model, "figures": shares, "source": self.source, "note": self.note}


def _skywork_table() -> tuple[Published, ...]:
    """RewardBench, RewardBench 2, RM-Bench and JudgeBench; None where the source prints none."""
    table: Mapping[str, tuple[float, float, float | None, float]] = {
        "Skywork-Reward-Gemma-2-27B-v0.2": (94.3, 75.3, 70.0, 66.5),
        "Skywork-Reward-Llama-3.1-8B-v0.2": (93.1, 71.8, 72.1, 62.9),
        "ArmoRM-8B": (90.4, 66.5, 69.3, 59.7),
        "INF-ORM-70B": (95.1, 76.5, 73.8, 70.2),
        "GPT-4o as a judge": (86.7, 64.9, None, 59.8),
        "Skywork-Reward-V2-Qwen3-0.6B": (85.2, 61.3, 74.4, 67.6),
        "Skywork-Reward-V2-Qwen3-8B": (93.7, 78.2, 82.6, 73.4),
        "Skywork-Reward-V2-Llama-3.1-8B": (96.4, 84.1, 92.8, 80.0),
    }
    names = ("rewardbench", "rewardbench2", "rm-bench", "judgebench")
    return tuple(
        Published(model, name, {"overall": value}, SKYWORK_V2, MAYBE_MACRO if name == "judgebench" else "")
        for model, values in table.items()
        for name, value in zip(names, values, strict=True)
        if value is not None
    )


PUBLISHED: tuple[Published, ...] = (
    Published(
        "Gemma-2-9B on Skywork pairs",
        "rewardbench",
        {"overall": 86.0, "Chat": 96.9, "Chat Hard": 73.0, "Safety": 90.9, "Reasoning": 83.1},
        MUSIC_PAPER,
    ),
    Published(
        "Gemma-2-9B on Skywork and MUSIC pairs",
        "rewardbench",
        {"overall": 86.6, "Chat": 96.4, "Chat Hard": 72.4, "Safety": 90.8, "Reasoning": 87.0},
        MUSIC_PAPER,
    ),
    *_skywork_table(),
    Published(
        "DPSK-R1 as a judge",
        "rm-bench",
        {"overall": 85.28, "Chat": 84.24, "Code": 72.66, "Math": 93.59, "Safety": 90.65, "Hard": 80.24},
        RM_BENCH_README,
    ),
)


def published_for(benchmark: str) -> tuple[Published, ...]:
    """All published rows of a benchmark, in the order of the table."""
    return tuple(p for p in PUBLISHED if p.benchmark == benchmark)
