"""The table of Best-of-N: for every comparison, mode and N how often A's pick was judged better than B's."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

import numpy as np

from music_core.evaluate.best_of_n import Meeting, Mode
from music_core.evaluate.selectors import n_assistant_chars
from music_core.evaluate.statistics import cluster_interval
from music_core.types import Verdict, VerdictValue

Outcome = Literal["win", "loss", "tie", "flip", "split", "same_pick", "unresolved"]
# Half wins of A; what is not here has no winner and counts for nothing.
HALVES: Mapping[Outcome, int] = {"win": 2, "tie": 1, "flip": 1, "split": 1, "same_pick": 1, "loss": 0}


def outcome(meeting: Meeting, verdict: Verdict | None) -> Outcome:
    """What the judge's verdict on the meeting's pair says of A; `unresolved` also where there is no verdict."""
    if meeting.same:
        return "same_pick"
    value: VerdictValue = "unresolved" if verdict is None else verdict.value
    if value == "chosen" or value == "rejected":
        return "win" if value == meeting.a_side else "loss"
    return value


@dataclass(frozen=True, slots=True)
class WinRate:
    """One row: A against B in one mode under one N.

    `n_prompts` = wins + losses + ties + same_pick + unresolved. `ties` are the judge's, `flips` and `splits` among them. `left_out`
    prompts had no pick of one of the two (pool too short, or nothing could be scored). `win_rate` is of the prompts that are not
    unresolved, a tie and a same pick each half a win; `win_rate_apart` only of those where the picks differ. `interval` is the
    95 % percentile bootstrap interval of `win_rate`, clustered on the prompt. `flip_rate` and `first_rate` (how often the judge
    named the first conversation) are of the judged pairs, `longer_rate` of the `wins + losses`: how often the pick with more
    characters by the assistant won. What is None is explained in `note`.
    """

    a: str
    b: str
    mode: Mode
    n: int
    n_prompts: int
    wins: int
    losses: int
    ties: int
    flips: int
    splits: int
    same_pick: int
    unresolved: int
    left_out: int
    win_rate: float | None
    interval: tuple[float, float] | None
    win_rate_apart: float | None
    flip_rate: float | None
    first_rate: float | None
    longer_rate: float | None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON types."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"interval": None if self.interval is None else list(self.interval)}


def win_rates(
    found: Sequence[Meeting],
    verdicts: Mapping[str, Verdict],
    *,
    cells: Iterable[tuple[str, str, Mode, int]],
    n_asked: int,
    seed: int = 0,
    n_boot: int = 1000,
) -> list[WinRate]:
    """One row for each (a, b, mode, N) of `cells`. `verdicts` are one judge's, by pair id; `n_asked` prompts were to be compared.

    B against A mirrors A against B. `seed` starts the bootstrap of `n_boot` replicates, anew for each row.
    """
    by_cell: dict[tuple[str, str, Mode, int], list[Meeting]] = {}
    for m in found:
        by_cell.setdefault((m.a.selector, m.b.selector, m.a.mode, m.a.n), []).append(m)
    return [_row(cell, by_cell.get(cell, []), verdicts, n_asked, seed, n_boot) for cell in cells]


def _row(
    cell: tuple[str, str, Mode, int], met: Sequence[Meeting], verdicts: Mapping[str, Verdict], n_asked: int, seed: int, n_boot: int
) -> WinRate:
    a, b, mode, n = cell
    said = [(m, verdicts.get(m.pair.id), outcome(m, verdicts.get(m.pair.id))) for m in met]
    counts = Counter(o for _, _, o in said)
    counted = [(m.a.seed_id, HALVES[o]) for m, _, o in said if o in HALVES]
    apart = [HALVES[o] for _, _, o in said if o in HALVES and o != "same_pick"]
    interval = _interval(counted, mirrored=b < a, seed=seed, n_boot=n_boot)
    ties = counts["tie"] + counts["flip"] + counts["split"]
    return WinRate(
        a=a,
        b=b,
        mode=mode,
        n=n,
        n_prompts=len(met),
        wins=counts["win"],
        losses=counts["loss"],
        ties=ties,
        flips=counts["flip"],
        splits=counts["split"],
        same_pick=counts["same_pick"],
        unresolved=counts["unresolved"],
        left_out=n_asked - len(met),
        win_rate=_share(sum(half for _, half in counted), 2 * len(counted)),
        interval=interval,
        win_rate_apart=_share(sum(apart), 2 * len(apart)),
        flip_rate=_share(counts["flip"], len(apart)),
        first_rate=_mean([v.first_rate for _, v, o in said if v and v.first_rate is not None and o != "same_pick"]),
        longer_rate=_longer_rate([(m, o) for m, _, o in said if o in ("win", "loss")]),
        note=_note(len(met), [half for _, half in counted], n_boot, no_interval=interval is None),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _longer_rate(decided: Sequence[tuple[Meeting, Outcome]]) -> float | None:
    """Share of the decided meetings that the longer pick won; equally long ones do not count."""
    gaps = [(n_assistant_chars(m.a.conversation) - n_assistant_chars(m.b.conversation), o == "win") for m, o in decided]
    return _mean([float((gap > 0) == won) for gap, won in gaps if gap])


def _interval(counted: Sequence[tuple[str, int]], *, mirrored: bool, seed: int, n_boot: int) -> tuple[float, float] | None:
    """Computed as the comparison whose names are in order, so that B against A has exactly the mirrored interval."""
    names = sorted({name for name, _ in counted})
    at = {name: i for i, name in enumerate(names)}
    hits, totals = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    for name, half in counted:
        hits[at[name]] += 2 - half if mirrored else half
        totals[at[name]] += 2
    found = cluster_interval(hits, totals, seed=seed, n_boot=n_boot)
    return (1 - found[1], 1 - found[0]) if found and mirrored else found


def _note(n_prompts: int, halves: Sequence[int], n_boot: int, *, no_interval: bool) -> str:
    if not n_prompts:
        return "No prompt has a pick of both."
    if not halves:
        return "No judge's answer could be read."
    if not no_interval:
        return ""
    if n_boot < 1:
        return "No interval was asked for."
    return "No interval: one prompt only." if len(halves) == 1 else f"No interval: all {len(halves)} prompts ended alike."
