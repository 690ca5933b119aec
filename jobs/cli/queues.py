"""`music queue` and `music estimate`: which pairs people are to label, and what their labels say about all pairs."""

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jobs.cli.common import CONTEXT, Answer, command, facts, given, table
from jobs.cli.selecting import selection_options
from jobs.cli.stored import configured_store
from music_core.errors import ConfigError

if TYPE_CHECKING:
    from music_core.store.connect import Store
    from music_core.store.queues import LabelQueue, QueueHead

PLANS = ("uniform", "stratified", "disagreement", "uncertainty")
_OPTIONS = {"sources": "source", "splits": "split", "methods": "method", "schedules": "schedule", "run_ids": "run"}
QUESTIONS = {"win_rate": "people prefer the built side", "accuracy": "people say what it says", "system": "people prefer {} to {}"}


@click.group("queue", context_settings=CONTEXT)
def queue_group() -> None:
    """Labelling queues: pairs drawn by a plan, so that a few labels speak for many pairs."""


@command(queue_group, "make")
@click.argument("name")
@click.option("--labels", type=click.FloatRange(min=0, min_open=True), help="Pairs to label, on average.")
@click.option("--plan", type=click.Choice(PLANS), help="How pairs are drawn; see above. Default: uniform.")
@click.option(
    "--by", multiple=True, help="What the plan goes by: source, schedule or turns; a rater, such as judge:NAME (may be repeated)."
)
@click.option("--seed", type=int, help="Number that the draw derives from. Default: 0.")
@click.option("--floor", type=click.FloatRange(0, 1, min_open=True), help="No pair gets a smaller probability. Default: 0.05.")
@click.option("--mix", type=click.FloatRange(0, 1), help="Share of uniform sampling in disagreement and uncertainty. Default: 0.5.")
@click.option("--overlap", type=click.IntRange(min=1), help="People who are to label each pair. Default: 1.")
@click.option("--repeats", type=click.FloatRange(0, 0.5), help="Share of a person's pairs that come back once. Default: 0.05.")
@click.option(
    "--guideline",
    "guideline_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A text file that people are to follow.",
)
@click.option("--adjudicate", is_flag=True, help="All selected pairs on which people disagree, each for a further person.")
@click.option("--extends", metavar="QUEUE", help="Draw more pairs of this queue's pool; --labels is the new total.")
@click.option("--author", default="", help="Who made it, for the lists. Default: the name of the account.")
@selection_options
def make_command(
    name: str, labels: float | None, extends: str | None, author: str, guideline_file: Path | None, adjudicate: bool, **values: Any
) -> Answer:
    """Freeze a pool of pairs, give each its probability, and draw those that people are to label.

    uniform draws all pairs alike and is the safe choice. stratified draws as many of each --by source, schedule or turns.
    disagreement prefers pairs on which raters differ (--by two raters or more; default: all judges and models). uncertainty
    prefers pairs with a small score or margin (--by judge:NAME or model:NAME). Draws are independent, so the number of pairs
    varies a little about --labels. The whole selection is the pool, which the estimates are about.

    Afterwards nothing about a queue changes. To ask for more labels, make another one that --extends it: what was drawn stays
    drawn, labels given count, and the plan goes by what was known then.

    --adjudicate takes pairs on which two people disagree now. Each goes to a person who has not labelled it, and what that
    person says is the people's vote from then on.

    Examples:
      music queue make pilot --labels 200 --source demo
      music queue make hard --plan disagreement --by judge:gpt --by model:first --labels 300
      music queue make pilot-2 --extends pilot --labels 400
      music queue make careful --labels 100 --overlap 2 --guideline GUIDELINE.md
      music queue make settle --adjudicate --source demo
    """
    from jobs.stages.queues import Config, extend_queue, make_adjudication, make_queue
    from music_core.config import from_mapping
    from music_core.store.guidelines import add_guideline

    options = given(**values)
    text = None if guideline_file is None else _text_of(guideline_file)
    by = author or _account()
    if adjudicate:
        _refuse(options, labels, extends)
    elif labels is None:
        raise ConfigError("How many pairs are to be labelled?", "Give --labels, or --adjudicate for those on which people disagree.")
    with configured_store() as store:
        if extends is None:
            if text is not None:
                options["guideline"] = add_guideline(store, text, by)
            config = from_mapping(Config, {**options, "name": name, "labels": labels or 0, "created_by": by}, "Settings of 'queue make'")
            queue = make_adjudication(store, config) if adjudicate else make_queue(store, config)
        elif options or text is not None:
            options |= {} if text is None else {"guideline": ""}
            named = ", ".join(f"--{_OPTIONS.get(option, option)}" for option in options)
            raise ConfigError(f"A queue that extends another takes everything from it, so {named} cannot be given.", "Leave it out.")
        else:
            queue = extend_queue(store, name, extends=extends, labels=labels or 0, created_by=by)
        data = {**_shown(store, queue.head), **_spread(queue)}
    said = f"{facts(_facts(data))}\n\nLabel it: music app, page Label, queue {name}. What the labels say: music estimate --queue {name}"
    return Answer(data, said)


