"""The commands that do the work: import, demo, generate, judge, train, score, agreement."""

from collections.abc import Mapping
from typing import Any

import click

from jobs.cli.common import Answer, command, facts, given, table
from jobs.cli.judging import add_judge_command
from jobs.cli.running import dry_run_option, run_options, start
from jobs.cli.selecting import selection_options


def add_work_commands(group: click.Group) -> None:
    """Register the commands of this module."""
    for register in (_import, _demo, _generate, add_judge_command, _train, _score, _agreement, _bias):
        register(group)


def _import(group: click.Group) -> None:
    @command(group, "import")
    @click.argument("path")
    @click.option("--format", "fmt", help="Name of the format, where it is not recognised by itself: hh, trl, ultrainteract, ...")
    @click.option("--source", "name", help="Name to store the pairs under. Default: the file's name.")
    @click.option("--limit", type=click.IntRange(min=1), help="Read at most so many rows.")
    def import_command(path: str, fmt: str | None, name: str | None, limit: int | None) -> Answer:
        """Read preference data, votes and verdicts from a file, a folder or the hub into the store.

        PATH is a .jsonl, .json or .parquet file, each also gzipped, a folder in MT-bench's layout, or hf:NAME for a data set of the
        Hugging Face hub. People who voted become annotators, judges become judges: `music agreement` holds them against each other at
        once. Conversations and prompts without a preference are kept as first messages to start runs from. Rows that cannot be used
        are counted with their reason. Importing again changes nothing. A file that cannot be read stores nothing. docs/sources.md
        shows every format.

        Examples:
          music import preferences.jsonl
          music import hf:Anthropic/hh-rlhf --limit 1000 --source hh
          music import hf:openbmb/UltraInteract_pair --source ultrainteract
          music import mt_bench/ --format mt-bench
          music import labels.jsonl --format labels
        """
        answer = start("import", given(path=path, fmt=fmt, name=name, limit=limit), text=_imported)
        keys = ("rows", "rows_used", "pairs", "chats", "dropped", "left_out", "new", "labels", "readings", "verdicts")
        return Answer({k: answer.data[k] for k in keys}, answer.text, answer.exit_code) if "rows" in answer.data else answer


def _imported(report: Mapping[str, Any]) -> str:
    dropped = "".join(f"\n  {n} dropped: {reason}" for reason, n in report["dropped"].items())
    dropped += "".join(f"\n  left out of used rows, {n} times: {reason}" for reason, n in report.get("left_out", {}).items())
    said = [f"{report[what]} {what}" for what in ("labels", "readings", "verdicts") if report[what]]
    votes = f"\n  new on these pairs: {', '.join(said)}" if said else ""
    chats = report.get("chats", 0)
    kept = [f"{report['pairs']} pairs"] if report["pairs"] or not chats else []
    kept += [f"{chats} conversations to start runs from"] if chats else []
    then = "Browse them with: music app" if report["pairs"] or not chats else f"Start from them with: --seed-source {report['source']}"
    return (
        f"{report['rows']} rows read as {report['format']}, {report['rows_used']} used: {' and '.join(kept)}, "
        f"{report['new']} of them new, as source '{report['source']}'.{dropped}{votes}\n{then}"
    )


def _demo(group: click.Group) -> None:
    @command(group, "demo")
    @click.option("--pairs", type=click.IntRange(min=4, max=200), help="Pairs to generate. Default: 12.")
    @run_options
    def demo_command(pairs: int | None, detach: bool, title: str) -> Answer:
        """Run the whole line on the embedded model: seeds, pairs, judge, reward model, traces, agreement.

        Needs 2 processor cores, no network after the weights (98 MB) were fetched, and less than ten minutes. A 135M model
        writes and judges poorly; the demo shows the machinery. Called again it goes on where it stopped, or shows its result.

        Examples:
          music demo
          MUSIC_HOME=/tmp/try music demo --json
        """
        from jobs.cli.demo import run_demo

        return run_demo(given(pairs=pairs), detach=detach, title=title)


def _generate(group: click.Group) -> None:
    @command(group, "generate")
    @click.option("--n", type=click.IntRange(min=1), help="Pairs to make. Default: 100.")
    @click.option("--name", help="Source to store the pairs under. Default: the run's id.")
    @click.option("--turns", type=click.IntRange(min=1), help="Turns per conversation. Default: 5.")
    @click.option("--method", type=click.Choice(["one_call", "two_call", "swap"]), help="How a contrast is made. Default: one_call.")
    @click.option("--schedule", help="Contrasted turns: all, from:K, only:K, random:P or last. Default: all.")
    @click.option("--assistant", help="Endpoint that plays the assistant. Default: embedded.")
    @click.option("--user", help="Endpoint that plays the user. Default: the assistant's.")
    @click.option("--seed-source", "sources", multiple=True, help="Take first messages from this source (may be repeated). Default: all.")
    @click.option(
        "--seed-split", "splits", multiple=True, type=click.Choice(["train", "validation", "test"]), help="Only seeds of this split."
    )
    @click.option("--seeds-file", help='Take first messages from this .jsonl file instead: {"prompt": ...} on each line.')
    @click.option("--seed", type=int, help="Number that all random draws derive from. Default: 0.")
    @dry_run_option
    @run_options
    def generate_command(detach: bool, dry_run: bool, title: str, **values: Any) -> Answer:
        """Simulate conversations and make contrast pairs of them.

        A language model plays the user, another the assistant; the rejected branch answers a modified instruction in the turns
        that the schedule names. Every finished call is kept in the run's journal, so a stopped or killed run goes on without
        repeating any.

        Examples:
          music generate --n 50 --turns 3 --method swap
          music generate --assistant gpt --user local --schedule random:0.5 --dry-run
        """
        return start("generate", given(**values), detach=detach, dry_run=dry_run, title=title)


