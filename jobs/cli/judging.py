"""`music judge`: a run over pairs, what it would cost, or a trial on one pair."""

from typing import Any

import click

from jobs.cli.common import Answer, command, given
from jobs.cli.running import dry_run_option, run_options, start
from jobs.cli.selecting import selection_options
from music_core.errors import ConfigError


def add_judge_command(group: click.Group) -> None:
    """Register `music judge`."""

    @command(group, "judge")
    @click.option("--endpoint", multiple=True, help="Endpoint of the judge; repeat it for several judges, side by side. Default: embedded.")
    @click.option(
        "--kind",
        "kinds",
        multiple=True,
        type=click.Choice(["pairwise", "checklist", "score"]),
        help="Way of judging (may be repeated). Default: those of the rubrics, else pairwise and checklist.",
    )
    @click.option(
        "--rubric",
        "rubrics",
        multiple=True,
        help="What is asked: overall or per_turn (pairwise), checklist, score, or your own .md or .txt file (may be repeated).",
    )
    @click.option(
        "--scale", type=click.Choice(["three", "five"]), help="Pairwise verdicts: A, tie, B; or also slightly and much. Default: three."
    )
    @click.option(
        "--repeats", type=click.IntRange(min=1), help="Ask every question so often; repeats are drawn at temperature 0.7. Default: 1."
    )
    @click.option("--temperature", type=click.FloatRange(min=0, max=2), help="Of every reading. Default: 0 for the first, 0.7 for repeats.")
    @click.option("--name", help="Name of the judge. Default: the endpoint's; the kind or rubric, and 'five', are added.")
    @click.option("--allow-simulator", is_flag=True, default=None, help="Judge also pairs that the judge's own model simulated.")
    @click.option("--try", "pair_id", metavar="PAIR", help="Only try it on one pair: an id, or a number (from 1) among those selected.")
    @click.option("--keep", is_flag=True, help="With --try: store what was read.")
    @selection_options
    @dry_run_option
    @run_options
    def judge_command(detach: bool, dry_run: bool, title: str, pair_id: str | None, keep: bool, **values: Any) -> Answer:
        """Have chat models judge stored pairs.

        `pairwise` reads a whole pair in both orders, so that a judge who names a position shows; `checklist` asks of every reply
        alone whether it did what the user asked; `score` gives each conversation alone 1 to 10 points. `per_turn` has a pairwise
        judge settle every turn before its verdict. What was read before is not asked again, also by another run.

        Your own rubric is a text file with the placeholders $boundary $first $second $form (pairwise), $boundary $history
        $exchange (checklist) or $boundary $conversation $form (score). Try it on one pair first: --try prints whole prompts, raw
        replies and what was read from them, and stores nothing.

        A model that simulated a pair shares the biases behind it, so such pairs are left out, and counted, unless
        --allow-simulator.

        Examples:
          music judge --endpoint gpt --source demo
          music judge --endpoint gpt --rubric per_turn --scale five --repeats 3
          music judge --endpoint gpt --endpoint local --kind score
          music judge --endpoint gpt --rubric mine.md --try 1
          music judge --endpoint local --kind checklist --limit 200 --dry-run
        """
        if pair_id is None:
            if keep:
                raise ConfigError("--keep goes with --try; a run stores what it reads anyway.")
            return start("judge", given(**values), detach=detach, dry_run=dry_run, title=title)
        if detach or dry_run:
            raise ConfigError("--try asks now and stores nothing, so it goes with neither --detach nor --dry-run.")
        return _tried(given(**values), pair_id, keep=keep)


def _tried(values: dict[str, Any], pair_id: str, *, keep: bool) -> Answer:
    from jobs.kinds import config_of
    from jobs.stages.judge import try_one
    from jobs.worker import open_configured
    from music_core.config import load_settings

    settings = load_settings()
    config = config_of("judge", values)
    store = open_configured(settings)
    try:
        trial = try_one(config, store, settings, pair_id, keep=keep)
    finally:
        store.close()
    ending = "Stored." if keep else "Nothing was stored."
    return Answer(trial.as_dict(), f"{trial.text()}\n\n{ending}")