def _refuse(options: Mapping[str, Any], labels: float | None, extends: str | None) -> None:
    """Nothing is drawn where all disagreements are taken."""
    senseless = {*options} & {"plan", "by", "seed", "floor", "mix", "overlap", "repeats"}
    senseless |= {name for name, value in (("labels", labels), ("extends", extends)) if value is not None}
    if senseless:
        named = ", ".join(f"--{name}" for name in sorted(senseless))
        raise ConfigError(f"--adjudicate takes every pair on which people disagree, so {named} cannot be given.", "Leave it out.")


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as e:
        raise ConfigError(f"{path.name} is no text in UTF-8.", "Give a plain text or Markdown file.") from e
    except OSError as e:
        raise ConfigError(f"{path.name} cannot be read: {e.strerror or e}.") from e


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return ""


@command(queue_group, "list")
def list_command() -> Answer:
    """List the queues, newest first, with the labels given and wanted.

    Example:
      music queue list
    """
    from music_core.store.queues import list_queues

    with configured_store() as store:
        found = [_shown(store, head) for head in list_queues(store)]
    heads = ("name", "plan", "pool", "drawn", "labels", "wanted", "extends", "made by")
    keys = ("name", "plan", "n_pool", "n_drawn", "n_given", "n_wanted", "extends", "created_by")
    none = "No queues yet. Make one with: music queue make pilot --labels 200"
    return Answer({"queues": found}, table(heads, [[q[k] for k in keys] for q in found]) if found else none)


@command(queue_group, "show")
@click.argument("name")
def show_command(name: str) -> Answer:
    """Show a queue: plan, settings, seed, pool, how far it is. --json also lists every pair of the pool with its probability.

    Example:
      music queue show pilot
    """
    from music_core.store.queues import read_queue

    with configured_store() as store:
        queue = read_queue(store, name)
        data = {**_shown(store, queue.head), **_spread(queue)}
    keys = ("pair_id", "probability", "drawn", "score", "stratum")
    return Answer({**data, "pool": [{k: getattr(p, k) for k in keys} for p in queue.pool]}, facts(_facts(data)))


def _shown(store: "Store", head: "QueueHead") -> dict[str, Any]:
    from jobs.stages.estimates import head_dict
    from music_core.store.queues import answered, labels_given, read_drawn

    found = answered(store, read_drawn(store, head.name), adjudications=head.adjudicates)
    return {**head_dict(head), "n_given": labels_given(found, head.overlap)}


def _spread(queue: "LabelQueue") -> dict[str, float]:
    probabilities = [p.probability for p in queue.pool]
    return {"least_probability": min(probabilities), "largest_probability": max(probabilities)}


def _facts(data: Mapping[str, Any]) -> dict[str, object]:
    return {k: v for k, v in data.items() if v not in (None, "", {}, [])}


