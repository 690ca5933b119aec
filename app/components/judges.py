"""Verdicts, the readings of both orders with their raw text, the checklist's P(yes) per turn, and points."""

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st

from app.markup import chip, details, signed, table, visible
from app.sides import BUILT, SideNames
from music_core.types import BRANCHES, BranchName, Reading, ReadingKind, Verdict

_RAW_CHARS = 20_000
_WHAT: Mapping[ReadingKind, str] = {"pairwise": "both orders", "checklist": "turn by turn", "score": "each side alone"}
_CLEARLY: Mapping[float, str] = {1.0: ", much better", 0.5: ", slightly better"}


def p_yes_by_turn(readings: Sequence[Reading], judge: str | None = None) -> dict[int, dict[BranchName, Reading]]:
    """By turn and branch: the newest first reading (no repeat) of the checklist judge `judge`, or of the first there is."""
    found = [r for r in readings if r.kind == "checklist" and r.turn is not None and r.branch is not None and not r.repeat]
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
        clearly = _CLEARLY.get(r.grade or 0.0, "")
        word = names.of(side) if side in ("chosen", "rejected") else side
        said = f"<span>{order}: said <strong>{r.label}</strong>{clearly}{_repeat(r)}</span>"
        body += f"<li>{said} {chip(word, _tone(side))}{_raw(r)}</li>"
    return f'<ul class="mw-readings" aria-label="Readings of {visible(judge)}">{body}</ul>'


def _repeat(reading: Reading) -> str:
    return f", repeat {reading.repeat}" if reading.repeat else ""


def score_markup(judge: str, readings: Sequence[Reading], names: SideNames = BUILT) -> str:
    """The points that a judge gave each side, with its words. Pure."""
    body = ""
    for r in sorted(readings, key=lambda r: (BRANCHES.index(r.branch) if r.branch else 0, r.repeat)):
        points = "unparsed" if r.grade is None else f"{r.grade:g} of 10 points"
        side = chip(names.of(r.branch), r.branch) if r.branch else ""
        body += f"<li><span>{side} <strong>{points}</strong>{_repeat(r)}</span>{_raw(r)}</li>"
    return f'<ul class="mw-readings" aria-label="Points given by {visible(judge)}">{body}</ul>'


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
    every = sorted(readings, key=lambda r: (r.turn or 0, r.branch or "", r.repeat))
    raw = "".join(
        f"<li>Turn {r.turn}, {visible(names.of(r.branch) if r.branch else '')}: {r.label}{_repeat(r)}{_raw(r)}</li>" for r in every
    )
    return figures + details("Raw answers", f'<ul class="mw-readings">{raw}</ul>')


def _p_yes(reading: Reading | None) -> str:
    if reading is None:
        return "–"
    return reading.label if reading.p_yes is None else f"{reading.p_yes:.2f}"


_MARKUP = {"pairwise": pairwise_markup, "checklist": checklist_markup, "score": score_markup}


def verdict_line(verdict: Verdict, names: SideNames = BUILT) -> str:
    """A judge's name with its verdict and score."""
    what = f"{_WHAT[verdict.kind]}, n = {verdict.n_readings}" if verdict.n_readings else "resolved elsewhere, its readings are not known"
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
        body = details(f"{len(mine)} readings", _MARKUP[verdict.kind](verdict.judge, mine, names)) if mine else ""
        out += f"<li>{verdict_line(verdict, names)}{body}</li>"
    st.html(f'<ul class="mw-judges">{out}</ul>')
