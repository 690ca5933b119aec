"""Every reward model in a line: what it was made of, how good it is on pairs that it has not seen, how much it has scored."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.components.agreement_glance import interval_bar_of
from app.markup import attribute, table, visible
from app.nav import href
from app.times import ago
from jobs.report.words import interval, share
from music_core.evaluate.side_by_side import Accuracy
from music_core.types import RewardModel

_COLUMNS = {
    "Model": "text",
    "Made from": "text",
    "Trained on": "num",
    "Right on pairs not trained on": "text",
    "95 % interval": "num",
    "Pairs": "num",
    "Scored": "num",
    "Registered": "text",
}
NOTHING = {
    "Train one on the pairs of the train split": "music train --name first",
    "Register one that was trained elsewhere": "music models register NAME FOLDER",
    "The sample comes with the rewards of a small one": "music sample load",
}


def accuracy_text(found: Accuracy) -> str:
    """The share with its interval drawn beside it, a dash where nothing was scored; HTML. Pure."""
    if found.share is None:
        return '<span class="mw-note">nothing scored</span>'
    return f'<span class="mw-score"><b>{share(found.share)}</b>{interval_bar_of(found.share, found.interval)}</span>'


def _row(model: RewardModel, held_out: Accuracy, n_scored: int, chosen: str) -> list[str]:
    here = ' aria-current="true"' if model.name == chosen else ""
    name = f'<a class="mw-link" href="{attribute(href("models", {"model": model.name}))}"{here}>{visible(model.name)}</a>'
    weights = "" if model.path else ' <span class="mw-note">without weights</span>'
    pairs = model.metrics.get("pairs")
    return [
        name + weights,
        visible(model.base) or "–",
        f"{pairs:,}" if isinstance(pairs, int) else '<span class="mw-note">not known</span>',
        accuracy_text(held_out),
        interval(held_out.interval),
        f"{held_out.n:,}",
        f"{n_scored:,}",
        ago(model.created_at),
    ]


def markup(models: Sequence[RewardModel], held_out: Mapping[str, Accuracy], scored: Mapping[str, int], chosen: str = "") -> str:
    """The table as HTML; `held_out` is by name, `scored` by model id. Pure."""
    rows = [_row(m, held_out[m.name], scored.get(m.id, 0), chosen) for m in models]
    caption = "Reward models, the newest first; right is a larger reward for the side that was built to be better"
    return f'<div class="mw-models">{table(caption, _COLUMNS, rows)}</div>'


def show(models: Sequence[RewardModel], held_out: Mapping[str, Accuracy], scored: Mapping[str, int], chosen: str = "") -> None:
    """Draw the table."""
    st.html(markup(models, held_out, scored, chosen))
