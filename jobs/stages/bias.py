"""Bias: what pulls judges, reward models and people besides the worth of a side, and what is to be said about each."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.context import RunContext
from jobs.stages.select import Selection, selected_filter
from music_core.config import from_mapping, load_settings
from music_core.evaluate.bias.cases import BiasData
from music_core.evaluate.bias.findings import findings
from music_core.evaluate.bias.report import BiasReport, bias_report
from music_core.evaluate.bias.style import CODE_BLOCK, PATTERNS
from music_core.store.connect import Store
from music_core.store.facts import pair_facts, reply_counts, selected_labels, selected_readings, selected_verdicts
from music_core.store.votes import votes


@dataclass(frozen=True)
class Config(Selection):
    """The selected pairs; `n_boot` replicates for the intervals, drawn from `seed`."""

    n_boot: int = 1000
    seed: int = 0


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """The report of every rater, and the findings."""
    ctx.progress(0, 1, "bias")
    found = report_of(ctx.store, config)
    ctx.progress(1, 1, f"{len(found['raters'])} raters")
    return found


def report_of(store: Store, selection: Selection) -> dict[str, Any]:
    """`n_pairs`, `n_seeds`, `raters` (a report each) and `findings` as JSON types.

    A model's votes on its own training pairs are left out and counted.
    """
    given = selection if isinstance(selection, Config) else Config(**dataclasses.asdict(selection))
    report = bias_of(store, given)
    return report.as_dict() | {"findings": [finding.as_dict() for finding in findings(report)]}


def bias_of(store: Store, config: Config) -> BiasReport:
    """The report as a value, read from the store with one query per kind of row."""
    f = selected_filter(store, config)
    data = BiasData(
        facts=pair_facts(store, f),
        votes=votes(store, f),
        verdicts=selected_verdicts(store, f),
        readings=selected_readings(store, f),
        labels=selected_labels(store, f),
        styles=reply_counts(store, tuple(PATTERNS.values()), without=CODE_BLOCK, f=f),
    )
    return bias_report(data, seed=config.seed, n_boot=config.n_boot)


def report_for(values: Mapping[str, Any]) -> dict[str, Any]:
    """The report for settings as the command line gives them, out of the configured store."""
    from jobs.worker import open_configured

    store = open_configured(load_settings())
    try:
        return report_of(store, from_mapping(Config, values, "Settings of 'bias'"))
    finally:
        store.close()
