"""What a judge's reply says, or that it says nothing: 'unparsed' is an answer here, a guess is not.

Only a finished reply counts (`finish_reason` "stop"), only in the form that the prompt asked for, and only a
label among those offered. All functions are total: any text gives a label, in time linear in its length.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from music_core.types import ReadingLabel

LINE_PREFIX = "Verdict:"
YES_NO: Mapping[str, ReadingLabel] = {"yes": "yes", "no": "no"}
# Less than this much probability on yes and no together: the model was about to say something else.
MIN_YES_NO_MASS = 0.05
# Word-start marks of tokenisers, white space, quotes, emphasis and the stop that may be glued to the word.
_AROUND_WORD = " \t\r\n\u2581\u0120\u010a\"'*`.,!:"


def verdict_schema(offered: Iterable[str]) -> dict[str, Any]:
    """JSON schema of a verdict: `reason` first, so that the label is written after the thinking, then `verdict`."""
    return {
        "type": "object",
        "properties": {"reason": {"type": "string"}, "verdict": {"type": "string", "enum": list(offered)}},
        "required": ["reason", "verdict"],
        "additionalProperties": False,
    }


def parse_object(text: str, finish_reason: str, offered: Mapping[str, ReadingLabel]) -> ReadingLabel:
    """The label of a reply that is one object {reason, verdict} of `verdict_schema`, else 'unparsed'.

    A key given twice, another order, a third key or text around the object is not the form asked for.
    """
    if finish_reason != "stop":
        return "unparsed"
    try:
        # A tuple marks an object: an array stays a list, and a key given twice stays visible.
        found = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return "unparsed"
    if not isinstance(found, tuple) or [key for key, _ in found] != ["reason", "verdict"]:
        return "unparsed"
    (_, reason), (_, verdict) = found
    if not isinstance(reason, str) or not isinstance(verdict, str):
        return "unparsed"
    return offered.get(verdict, "unparsed")


def parse_line(text: str, finish_reason: str, offered: Mapping[str, ReadingLabel]) -> ReadingLabel:
    """The label of a reply whose final non-empty line is exactly 'Verdict: LABEL', else 'unparsed'.

    Words before that line are reasoning and never count, except that a whole earlier line of the same form with
    another label makes two verdicts, which is none.
    """
    if finish_reason != "stop":
        return "unparsed"
    forms = {f"{LINE_PREFIX} {label}": reading for label, reading in offered.items()}
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")
    last = forms.get(lines[-1].strip(), "unparsed")
    stated = {forms[line] for raw in lines if (line := raw.strip()) in forms}
    return last if len(stated) == 1 else "unparsed"


def parse_word(text: str, finish_reason: str, offered: Mapping[str, ReadingLabel] = YES_NO) -> ReadingLabel:
    """The label of a reply that is one bare word among `offered`, in any case, with a full stop at most."""
    if finish_reason != "stop":
        return "unparsed"
    word = text.strip()
    return offered.get(word.removesuffix(".").lower(), "unparsed") if len(word) <= 16 else "unparsed"


def probability_of_yes(first_token: Iterable[tuple[str, float]]) -> float | None:
    """P(yes) / (P(yes) + P(no)) over the alternatives of the first token, natural log-probabilities.

    Every spelling of the two words counts (' Yes', 'YES', '▁yes'). None when the two together hold less than
    `MIN_YES_NO_MASS`, or when no alternatives are given.
    """
    mass = {"yes": 0.0, "no": 0.0}
    for token, logprob in first_token:
        word = token.strip(_AROUND_WORD).lower()
        if word in mass and not math.isnan(logprob):
            mass[word] += math.exp(min(logprob, 0.0))
    total = mass["yes"] + mass["no"]
    return mass["yes"] / total if total >= MIN_YES_NO_MASS else None
