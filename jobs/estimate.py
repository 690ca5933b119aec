"""What a run would cost: rates, each assumed or measured, and the arithmetic shared by the stages.

Measured rates are those of the newest finished run of the same kind with the same endpoints or model in this store.
Assumed ones are stated here; their sources are named beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from music_core.config import EMBEDDED, SCRIPTED, Endpoint
from music_core.store.connect import Store
from music_core.store.runs import list_runs, run_report

MIN_MEASURED_CALLS = 20
LOOK_BACK = 200  # runs


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate and where it comes from."""

    value: float
    unit: str
    basis: Literal["assumed", "measured"]
    origin: str

    def as_dict(self) -> dict[str, Any]:
        """The form printed beside an estimate."""
        return {"value": round(self.value, 4), "unit": self.unit, "basis": self.basis, "from": self.origin}


def assumed_seconds(endpoint: Endpoint, tokens_in: float, tokens_out: float) -> tuple[float, dict[str, Rate]]:
    """Seconds that `endpoint` needs for so many tokens when it is kept full, and the rates used."""
    if endpoint.name == SCRIPTED:
        rate_out, rate_in, origin = 1e6, 1e7, "the scripted fake answers at once"
    elif endpoint.name == EMBEDDED:
        # Measured once on 2 cores at 8 requests at a time; prompts of one branch share a cached prefix.
        rate_out, rate_in, origin = 145.0, 1500.0, "SmolLM2-135M on 2 processor cores"
    else:
        # A hosted or served model of some billion parameters gives each request some 40 tokens a second.
        rate_out, rate_in = 40.0 * endpoint.max_concurrency, 2000.0 * endpoint.max_concurrency
        origin = f"40 tokens/s for each of {endpoint.max_concurrency} requests at a time"
    rates = {
        f"{endpoint.name}: tokens written": Rate(rate_out, "tokens/s", "assumed", origin),
        f"{endpoint.name}: tokens read": Rate(rate_in, "tokens/s", "assumed", origin),
    }
    return tokens_out / rate_out + tokens_in / rate_in, rates


def priced(endpoint: Endpoint, tokens_in: float, tokens_out: float) -> float | None:
    """US dollars; 0 for what runs here, None where `music.toml` gives no price."""
    if endpoint.name in (EMBEDDED, SCRIPTED) and not endpoint.base_urls:
        return 0.0
    if endpoint.price_in is None or endpoint.price_out is None:
        return None
    return (tokens_in * endpoint.price_in + tokens_out * endpoint.price_out) / 1e6


def total_cost(costs: Sequence[float | None]) -> float | None:
    """The sum, or None when a part of it is unknown."""
    known = [c for c in costs if c is not None]
    return round(sum(known), 6) if len(known) == len(costs) else None


def newest_report(
    store: Store, kind: str, same: Callable[[Mapping[str, Any]], bool], *, enough: Callable[[Mapping[str, Any]], bool]
) -> tuple[str, dict[str, Any]] | None:
    """(run id, report) of the newest finished run of `kind` whose config is `same` and whose report is `enough` to measure by."""
    for run in list_runs(store, LOOK_BACK):
        try:
            if run.kind != kind or not same(run.config):
                continue
        except KeyError:  # recorded before this setting was there
            continue
        found = run_report(store, run.id)
        if found is not None and found[0] == "finished" and enough(found[1]):
            return run.id, found[1]
    return None


def per_call(store: Store, kind: str, same: Callable[[Mapping[str, Any]], bool]) -> dict[str, Rate]:
    """Measured `seconds`, `tokens_in` and `tokens_out` per call; empty when no run of this store tells."""
    found = newest_report(store, kind, same, enough=_measures)
    if found is None:
        return {}
    run_id, report = found
    return {
        name: Rate(report[key] / report["calls"], unit, "measured", run_id)
        for name, key, unit in (
            ("seconds", "working_s", "s/call"),
            ("tokens_in", "tokens_in", "tokens/call"),
            ("tokens_out", "tokens_out", "tokens/call"),
        )
    }


def _measures(report: Mapping[str, Any]) -> bool:
    # A run that took most calls over from another says nothing about those.
    return bool(report.get("calls", 0) >= MIN_MEASURED_CALLS and not report.get("reused_calls"))


def shown(rates: Mapping[str, Rate]) -> dict[str, Any]:
    """Rates in the form that is printed."""
    return {name: rate.as_dict() for name, rate in rates.items()}
