"""What is known about a pair besides its text, as HTML for a document: verdicts, readings, labels, provenance. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from jobs.report.markup import details, facts, signed, table, visible
from music_core.types import BranchName, Contrast, Origin, Reading, StoredLabel, TurnRecord, Verdict, VerdictValue

Names = Mapping[BranchName, str]
# A judge's reason up to this length is shown unfolded.
_OPEN_CHARS = 1_500


def _code(text: str) -> str:
    return f"<code>{visible(text)}</code>"


def _verdict(value: VerdictValue | None, names: Names) -> str:
    """A verdict or decision in words; names of sides may be any text."""
    if value == "chosen" or value == "rejected":
        return visible(names[value])
    return "tie (split)" if value == "split" else value or "none"


def _said(reading: Reading, names: Names) -> str:
    """What a reading says, with the side that this is where it names a position."""
    if reading.kind == "checklist":
        return reading.label if reading.p_yes is None else f"{reading.label}, P(yes) {reading.p_yes:.2f}"
    if reading.kind == "score":
        return reading.label if reading.grade is None else f"{reading.grade:g} of 10 points"
    if reading.label not in ("first", "second") or reading.order is None:
        return reading.label
    first: BranchName = "chosen" if reading.order == "chosen_first" else "rejected"
    second: BranchName = "rejected" if first == "chosen" else "chosen"
    return f"{reading.label}: {visible(names[first if reading.label == 'first' else second])}"


def _asked(reading: Reading, names: Names) -> str:
    """What was asked about: an order, a turn of a side, or a side."""
    if reading.order:
        return f"{visible(names['chosen' if reading.order == 'chosen_first' else 'rejected'])} shown first"
    side = visible(names[reading.branch]) if reading.branch else "both sides"
    return f"turn {reading.turn}, {side}" if reading.turn is not None else side


def _reading(reading: Reading, names: Names) -> str:
    about = f"{reading.model} at {reading.endpoint} · prompt {reading.prompt_hash} · finish {reading.finish_reason}"
    repeat = f", repeat {reading.repeat}" if reading.repeat else ""
    raw = f'<div class="mw-text mw-raw" dir="auto">{visible(reading.raw) or "<em>empty</em>"}</div>'
    head = f"{_asked(reading, names)}{repeat}: <strong>{_said(reading, names)}</strong>"
    reason = details("Reason, as the judge wrote it", raw, opened=reading.kind != "checklist" and len(reading.raw) < _OPEN_CHARS)
    return f'<li>{head}<p class="mw-note">{visible(about)}</p>{reason}</li>'


def verdicts_markup(verdicts: Sequence[Verdict], readings: Sequence[Reading], names: Names) -> str:
    """Every judge's verdict, then its readings of both orders with the judge's own words."""
    if not verdicts:
        return "<p>No judge has read this pair.</p>"
    columns = {"Judge": "text", "Kind": "text", "Verdict": "text", "Score": "num", "Readings": "num", "Unparsed": "num"}
    rows = [[visible(v.judge), v.kind, _verdict(v.value, names), signed(v.score), str(v.n_readings), str(v.n_unparsed)] for v in verdicts]
    out = table("Verdicts", columns, rows)
    for verdict in verdicts:
        mine = sorted((r for r in readings if r.judge == verdict.judge), key=lambda r: (r.turn or 0, r.order or r.branch or "", r.repeat))
        items = "".join(_reading(r, names) for r in mine) or "<li>Its readings are not known.</li>"
        out += f'<h3>{visible(verdict.judge)}</h3><ul class="mw-readings">{items}</ul>'
    return out


def labels_markup(history: Sequence[StoredLabel], names: Names) -> str:
    """Every label event, oldest first, with what it replaces."""
    columns = dict.fromkeys(("When", "Who", "Decision", "Left was", "Preferred", "Seen", "Reasons and comment", "Id", "Replaces"), "text")
    rows = []
    for label in history:
        e = label.event
        why = "; ".join([*e.reasons, *([e.comment] if e.comment else [])])
        rows.append(
            [
                _moment(label.created_at),
                visible(e.person) + ("" if e.verified else " (unverified)"),
                (e.choice or "taken back").replace("_", " "),
                visible(names[e.left_branch]),
                _verdict(e.value, names),
                "blind" if e.blind else "informed",
                f'<span dir="auto">{visible(why) or "–"}</span>',
                _code(label.id),
                _code(e.supersedes) if e.supersedes else "–",
            ]
        )
    return table("Label events, oldest first", columns, rows, empty="Nobody has labelled this pair.")


def _moment(value: datetime) -> str:
    at = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return at.strftime("%Y-%m-%d %H:%M UTC")


def contrasts_by_turn(origins: Sequence[Origin]) -> dict[int, str]:
    """By turn: HTML with the modified instructions that the rejected reply of that turn answered, each once."""
    found: dict[int, list[Contrast]] = {}
    for contrast in dict.fromkeys(c for origin in origins for c in origin.contrasts):
        found.setdefault(contrast.turn, []).append(contrast)
    return {turn: "".join(_contrast(c) for c in contrasts) for turn, contrasts in found.items()}


def _contrast(contrast: Contrast) -> str:
    body = f'<div class="mw-text" dir="auto">{visible(contrast.instruction)}</div>'
    return details("This reply answers a modified instruction", body, css="mw-contrast")


def _call(r: TurnRecord) -> list[str]:
    sampling = ", ".join(f"{k} {v}" for k, v in r.sampling.items())
    tokens = f"{r.tokens_in:,} / {r.tokens_out:,} / {r.tokens_cached:,}"
    who = visible(f"{r.model} at {r.endpoint}")
    what = [str(r.turn), r.branch, r.role, visible(r.purpose), who, _code(r.prompt_hash), visible(sampling) or "–", str(r.seed)]
    return [*what, visible(r.finish_reason), tokens, f"{r.latency_s:.2f}", "–" if r.cost is None else f"{r.cost:.5f}"]


_CALLS = dict.fromkeys(("Turn", "Branch", "Role", "Purpose", "Model", "Prompt", "Sampling"), "text") | {"Seed": "num", "Finish": "text"}
_CALLS |= {"Tokens in / out / cached": "num", "Seconds": "num", "US$": "num"}


def origin_markup(origin: Origin) -> str:
    """One place that the pair came from, with the model call behind every generated message."""
    named = {"Source": origin.source, "Row": origin.locator, "Run": origin.run_id, "Method": origin.method, "Schedule": origin.schedule}
    body = facts([(name, visible(value)) for name, value in named.items() if value])
    if origin.meta:
        text = json.dumps(dict(origin.meta), ensure_ascii=False, indent=2, default=str)
        body += details("Further facts of this row", f'<div class="mw-text mw-raw" dir="auto">{visible(text)}</div>')
    if origin.turns:
        body += table("Model calls behind this pair", _CALLS, (_call(r) for r in origin.turns))
    return f"<li>{body}</li>"
