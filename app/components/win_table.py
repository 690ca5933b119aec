"""What came of a Best-of-N run: win rates with their n and interval, and under each row the picks that it is the sum of."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.markup import attribute, details, table, visible
from app.nav import href
from jobs.report.words import MODES, interval, share

_COLUMNS = {
    "A": "text",
    "Against": "text",
    "Picked": "text",
    "N": "num",
    "Prompts": "num",
    "Win rate": "num",
    "95 % interval": "num",
    "Won": "num",
    "Lost": "num",
    "Ties": "num",
    "Flips": "num",
    "Same pick": "num",
    "Unresolved": "num",
    "Note": "text",
}
_PICKS = {"Prompt": "text", "A took draw": "text", "B took draw": "text", "Judged": "text", "Open": "text"}
OUTCOMES = {"win": "A won", "loss": "B won", "same_pick": "same conversation", "unresolved": "not resolved"}
MOST_PICKS = 100  # in a folded table; the run's picks.jsonl has all


def _row(r: Mapping[str, Any], run_id: str) -> list[str]:
    left_out = f"{r['left_out']:,} prompts left out. " if r["left_out"] else ""
    counts = [f"{r[name]:,}" for name in ("wins", "losses", "ties", "flips", "same_pick", "unresolved")]
    names = [visible(r["a"]), visible(r["b"]), MODES.get(r["mode"], visible(r["mode"]))]
    return [
        *names,
        f"{r['n']:,}",
        f"{r['n_prompts']:,}",
        share(r["win_rate"]),
        interval(r["interval"]),
        *counts,
        visible(left_out + r["note"]),
        *_open(r, run_id),
    ]


def _open(r: Mapping[str, Any], run_id: str) -> list[str]:
    """The run's picks in the list of pairs, where the run is known; that list cannot tell its comparisons apart."""
    if not run_id:
        return []
    link = f'<a class="mw-link" href="{attribute(href("pairs", {"run": run_id}))}">pairs of this run</a>'
    return [link if any(p["pair_id"] for p in r["picks"]) else ""]


def _pick(p: Mapping[str, Any]) -> list[str]:
    target = href("pair", {"pair": p["pair_id"]}) if p["pair_id"] else ""
    link = f'<a class="mw-link" href="{attribute(target)}">the pair</a>' if target else "–"
    draws = [", ".join(str(i + 1) for i in p["candidates"][side]) for side in ("a", "b")]
    return [f"<code>{visible(p['seed_id'][:12])}</code>", *draws, visible(OUTCOMES.get(p["outcome"], p["outcome"])), link]


def _picks(r: Mapping[str, Any]) -> str:
    shown = r["picks"][:MOST_PICKS]
    name = f"{r['a']} against {r['b']}, {MODES.get(r['mode'], r['mode'])}, N = {r['n']}"
    more = f" (the first {MOST_PICKS})" if len(shown) < len(r["picks"]) else ""
    return details(f"Picks: {visible(name)}{more}", table(f"Picks of {name}", _PICKS, (_pick(p) for p in shown)))


def markup(rows: Sequence[Mapping[str, Any]], run_id: str = "") -> str:
    """The table and the picks behind it as HTML; with `run_id`, each row leads to the run's pairs. Pure."""
    caption = "How often A's pick was judged better; a tie and a same pick are half a win, the interval is by bootstrap over prompts"
    picks = "".join(_picks(r) for r in rows if r["picks"])
    columns = {**_COLUMNS, "Open": "text"} if run_id else _COLUMNS
    return f'<div class="mw-wins">{table(caption, columns, (_row(r, run_id) for r in rows))}</div>{picks}'


def show(rows: Sequence[Mapping[str, Any]], run_id: str = "") -> None:
    """Draw it."""
    st.html(markup(rows, run_id))
