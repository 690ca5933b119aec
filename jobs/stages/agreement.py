"""Agreement: construction, judges, reward models and people against each other, on the same pairs."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.context import RunContext
from jobs.stages.select import Selection, selected_filter
from music_core.config import from_mapping, load_settings
from music_core.evaluate.agreement import agreement_cells
from music_core.evaluate.consistency import consistency
from music_core.store.connect import Store
from music_core.store.opinions import repeats_given
from music_core.store.votes import votes


@dataclass(frozen=True)
class Config(Selection):
    """The selected pairs; `n_boot` replicates for the intervals, drawn from `seed`.

    With `plain` an adjudication is one vote among those of its pair; otherwise it is what `people` say there.
    """

    n_boot: int = 1000
    seed: int = 0
    plain: bool = False


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """All cells of the matrix."""
    ctx.progress(0, 1, "agreement")
    cells = agreement_of(ctx.store, config)
    ctx.progress(1, 1, f"{len(cells)} pairs of raters")
    return {"cells": cells}


def agreement_of(store: Store, selection: Selection) -> list[dict[str, Any]]:
    """The cells as JSON objects. A model's votes on its own training pairs are left out."""
    given = selection if isinstance(selection, Config) else Config(**dataclasses.asdict(selection))
    found = votes(store, selected_filter(store, given), adjudicated=not given.plain)
    return [cell.as_dict() for cell in agreement_cells(found, seed=given.seed, n_boot=given.n_boot)]


def consistency_of(store: Store, config: Config) -> list[dict[str, Any]]:
    """How consistent every person is on repeated pairs, as JSON objects."""
    found = consistency(repeats_given(store, selected_filter(store, config)), seed=config.seed, n_boot=config.n_boot)
    return [c.as_dict() for c in found]


def report_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """`cells` and `consistency` for settings as the command line gives them, out of the configured store."""
    from jobs.worker import open_configured

    store = open_configured(load_settings())
    try:
        config = from_mapping(Config, values, "Settings of 'agreement'")
        return {"cells": agreement_of(store, config), "consistency": consistency_of(store, config)}
    finally:
        store.close()
