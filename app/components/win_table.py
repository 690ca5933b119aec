"""What came of a Best-of-N run: win rates with their n and interval, and under each row the picks that it is the sum of."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import raters
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
    "Pairs and remarks": "text",
}
_PICKS = {"Prompt": "text", "A took draw": "text", "B took draw": "text", "Judged": "text", "Open": "text"}
OUTCOMES = {"win": "A won", "loss": "B won", "same_pick": "same conversation", "unresolved": "not resolved"}
MOST_PICKS = 100  # in a folded table; the run's picks.jsonl has all


def _row(r: Mapping[str, Any], run_id: str, judge: str) -> list[str]:
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
        f'{_open(r, run_id, judge)}<span class="mw-run-note">{visible(left_out + r["note"])}</span>',
    ]


def _open(r: Mapping[str, Any], run_id: str, judge: str) -> str:
    """The comparison's pairs, where the run is known."""
    return f"{raters.opened(links(r, run_id, judge))} " if run_id else ""


def links(r: Mapping[str, Any], run_id: str, judge: str) -> list[raters.Link]:
    """The pairs of two selectors under one N and mode, and, where the judge is known, those won and lost. Pure.

    A same pick is no pair.
    """
    met = {"run": run_id, "picked": [r["a"], r["b"]], "n": f"{r['n']}", "mode": r["mode"]}
    n = len({p["pair_id"] for p in r["picks"] if p["pair_id"]})
    if not n:
        return []
    found: list[raters.Link] = [(f"{n:,} pairs" if n > 1 else "1 pair", met)]
    if judge and r["wins"]:
        found.append((f"{r['wins']:,} won", raters.between(f"judge:{judge}", f"pick:{r['a']}", "agree", met)))
    if judge and r["losses"]:
        found.append((f"{r['losses']:,} lost", raters.between(f"judge:{judge}", f"pick:{r['b']}", "agree", met)))
    undecided: dict[str, str | list[str]] = {"ties": ["tie", "flip", "split"], "flips": "flip", "unresolved": "unresolved"}
    return found + [
        (f"{r[name]:,} {name}", {**met, "judge": judge, "verdict": value}) for name, value in undecided.items() if judge and r[name]
    ]


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


def markup(rows: Sequence[Mapping[str, Any]], run_id: str = "", judge: str = "") -> str:
    """The table and the picks behind it as HTML; with `run_id` and `judge`, each row leads to its pairs. Pure."""
    caption = "How often A's pick was judged better; a tie and a same pick are half a win, the interval is by bootstrap over prompts"
    picks = "".join(_picks(r) for r in rows if r["picks"])
    return f'<div class="mw-wins">{table(caption, _COLUMNS, (_row(r, run_id, judge) for r in rows))}</div>{picks}'


def show(rows: Sequence[Mapping[str, Any]], run_id: str = "", judge: str = "") -> None:
    """Draw it."""
    st.html(markup(rows, run_id, judge))
