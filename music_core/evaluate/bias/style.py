"""How often a rater takes the chosen side if both sides were written alike: a logistic regression on differences of style.

After the style control of Chatbot Arena (T. Li, A. Angelopoulos, W.-L. Chiang, Does style matter? Disentangling style and
substance in Chatbot Arena, 2024): a feature enters as (a − b) / (a + b), scaled to unit spread. Which side comes first in
that difference must not matter, so every decision enters once in each orientation, each with half the weight. There is
then no constant term, and the spread is that around zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from music_core.evaluate.bias.cases import Pairs, Said, StyleCounts
from music_core.evaluate.bias.figures import Z95, Boot, Counts, Figure, Group, Mask, Reals, missing, share
from music_core.evaluate.bias.logistic import fit, robust_covariance, sigmoid, standard_errors

# What is counted on each side: characters, then matches of these patterns (of RE2 and of Python alike) outside of code blocks.
PATTERNS: Mapping[str, str] = {
    "headers": r"(?m)^#{1,6}[ \t]",
    "lists": r"(?m)^[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]",
    "bold": r"\*\*[^*\n]+\*\*|__[^_\n]+__",
}
CODE_BLOCK = r"(?s)```.*?```"
FEATURES = ("chars", *PATTERNS)
# Fewer decisions per coefficient than this are no basis (P. Peduzzi et al., Journal of Clinical Epidemiology 49, 1996).
MIN_DECISIONS_PER_COEFFICIENT = 10
# Log odds. A coefficient less certain than this has no finite estimate without the ridge: the decisions can be told apart
# without error, or two columns say the same.
MAX_STANDARD_ERROR = 2.0


@dataclass(frozen=True, slots=True)
class StyleAdjusted:
    """Agreement with construction as it is and with style held equal, and what a unit of style weighs.

    `raw` and `adjusted` are over the `raw.n` decisions on built pairs. `coefficients` are log odds per standard deviation
    of a feature's difference, over all decisions.
    """

    raw: Figure
    adjusted: Figure
    coefficients: Mapping[str, Figure] = field(default_factory=dict)


def style_adjusted(pairs: Pairs, decided: Said, styles: StyleCounts, boot: Boot) -> StyleAdjusted:
    """Regress the decisions of one rater (votes that name a side) on style; `styles` as in `BiasData`."""
    known = decided.where(np.array([pairs.facts[i].pair_id in styles for i in decided.at], np.bool_))
    seeds, built = pairs.seeds[known.at], pairs.built[known.at]
    raw = share(Group.of(known.values == 1, seeds, built), boot, "There is no decision on a built pair whose style is known.")
    columns = _columns(known, built, _differences([styles[pairs.facts[i].pair_id] for i in known.at]))
    note = _why_not(columns, len(known.at))
    if note:
        return StyleAdjusted(raw, missing(note, raw.n))
    return _estimated(raw, columns, seeds)


def _differences(counts: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> Reals:
    """(chosen − rejected) / (chosen + rejected) per decision and feature, 0 where neither side has any."""
    table = np.array(counts, np.float64).reshape(len(counts), 2, len(FEATURES))
    total = table.sum(axis=1)
    relative: Reals = (table[:, 0] - table[:, 1]) / np.where(total > 0, total, 1.0)
    return relative


def _columns(decided: Said, built: Mask, differences: Reals) -> Mapping[str, Reals]:
    """What the preferred side has over the other: being chosen (built pairs only), then the features that vary, at unit spread."""
    columns: dict[str, Reals] = {"chosen": decided.values.astype(np.float64) * built} if built.any() else {}
    for name, difference in zip(FEATURES, differences.T, strict=True):
        spread = float(np.sqrt(np.mean(difference**2))) if len(difference) else 0.0
        if spread > 0:
            columns[name] = decided.values * difference / spread
    return columns


def _why_not(columns: Mapping[str, Reals], n: int) -> str:
    needed = MIN_DECISIONS_PER_COEFFICIENT * len(columns)
    if n == 0:
        return "There is no decision on a pair whose style is known."
    if set(columns) <= {"chosen"}:
        return "No feature of style differs between the sides."
    return f"Too few: {len(columns)} coefficients need {needed} decisions, there are {n}." if n < needed else ""


def _estimated(raw: Figure, columns: Mapping[str, Reals], seeds: Counts) -> StyleAdjusted:
    x = np.stack(list(columns.values()), axis=1)
    beta = fit(x)
    uncertain = [name for name, error in zip(columns, standard_errors(x, beta), strict=True) if error > MAX_STANDARD_ERROR]
    if uncertain:
        note = f"No finite estimate: no decision goes against {', '.join(uncertain)}, or it always goes along with another column."
        return StyleAdjusted(raw, missing(note, raw.n))
    covariance = robust_covariance(x, beta, seeds)
    n, n_seeds = len(seeds), len(np.unique(seeds))
    found: dict[str, Figure] = {}
    for k, name in enumerate(columns):
        half = None if covariance is None else Z95 * float(np.sqrt(covariance[k, k]))
        interval = None if half is None else (float(beta[k]) - half, float(beta[k]) + half)
        found[name] = Figure(float(beta[k]), n, n_seeds, interval, "" if interval else "No interval: all decisions come from one seed.")
    chosen = found.pop("chosen", None)
    return StyleAdjusted(raw, missing(raw.note, raw.n) if chosen is None else _as_share(chosen, raw), found)


def _as_share(log_odds: Figure, raw: Figure) -> Figure:
    """The log odds of taking the chosen side as a share."""
    value = None if log_odds.value is None else sigmoid(log_odds.value)
    interval = None if log_odds.interval is None else (sigmoid(log_odds.interval[0]), sigmoid(log_odds.interval[1]))
    return Figure(value, raw.n, raw.n_seeds, interval, log_odds.note)
