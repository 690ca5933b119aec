"""Verdicts, the readings of both orders with their raw text, and the checklist's P(yes) per turn."""

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st

from app.markup import chip, details, signed, table, visible
from app.sides import BUILT, SideNames
from music_core.types import BRANCHES, BranchName, Reading, Verdict

_RAW_CHARS = 20_000


def p_yes_by_turn(readings: Sequence[Reading], judge: str | None = None) -> dict[int, dict[BranchName, Reading]]:
    """By turn and branch: the newest checklist reading (of `judge`, or of the first checklist judge)."""
    found = [r for r in readings if r.kind == "checklist" and r.turn is not None and r.branch is not None]
    wanted = judge or next((r.judge for r in found), None)
    out: dict[int, dict[BranchName, Reading]] = {}
    for r in found:
        if r.judge == wanted and r.turn is not None and r.branch is not None:
            out.setdefault(r.turn, {})[r.branch] = r
    return dict(sorted(out.items()))


def named_side(reading: Reading) -> Literal["chosen", "rejected", "tie", "unparsed"]:
    """What a pairwise reading named, by branch: chosen, rejected, tie or unparsed."""
    if reading.label in ("first", "second"):
        first_is_chosen = reading.order == "chosen_first"
        return "chosen" if (reading.label == "first") == first_is_chosen else "rejected"
    return "tie" if reading.label == "tie" else "unparsed"


def _raw(reading: Reading) -> str:
    """The judge's own words, folded, with what is needed to ask again."""
    text = reading.raw[:_RAW_CHARS]
    more = f" (first {_RAW_CHARS:,} of {len(reading.raw):,} characters)" if len(reading.raw) > _RAW_CHARS else ""
    about = " · ".join(
        visible(part)
        for part in (
            f"{reading.model} at {reading.endpoint}",
            f"prompt {reading.prompt_hash[:12]}",
            f"{reading.tokens_in:,} tokens in, {reading.tokens_out:,} out",
            f"{reading.latency_s:.1f} s",
            f"finish: {reading.finish_reason}",
        )
    )
    body = f'<p class="mw-note">{about}</p><div class="mw-text mw-raw" dir="auto">{visible(text) or "<em>empty</em>"}</div>'
    return details(f"Raw answer{more}", body)


def _tone(side: str) -> str:
    return side if side in ("chosen", "rejected", "tie") else "unresolved"


def pairwise_markup(judge: str, readings: Sequence[Reading], names: SideNames = BUILT) -> str:
    """Each pairwise reading of a judge: the order shown, the position named, the branch that this is."""
    body = ""
    for r in sorted(readings, key=lambda r: (r.order or "", r.repeat)):
        side = named_side(r)
        order = visible(names.shown_first(r.order)) if r.order else "order unknown"
        word = names.of(side) if side in ("chosen", "rejected") else side
        body += f"<li><span>{order}: said <strong>{r.label}</strong></span> {chip(word, _tone(side))}{_raw(r)}</li>"
    return f'<ul class="mw-readings" aria-label="Readings of {visible(judge)}">{body}</ul>'


def checklist_markup(judge: str, readings: Sequence[Reading], names: SideNames = BUILT) -> str:
    """P(yes) per turn and branch of a checklist judge, then the raw answers, folded."""
    by_turn = p_yes_by_turn(readings, judge)
    rows = []
    for turn, sides in by_turn.items():
        cells = [_p_yes(sides.get(branch)) for branch in ("chosen", "rejected")]
        rows.append([str(turn), *cells])
    caption = "P(yes): did the reply do exactly what this turn's message asked?"
    heads = {names.heading(branch): "num" for branch in BRANCHES}
    figures = table(caption, {"Turn": "text", **heads}, rows)
    raw = "".join(
        f"<li>Turn {r.turn}, {visible(names.of(branch))}: {r.label}{_raw(r)}</li>"
        for sides in by_turn.values()
        for branch, r in sides.items()
    )
    return figures + details("Raw answers", f'<ul class="mw-readings">{raw}</ul>')


def _p_yes(reading: Reading | None) -> str:
    if reading is None:
        return "–"
    return reading.label if reading.p_yes is None else f"{reading.p_yes:.2f}"


def verdict_line(verdict: Verdict, names: SideNames = BUILT) -> str:
    """A judge's name with its verdict and score."""
    how = "both orders" if verdict.kind == "pairwise" else "turn by turn"
    what = f"{how}, n = {verdict.n_readings}" if verdict.n_readings else "resolved elsewhere, its readings are not known"
    score = f" · score {signed(verdict.score)}" if verdict.score is not None else ""
    unparsed = f" · {verdict.n_unparsed} unparsed" if verdict.n_unparsed else ""
    return (
        f'<span class="mw-judge">{visible(verdict.judge)}</span> '
        f"{chip(names.verdict(verdict.value), verdict.value, names.verdict_title(verdict.value))}"
        f'<span class="mw-note">{what}{score}{unparsed}</span>'
    )


def show(verdicts: Sequence[Verdict], readings: Sequence[Reading], names: SideNames = BUILT) -> None:
    """Draw every judge's verdict with its readings folded below."""
    by_judge: Mapping[str, list[Reading]] = {v.judge: [r for r in readings if r.judge == v.judge] for v in verdicts}
    out = ""
    for verdict in verdicts:
        mine = by_judge[verdict.judge]
        draw = pairwise_markup if verdict.kind == "pairwise" else checklist_markup
        body = details(f"{len(mine)} readings", draw(verdict.judge, mine, names)) if mine else ""
        out += f"<li>{verdict_line(verdict, names)}{body}</li>"
    st.html(f'<ul class="mw-judges">{out}</ul>')
