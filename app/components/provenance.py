"""Where a pair came from: every origin, and for generated messages the call behind each."""

import json
from collections.abc import Sequence

import streamlit as st

from app.markup import details, facts, table, visible
from music_core.types import Origin, TurnRecord

_COLUMNS = {
    "Turn": "text",
    "Branch": "text",
    "Role": "text",
    "Purpose": "text",
    "Model": "text",
    "Prompt": "text",
    "Sampling": "text",
    "Seed": "num",
    "Finish": "text",
    "In": "num",
    "Out": "num",
    "Cached": "num",
    "Seconds": "num",
    "US$": "num",
}


def _record(r: TurnRecord) -> list[str]:
    sampling = ", ".join(f"{k} {v}" for k, v in r.sampling.items())
    return [
        str(r.turn),
        r.branch,
        r.role,
        visible(r.purpose),
        visible(f"{r.model} at {r.endpoint}"),
        f"<code>{visible(r.prompt_hash[:10])}</code>",
        visible(sampling) or "–",
        str(r.seed),
        visible(r.finish_reason),
        f"{r.tokens_in:,}",
        f"{r.tokens_out:,}",
        f"{r.tokens_cached:,}",
        f"{r.latency_s:.2f}",
        "–" if r.cost is None else f"{r.cost:.5f}",
    ]


def origin_markup(origin: Origin, what: str = "pair") -> str:
    """One origin as HTML: its facts, its contrasts are shown beside their turns, then the calls of `what` (pair, conversation)."""
    named = (
        ("Source", origin.source),
        ("Row", origin.locator),
        ("Run", origin.run_id),
        ("Method", origin.method),
        ("Schedule", origin.schedule),
    )
    body = facts([(name, visible(value)) for name, value in named if value])
    if origin.meta:
        text = json.dumps(dict(origin.meta), ensure_ascii=False, indent=2, default=str)
        body += details("Further facts of this row", f'<div class="mw-text mw-raw" dir="auto">{visible(text)}</div>')
    if origin.turns:
        calls = table(f"Model calls behind this {what}", _COLUMNS, (_record(r) for r in origin.turns))
        body += details(f"{len(origin.turns)} model call{'s' if len(origin.turns) > 1 else ''}", calls)
    return f"<li>{body}</li>"


def show(origins: Sequence[Origin], ids: Sequence[tuple[str, str]], what: str = "pair") -> None:
    """Draw every origin of a pair, or of another `what`, and its ids (name, id)."""
    known = facts([(visible(name), f"<code>{visible(value)}</code>") for name, value in ids])
    st.html(f'<ul class="mw-judges">{"".join(origin_markup(o, what) for o in origins)}</ul>{details("Content ids", known)}')