def _train(group: click.Group) -> None:
    @command(group, "train")
    @click.option("--name", required=True, help="Name of the new model.")
    @click.option("--recipe", help="A shipped recipe or a path ending in .toml. Default: tiny-cpu.")
    @click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps, instead of the recipe's.")
    @click.option("--source", "sources", multiple=True, help="Only pairs of this source (may be repeated). Default: all sources.")
    @click.option("--limit", type=click.IntRange(min=1), help="At most so many pairs; always the same ones.")
    @dry_run_option
    @run_options
    def train_command(detach: bool, dry_run: bool, title: str, **values: Any) -> Answer:
        """Train a reward model on the train split of stored pairs.

        The state of the store is pinned and the pairs are written down, so the data of a model can be read back for ever. The
        validation split gives its accuracy. The model is a folder that plain `transformers` loads. Needs the extra `train`.

        Examples:
          music train --name first --source demo
          music train --name big --recipe gemma2-9b-music --dry-run
        """
        return start("train", given(**values), detach=detach, dry_run=dry_run, title=title)


def _score(group: click.Group) -> None:
    @command(group, "score")
    @click.option("--model", required=True, help="Name or id of a registered reward model (`music models list`).")
    @selection_options
    @dry_run_option
    @run_options
    def score_command(detach: bool, dry_run: bool, title: str, **values: Any) -> Answer:
        """Compute reward traces: the reward of a conversation if it ended after each assistant turn.

        Pairs that the model has traced already are left out.

        Example:
          music score --model first --source demo
        """
        return start("score", given(**values), detach=detach, dry_run=dry_run, title=title)


def _agreement(group: click.Group) -> None:
    @command(group, "agreement")
    @selection_options
    @click.option("--bootstrap", "n_boot", default=1000, show_default=True, help="Replicates for the intervals.")
    @click.option("--plain", is_flag=True, help="Count an adjudication as one vote; by default it is what people say on its pair.")
    def agreement_command(n_boot: int, plain: bool, **values: Any) -> Answer:
        """Hold construction, judges, reward models and people against each other.

        `agree` counts ties, `agree_non_tie` leaves them out; `kappa` and `alpha` are corrected for chance. Intervals resample seeds.
        A model's own training pairs are left out. `consistency` says how often each person decided a pair the same way when it came
        back; these repeats count nowhere else.

        Example:
          music agreement --source demo
        """
        from jobs.stages.agreement import report_of

        report = report_of(given(n_boot=n_boot, plain=plain, **values))
        cells = report["cells"]
        heads = ("a", "b", "n", "agree", "n_non_tie", "agree_non_tie", "kappa", "alpha", "interval")
        rows = [[_interval(c[h]) if h == "interval" else c[h] for h in heads] for c in cells]
        text = table(heads, rows) if rows else "No two raters have a pair in common yet. Judge, score or label some pairs first."
        if report["consistency"]:
            own = [[c["person"], c["n"], c["same"], _interval(c["interval"])] for c in report["consistency"]]
            text += f"\n\nOwn consistency\n{table(('person', 'repeated', 'same', 'interval'), own)}"
        return Answer(report, text)


def _bias(group: click.Group) -> None:
    @command(group, "bias")
    @selection_options
    @click.option("--bootstrap", "n_boot", default=1000, show_default=True, help="Replicates for the intervals.")
    def bias_command(n_boot: int, **values: Any) -> Answer:
        """What pulls each judge, reward model and person: position, length, style, the own model; and what cannot be parsed.

        A finding is named only where its interval leaves out that there is nothing. docs/bias.md explains every figure; --json
        has them all.

        Example:
          music bias --source demo
        """
        from jobs.stages.bias import report_for

        report = report_for(given(n_boot=n_boot, **values))
        rows = [[f["rater"], f["text"]] for f in report["findings"]]
        text = table(("rater", "finding"), rows) if rows else "Nobody has judged, scored or labelled these pairs yet."
        return Answer(report, text)


def _interval(value: Any) -> str:
    return "-" if value is None else f"{value[0]:.2f} to {value[1]:.2f}"


__all__ = ["add_work_commands", "facts"]
