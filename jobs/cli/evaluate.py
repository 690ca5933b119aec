"""`music evaluate`: how good a reward model is."""

from collections.abc import Mapping
from typing import Any

import click

from jobs.cli.common import CONTEXT, Answer, command, given, table
from jobs.cli.evaluate_benchmarks import add_benchmark_commands
from jobs.cli.evaluate_report import add_report_command
from jobs.cli.running import dry_run_option, run_options, start
from jobs.report.words import reused

_HEADS = ("a", "b", "picked", "N", "prompts", "wins", "losses", "ties", "same pick", "unresolved", "win rate", "95 % interval", "flip rate")


@click.group("evaluate", context_settings=CONTEXT)
def evaluate_group() -> None:
    """Evaluate reward models: what they pick out of many conversations, what they say on benchmarks, and all of it as a report."""


def add_evaluate_commands(group: click.Group) -> None:
    """Register the commands of this module with `group`."""
    _bon(group)
    add_benchmark_commands(group)
    add_report_command(group)


def _bon(group: click.Group) -> None:
    @command(group, "bon")
    @click.option("--a", required=True, help="A registered reward model (name or id), or random, longest, first.")
    @click.option("--b", multiple=True, help="The same; may be repeated, A is compared with each. Default: random.")
    @click.option("--n-best", help="Values of N, nested in one pool of the largest. Default: 2,4,8.")
    @click.option("--turns", type=click.IntRange(min=1), help="Turns per conversation. Default: 3.")
    @click.option("--prompts", "--n", type=click.IntRange(min=1), help="First messages to start from. Default: 50.")
    @click.option("--turn-by-turn", is_flag=True, default=None, help="Pick reply by reply as well, each pick going on by itself.")
    @click.option("--name", help="Source to store the picks under, as pairs. Default: the run's id.")
    @click.option("--assistant", help="Endpoint that plays the assistant. Default: embedded.")
    @click.option("--user", help="Endpoint that plays the user. Default: the assistant's.")
    @click.option("--judge", help="Endpoint that compares the picks; take another model than the simulators. Default: embedded.")
    @click.option(
        "--judge-kind",
        type=click.Choice(["pairwise", "checklist"]),
        help="How it is asked: both picks in both orders, or every reply alone (for small judges). Default: pairwise.",
    )
    @click.option("--judge-name", help="Name of the judge; its kind is added. Default: the endpoint's.")
    @click.option("--seed-source", "sources", multiple=True, help="Take first messages from this source (may be repeated). Default: all.")
    @click.option(
        "--seed-split", "splits", multiple=True, type=click.Choice(["train", "validation", "test"]), help="Only seeds of this split."
    )
    @click.option("--seeds-file", help='Take first messages from this .jsonl file instead: {"prompt": ...} on each line.')
    @click.option("--seed", type=int, help="Number that all random draws derive from. Default: 0.")
    @click.option("--temperature", type=click.FloatRange(min=0, min_open=True), help="Of both roles. Default: 0.8.")
    @click.option("--reply-words", type=click.IntRange(min=1), help="Words asked for in a reply. Default: 60.")
    @click.option("--user-words", type=click.IntRange(min=1), help="Words asked for in a user's message, at most. Default: 30.")
    @click.option("--fresh", is_flag=True, default=None, help="Simulate anew, also what an earlier run of this store has simulated.")
    @click.option("--bootstrap", "n_boot", type=click.IntRange(min=0), help="Replicates for the intervals. Default: 1000.")
    @dry_run_option
    @run_options
    def bon_command(detach: bool, dry_run: bool, title: str, **values: Any) -> Answer:
        """Multi-turn Best-of-N: let two selectors pick out of the same conversations, and a judge compare the picks.

        N conversations are simulated for each prompt; each selector takes the one with the highest reward; the judge reads both
        picks in both orders. A smaller N is the beginning of the same pool. Where both take the same conversation it is a tie
        without a call. The picks are stored as pairs, to be looked at and labelled. A stopped or killed run goes on without
        repeating a call. Conversations that an earlier run of this store simulated in the same way are taken over unless --fresh.

        Examples:
          music evaluate bon --a mine --b base --b random --judge gpt --seed-split test
          music evaluate bon --a mine --b longest --n-best 2,4 --prompts 20 --turn-by-turn --dry-run
        """
        return start("bon", given(**values), detach=detach, dry_run=dry_run, title=title, text=_text)


def _text(report: Mapping[str, Any]) -> str:
    rows = [
        [
            *(r["a"], r["b"], r["mode"].replace("_", " "), r["n"], r["n_prompts"], r["wins"], r["losses"], r["ties"], r["same_pick"]),
            r["unresolved"],
            r["win_rate"],
            "-" if r["interval"] is None else f"{r['interval'][0]:.2f} to {r['interval'][1]:.2f}",
            r["flip_rate"],
        ]
        for r in report["table"]
    ]
    lines = [table(_HEADS, rows), "", f"Win rate of A; a tie and a same pick are half a win each. Judge: {report['judge']}."]
    if report["judge_is_simulator"]:
        lines.append("The judge is the model that wrote the conversations and may share its biases.")
    if taken_over := reused(report):
        lines.append(taken_over)
    for model, n in report["trained_on_prompts"].items():
        lines.append(f"{model} was trained on pairs of {n} of the {report['prompts']} prompts.")
    lines.append(f"{report['pairs']} pairs of different picks, as source '{report['source']}'. Browse and label them with: music app")
    return "\n".join(lines)


add_evaluate_commands(evaluate_group)