def add_estimate_command(group: click.Group) -> None:
    """Register `music estimate`."""

    @command(group, "estimate")
    @click.option("--queue", required=True, metavar="NAME", help="The queue whose labels are used.")
    @click.option("--judge", "judges", multiple=True, help="Only this judge (may be repeated). Default: all judges and models.")
    @click.option("--model", "models", multiple=True, help="Only this reward model, by name (may be repeated).")
    @click.option(
        "--half-width",
        default=0.05,
        show_default=True,
        type=click.FloatRange(0, 1, min_open=True),
        help="Wanted half-width of the interval.",
    )
    @click.option("--plain", is_flag=True, help="Count an adjudication as one label among the others of its pair.")
    @click.option("--seed", default=0, show_default=True, help="Number that the bootstrap derives from.")
    @click.option(
        "--bootstrap", "n_boot", default=1000, show_default=True, type=click.IntRange(min=0), help="Replicates for the intervals."
    )
    def estimate_command(
        queue: str, judges: tuple[str, ...], models: tuple[str, ...], half_width: float, plain: bool, seed: int, n_boot: int
    ) -> Answer:
        """Estimate from a queue's labels how often people prefer the built side in its whole pool, and how often each judge is right.

        Where the pairs are answers of named systems (votes on two systems, picks of Best-of-N), it is each system's win rate against
        all others of the pool, and against each other one where there are more than two.

        Each estimate uses the few labels and the verdicts on all pairs of the pool; classical, beside it, the labels alone. The
        interval is for seeds like these, the second one in --json for this very pool. `more` is how many labels more would bring
        the interval to --half-width. docs/labelling.md and docs/estimates.md explain the figures and what they assume.

        Examples:
          music estimate --queue pilot
          music estimate --queue pilot --judge gpt --half-width 0.03 --json
        """
        from jobs.stages.estimates import estimates_of

        raters = [*(f"judge:{j}" for j in judges), *(f"model:{m}" for m in models)]
        with configured_store() as store:
            data = estimates_of(store, queue, raters, seed=seed, n_boot=n_boot, adjudicated=not plain).as_dict(half_width)
        return Answer(data, _estimates_text(data))


def _estimates_text(data: Mapping[str, Any]) -> str:
    labels = data["labels"]
    lines = [
        f"Queue {data['queue']['name']}: {labels['n']} of {labels['n_wanted']} labels by {labels['n_people']} people, "
        f"{labels['n_skips']} skips; {data['queue']['n_drawn']} of {data['queue']['n_pool']} pairs drawn."
    ]
    heads = ("how often", "rater", "labelled", "estimate", "interval", "labels alone", "their interval", "lambda", "more")
    rows = [_row(e) for e in data["estimates"]]
    if rows:
        lines += ["", table(heads, rows)]
    remarks = [*data["warnings"], *data["notes"], *(w for e in data["estimates"] for w in (*e["warnings"], e["note"]) if w)]
    needs = [(e, e["labels_needed"]["seeds_like_these"]["note"]) for e in data["estimates"]]
    remarks += [f"More labels, {_question(e)}, {e['rater'] or 'labels alone'}: {note}" for e, note in needs if note]
    return "\n".join([*lines, "", *(f"- {r}" for r in dict.fromkeys(remarks))]).rstrip()


def _row(e: Mapping[str, Any]) -> list[object]:
    need = e["labels_needed"]["seeds_like_these"]["more"]
    figures = [e["estimate"], _interval(e["interval"]), e["classical"], _interval(e["classical_interval"]), e["lam"]]
    return [_question(e), e["rater"] or "labels alone", f"{e['n_labelled']} of {e['n_pool']}", *figures, need]


def _question(e: Mapping[str, Any]) -> str:
    return QUESTIONS[e["question"]].format(e["system"], e["against"] or "the others")


def _interval(value: Any) -> str:
    return "-" if value is None else f"{value[0]:.3f} to {value[1]:.3f}"
