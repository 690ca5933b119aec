"""A model's reward traces as a static drawing: no script, colours from the style sheet. Pure."""

from collections.abc import Mapping, Sequence

from jobs.report.markup import attribute, signed, table, visible
from music_core.types import BRANCHES, BranchName, RewardTrace

WIDTH, HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 30
MOST_TICKS = 12


def _scale(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or 0.5
    return low - room, high + room


def svg(sides: Mapping[BranchName, RewardTrace], divergence: int, name: str) -> str:
    """Rewards over turns: chosen solid with circles, rejected dashed with squares, a dotted line where the sides part."""
    values = [r for b in BRANCHES if b in sides for r in sides[b].rewards]
    if not values:
        return ""
    low, high = _scale(values)
    n = max(len(t.rewards) for t in sides.values())

    def x(turn: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * ((turn - 1) / (n - 1) if n > 1 else 0.5), 1)

    def y(value: float) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low), 1)

    drawn = ""
    for k in range(5):
        value = low + (high - low) * k / 4
        drawn += f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(value)}" y2="{y(value)}"/>'
        drawn += f'<text x="{_LEFT - 6}" y="{y(value) + 4}" text-anchor="end">{signed(value)}</text>'
    for turn in range(1, n + 1, -(-n // MOST_TICKS)):
        drawn += f'<text x="{x(turn)}" y="{HEIGHT - 10}" text-anchor="middle">{turn}</text>'
    if divergence:
        drawn += f'<line class="parting" x1="{x(divergence)}" x2="{x(divergence)}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'
    drawn += "".join(
        _line(branch, [(x(t), y(r)) for t, r in enumerate(sides[branch].rewards, 1)]) for branch in BRANCHES if branch in sides
    )
    label = attribute(f"Reward after each turn, by {name}; the table below holds the same figures")
    return f'<svg class="mw-trace" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{drawn}</svg>'


def _line(branch: BranchName, points: Sequence[tuple[float, float]]) -> str:
    path = " ".join(f"{px},{py}" for px, py in points)
    if branch == "chosen":
        marks = "".join(f'<circle cx="{px}" cy="{py}" r="3.5"/>' for px, py in points)
    else:
        marks = "".join(f'<rect x="{px - 3.2:.1f}" y="{py - 3.2:.1f}" width="6.4" height="6.4"/>' for px, py in points)
    return f'<g class="{branch}"><polyline points="{path}"/>{marks}</g>'


def traces_markup(
    traces: Mapping[str, Mapping[BranchName, RewardTrace]], divergence: int, model_names: Mapping[str, str], names: Mapping[BranchName, str]
) -> str:
    """Every model's drawing with its table under it, by model id."""
    if not traces:
        return "<p>No reward model has scored this pair.</p>"
    out = '<p class="mw-note">Reward of the conversation if it ended after that turn; not a credit for that turn.</p>'
    # Two sides may be called alike, so a heading of the table is told apart by what stands after its name.
    columns = {"Turn": "text", **{f"{visible(names[b])}<!--{b}-->": "num" for b in BRANCHES}, "Margin": "num"}
    for model_id, sides in traces.items():
        name = model_names.get(model_id, model_id)
        key = f'<span class="mw-key-chosen">—●— {visible(names["chosen"])}</span> '
        key += f'<span class="mw-key-rejected">- ■ - {visible(names["rejected"])}</span>'
        head = f'<h3>{visible(name)}</h3><p class="mw-note">{key}</p>{svg(sides, divergence, name)}'
        out += head + table(f"Reward after each turn, by {name}", columns, _rows(sides))
    return out


def _rows(sides: Mapping[BranchName, RewardTrace]) -> list[list[str]]:
    n = max(len(t.rewards) for t in sides.values())
    out = []
    for i in range(n):
        values = [sides[b].rewards[i] if b in sides and i < len(sides[b].rewards) else None for b in BRANCHES]
        margin = None if values[0] is None or values[1] is None else values[0] - values[1]
        out.append([str(i + 1), *(signed(v, 3) for v in (*values, margin))])
    return out
