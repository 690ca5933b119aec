"""The `music` command. Heavy libraries are imported by the commands that need them, so that help is quick."""

import click

from jobs.cli.common import CONTEXT, help_text
from jobs.cli.evaluate import evaluate_group
from jobs.cli.manage import jobs_group
from jobs.cli.models import models_group
from jobs.cli.open_app import add_app_command
from jobs.cli.pairs import pairs_group
from jobs.cli.queues import add_estimate_command, queue_group
from jobs.cli.stored import add_export_command, sample_group, store_group
from jobs.cli.work import add_work_commands

__all__ = ["main"]


def _about() -> None:
    """MUSIC Workbench: contrast pairs of whole conversations, reward models, judges, and people's labels.

    Start here:
      music demo        the whole line on a small embedded model, in a few minutes
      music app         browse and label in the browser

    `MUSIC_HOME` names the store's folder (default data/lake), `music.toml` the endpoints where chat models answer. Every command
    takes --json: the last line of its output is then one JSON object. Progress goes to stderr.
    """


main = click.Group("music", help=help_text(_about), context_settings=CONTEXT)


add_work_commands(main)
add_app_command(main)
add_export_command(main)
add_estimate_command(main)
for _group in (evaluate_group, jobs_group, models_group, pairs_group, queue_group, store_group, sample_group):
    main.add_command(_group)
