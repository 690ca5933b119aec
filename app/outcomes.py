"""What a run made, as links, and its report as lines for a table. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.forms import named
from app.nav import Query
from app.times import duration
from jobs.folder import RunState
from music_core.config import EMBEDDED

Link = tuple[str, str, Query]
_WORDS: Mapping[str, str] = {
    "tokens_in": "Tokens read",
    "tokens_out": "Tokens written",
    "tokens_cached": "Tokens read from a cache",
    "tokens_per_s": "Tokens written per second",
    "working_s": "Working time",
    "seconds": "Time in all",
    "cost": "Cost, US$",
    "rows_used": "Rows used",
    "new": "New in the store",
    "replayed": "Calls found in the journal",
    "unparsed": "Unparsed readings",
    "first_position_rate": "Named the first position",
    "judged_before": "Judged before",
    "judged_by_their_simulator": "Judged by the model that wrote them",
    "left_out_by_simulator": "Left out, as the judge's model wrote them",
    "left_open": "Left open without an answer",
    "traced": "Pairs scored",
    "traced_before": "Scored before",
    "scored_prefixes_singly": "Conversations scored prefix by prefix",
    "judge_is_simulator": "The judge wrote the conversations",
    "short_pools": "Prompts with too few conversations",
    "dropped_turn_by_turn": "Dropped turn by turn",
    "refused": "Messages refused, by gate",
    "tied_picks": "Picks with an equal reward beside them",
    "trained_on_prompts": "Prompts that the model was trained on",
    "trained_steps": "Steps trained",
    "n_boot": "Replicates for the intervals",
    "accuracy": "Accuracy on validation pairs",
    "by_source": "Training pairs",
    "reused_conversations": "Conversations of earlier runs, not simulated again",
    "reused_calls": "Calls of earlier runs, not made again",
    "memory_gb_per_device": "Memory per device, GB",
}
# Shown in their own way, or of no use to a reader.
_ELSEWHERE = {
    *("curve", "cells", "rates", "table"),
    *("overall", "sections", "parts", "tables", "notes", "published", "contamination"),
    *("raters", "findings"),
}
_SECONDS = {"working_s", "seconds"}


def made(state: RunState, report: Mapping[str, Any] | None) -> list[Link]:
    """Where the things are that the run made: (words, page, address), for a run that works only what is stored on the way."""
    done = report or {}
    config = state.config
    match state.kind:
        case "generate":
            own: Query = {"run": state.run_id}
            words = f"{done['pairs']:,} pairs" if "pairs" in done else "Pairs stored so far"
            after: list[Link] = [("Judge these pairs", "jobs", {"new": "judge", "run_ids": state.run_id})] if done else []
            return [(words, "pairs", own), *after]
        case "judge":
            return [(f"Verdicts of {name}", "pairs", {"judge": name}) for name in done.get("verdicts", {})]
        case "train" if "model" in done:
            return [
                (f"The model {done['model']}", "models", {"model": done["model"]}),
                (f"Score pairs with {done['model']}", "jobs", {"new": "score", "model": done["model"]}),
                ("Train split of its sources", "pairs", {"source": list(config.get("sources", ())), "split": "train"}),
            ]
        case "score" if done:
            return [(f"Rewards by {done['model']}", "agreement", {})]
        case "bon" if done:
            label: Query = {"run": state.run_id, "label": "none"}
            picks: Link = (f"{done['pairs']:,} pairs of picks", "pairs", {"run": state.run_id})
            return [picks, ("Those without a label", "pairs", label), ("Evaluation", "evaluation", {})]
        case "benchmark" if done:
            return [("Evaluation", "evaluation", {})]
        case "bias" if done:
            return [("Bias", "agreement", {"view": "bias"})]
        case "import" if "source" in done:
            of: Query = {"source": done["source"]} if done["pairs"] else {}
            pairs: list[Link] = [(f"{done['pairs']:,} pairs of {done['source']}", "pairs", of)] if of else []
            voted = any(done.get(said) for said in ("labels", "readings", "verdicts"))
            return [*pairs, ("Agreement of these votes", "agreement", of)] if voted else pairs
        case "demo" if done:
            return [
                (f"{done['pairs']:,} pairs", "pairs", {"source": done["source"]}),
                ("Agreement", "agreement", {"source": done["source"]}),
            ]
        case "sample" if done:
            return [("The pairs", "pairs", {})]
        case "agreement" if done:
            return [("Agreement", "agreement", {})]
        case _:
            return []


def title_of(kind: str, config: Mapping[str, Any]) -> str:
    """A short title that tells runs of a kind apart."""
    of = f" of {', '.join(config['sources'])}" if config.get("sources") else ""
    match kind:
        case "generate":
            return f"{config.get('n', '')} pairs by {config.get('assistant', EMBEDDED)}, {config.get('method', '')}{of}"
        case "judge":
            most = f"up to {config['limit']} pairs" if config.get("limit") else "pairs"
            return f"{', '.join(named(config.get('endpoint', EMBEDDED)))} on {most}{of}"
        case "train":
            return f"{config.get('name', '')} by {config.get('recipe', '')}{of}"
        case "score":
            return f"{config.get('model', '')} on pairs{of}"
        case "bon":
            return f"{config.get('a', '')} against {', '.join(config.get('b', ()))}, N = {config.get('n_best', '')}{of}"
        case "benchmark":
            return f"{config.get('model', '')} on {config.get('benchmark', '')}{of}"
        case "export":
            return str(config.get("name", ""))
        case "import":
            return Path(str(config.get("path", ""))).name
        case _:
            return ""


def summary(kind: str, report: Mapping[str, Any]) -> str:
    """What came of a finished run in a few words."""
    match kind:
        case "generate" | "import":
            dropped = sum(int(n) for n in report.get("dropped", {}).values())
            more = [f"{n:,} {what}" for what in ("labels", "readings") if (n := report.get(what, 0))]
            return ", ".join(
                [
                    f"{report.get('pairs', 0):,} pairs",
                    f"{report.get('new', 0):,} new",
                    *more,
                    *([f"{dropped:,} dropped"] if dropped else []),
                ]
            )
        case "judge":
            return f"{report.get('readings', 0):,} readings, {report.get('unparsed', 0):,} unparsed"
        case "train":
            accuracy = report.get("accuracy")
            measured = f", accuracy {accuracy:.2f} on {report.get('validation_pairs', 0):,}" if accuracy is not None else ""
            return f"{report.get('trained_steps', 0):,} steps{measured}"
        case "score":
            return f"{report.get('traced', 0):,} pairs scored"
        case "bon":
            rows = report.get("table") or [{}]
            last = [r for r in rows if (r.get("b"), r.get("mode")) == (rows[0].get("b"), rows[0].get("mode"))][-1]
            if last.get("win_rate") is None:
                return f"{report.get('pairs', 0):,} pairs of picks"
            return f"win rate {last['win_rate']:.2f} against {last['b']} at N = {last['n']} on {last['n_prompts']:,} prompts"
        case "benchmark":
            overall = report.get("overall") or {}
            if overall.get("value") is None:
                return f"{report.get('n', 0):,} prompts"
            return f"{100 * overall['value']:.1f} % on {report.get('n', 0):,} prompts of {report.get('title', '')}"
        case "export":
            return f"{report.get('rows', 0):,} rows, {report.get('bytes', 0) / 1e6:.1f} MB"
        case "sample" | "demo":
            return f"{report.get('pairs', 0):,} pairs"
        case _:
            return ""


def lines(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The report as (name, value) in plain text; a mapping in it is spread out, a long list is counted."""
    for name, value in values.items():
        if name in _ELSEWHERE:
            continue
        title = words(name)
        if isinstance(value, Mapping):
            yield from _spread(title, value)
        elif name in _SECONDS and isinstance(value, int | float):
            yield title, duration(value)
        else:
            yield title, text_of(value)


def words(name: str) -> str:
    """The name of a figure for people."""
    return _WORDS.get(name, name.replace("_", " ").capitalize())


def _spread(title: str, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if any(isinstance(v, Mapping) for v in value.values()):
        for key, inner in value.items():
            yield f"{title}: {key}", _counts(inner) if isinstance(inner, Mapping) else text_of(inner)
    else:
        yield title, _counts(value)


def _counts(value: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {text_of(v)}" for key, v in value.items()) or "none"


def text_of(value: Any) -> str:
    """A value as a reader wants it: figures grouped, short fractions, `none` for nothing."""
    if value is None or value == "" or (isinstance(value, Sequence) and not value):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(text_of(v) for v in value) if len(value) <= 12 else f"{len(value):,} values"
    return str(value)
