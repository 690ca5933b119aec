"""`music evaluate rewardbench | rewardbench2 | rm-bench | judgebench | multiturn`: a reward model against a benchmark."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from jobs.cli.common import Answer, command, given, table
from jobs.cli.running import dry_run_option, run_options, start

F = TypeVar("F", bound=Callable[..., Any])


def add_benchmark_commands(group: click.Group) -> None:
    """Register the five benchmarks in `group`."""
    for register in (_rewardbench, _rewardbench2, _rm_bench, _judgebench, _multiturn):
        register(group)


def _model_options(function: F) -> F:
    """What every benchmark has: the model, how it is scored, and how the run is started."""
    for option in (
        run_options,
        dry_run_option,
        click.option("--seed", type=int, help="Number that the bootstrap derives from. Default: 0."),
        click.option("--bootstrap", "n_boot", type=click.IntRange(min=0), help="Replicates for the intervals. Default: 1000."),
        click.option("--device", help="Where to score, as torch names it. Default: a GPU if there is one."),
        click.option("--dtype", type=click.Choice(["float32", "bfloat16"]), help="Precision of the backbone. Default: float32."),
        click.option("--batch-tokens", type=click.IntRange(min=1), help="Tokens of one forward pass, padding included. Default: 4096."),
        click.option("--limit", type=click.IntRange(min=1), help="At most so many rows, the first ones. For a try, not for a figure."),
        click.option("--model", required=True, help="Name or id of a registered reward model (`music models list`)."),
    ):
        function = option(function)
    return function


def _start(name: str, *, detach: bool, dry_run: bool, title: str, **values: Any) -> Answer:
    return start("benchmark", given(benchmark=name, **values), detach=detach, dry_run=dry_run, title=title, text=report_text)


def _rewardbench(group: click.Group) -> None:
    @command(group, "rewardbench")
    @click.argument("paths", nargs=-1)
    @_model_options
    def rewardbench_command(**values: Any) -> Answer:
        """RewardBench: Chat, Chat Hard, Safety, Reasoning, and their mean.

        PATHS are files (.jsonl, .json, .parquet, also .gz) or hf:NAME; without any, the data set is read from the hub. A stopped
        or killed run goes on where it was (`music jobs resume`). Prompts found among the model's training pairs are counted,
        and the figures without them stand beside.

        Examples:
          music evaluate rewardbench --model first
          music evaluate rewardbench --model first --dry-run
          music evaluate rewardbench filtered.parquet --model first --json
        """
        return _start("rewardbench", **values)


def _rewardbench2(group: click.Group) -> None:
    @command(group, "rewardbench2")
    @click.argument("paths", nargs=-1)
    @_model_options
    def rewardbench2_command(**values: Any) -> Answer:
        """RewardBench 2: best of four in five domains, Ties with a score of its own, and their mean.

        PATHS as in `music evaluate rewardbench`.

        Example:
          music evaluate rewardbench2 --model first
        """
        return _start("rewardbench2", **values)


def _rm_bench(group: click.Group) -> None:
    @command(group, "rm-bench")
    @click.argument("paths", nargs=-1)
    @_model_options
    def rm_bench_command(**values: Any) -> Answer:
        """RM-Bench: right against wrong answers in three styles each, in four domains; easy, normal, hard.

        PATHS as in `music evaluate rewardbench`.

        Example:
          music evaluate rm-bench total_dataset.json --model first
        """
        return _start("rm-bench", **values)


def _judgebench(group: click.Group) -> None:
    @command(group, "judgebench")
    @click.argument("paths", nargs=-1)
    @_model_options
    def judgebench_command(**values: Any) -> Answer:
        """JudgeBench: knowledge, reasoning, math, coding; the official micro average, and the macro average apart.

        PATHS as in `music evaluate rewardbench`. Without any, the pairs answered by GPT-4o, which the official figures are about.

        Example:
          music evaluate judgebench --model first
        """
        return _start("judgebench", **values)


def _multiturn(group: click.Group) -> None:
    @command(group, "multiturn")
    @click.argument("paths", nargs=-1)
    @click.option("--source", "sources", multiple=True, help="Stored pairs of this source (may be repeated). Default: all, without PATHS.")
    @click.option(
        "--split", "splits", multiple=True, type=click.Choice(["train", "validation", "test"]), help="Only stored seeds of this split."
    )
    @click.option("--min-turns", type=click.IntRange(min=1), help="Pairs of at least so many turns. Default: 2.")
    @_model_options
    def multiturn_command(**values: Any) -> Answer:
        """Our multi-turn suite: whole conversations, by number of turns, by where they part, and by length.

        Takes stored pairs and those of PATHS (RMB's pairwise files, or any format of `music import`). Where the sides are
        two systems' answers, people's votes decide; elsewhere `chosen` is the better side. The model's own training pairs are left
        out and counted.

        Examples:
          music evaluate multiturn --model first --source mt-bench --source hh-test
          music evaluate multiturn multi.json --model first
        """
        return _start("multiturn", **values)


def report_text(report: Mapping[str, Any]) -> str:
    """A report for people: the figures beside published ones, the finer ones below, and what was left out."""
    blocks = [
        f"{report['title']}, {report['model']}: {report['n']} prompts of {report['rows']} rows",
        _main_table(report),
        table(("figure", "%", "interval", "n", "ties"), [_line(f) for f in (report["overall"], *report["sections"], *report["parts"])]),
        *_matrices(report["tables"]),
        "\n".join(_left_out(report)),
    ]
    return "\n\n".join(b for b in blocks if b)


def _main_table(report: Mapping[str, Any]) -> str:
    names = [f["name"] for f in report["sections"]]
    rows = [(report["model"], "", *_percents([report["overall"], *report["sections"]]))]
    clean = (report["contamination"] or {}).get("clean")
    if clean:
        rows.append((f"{report['model']}, without contaminated prompts", "", *_percents([clean["overall"], *clean["sections"]])))
    rows += [(p["model"], p["source"], *(_percent(p["figures"].get(n)) for n in ("overall", *names))) for p in report["published"]]
    return table(("model", "source", "overall", *names), rows) if report["published"] or clean else ""


def _percents(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_percent(f["value"]) for f in figures]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _line(figure: Mapping[str, Any]) -> tuple[str, str, str, int, int]:
    low_high = figure["interval"]
    interval = figure["note"] if low_high is None else f"{100 * low_high[0]:.1f} to {100 * low_high[1]:.1f}"
    return figure["name"], _percent(figure["value"]), interval, figure["n"], figure["n_ties"]


def _matrices(tables: Mapping[str, Any]) -> list[str]:
    """RM-Bench's matrices: the right answer's style along the rows."""
    return [
        f"{name}: right answer in rows, wrong answer in columns\n"
        + table(("", *tables["styles"]), [(s, *map(_percent, row)) for s, row in zip(tables["styles"], matrix, strict=True)])
        for name, matrix in tables.get("matrix", {}).items()
        if matrix
    ]


def _left_out(report: Mapping[str, Any]) -> list[str]:
    """What the figures do not show."""
    lines = [f"{n} rows dropped: {reason}" for reason, n in report["dropped"].items()]
    lines += [f"{n} prompts of {group} not scored: {why}" for group, by in report["unscored"].items() for why, n in by.items()]
    found = report["contamination"]
    if found is None:
        lines.append("Nothing is known of the model's training data, so contamination was not looked for.")
    else:
        lines.append(
            f"Looked for the prompts among {found['training_pairs']} training pairs: "
            f"{found['exact']} with the same first message, {found['near']} near."
        )
    if report["complete"] is False:
        lines.append(f"Published figures are about {report['n_official']} prompts, not these {report['n']}: they are not comparable.")
    return [*lines, *report["notes"], *sorted({p["note"] for p in report["published"]} - {""})]
