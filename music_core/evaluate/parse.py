"""What a judge's reply says, or that it says nothing: 'unparsed' is an answer here, a guess is not.

Only a finished reply counts (`finish_reason` "stop"), only in the form that the prompt asked for, and only an
answer among those offered. All functions are total: any text gives an answer, in time linear in its length.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from music_core.types import ReadingLabel

VERDICT, SCORE = "verdict", "score"
"""What an answer is called: the key of an object, the word before the colon of a line."""
# Less than this much probability on yes and no together: the model was about to say something else.
MIN_YES_NO_MASS = 0.05
# Word-start marks of tokenisers, white space, quotes, emphasis and the stop that may be glued to the word.
_AROUND_WORD = " \t\r\n\u2581\u0120\u010a\"'*`.,!:"


class Answer(NamedTuple):
    """What one reply says; `p_yes` and `grade` as in `Reading`."""

    label: ReadingLabel
    p_yes: float | None = None
    grade: float | None = None


UNPARSED = Answer("unparsed")
YES_NO: Mapping[str, Answer] = {"yes": Answer("yes"), "no": Answer("no")}


def answer_schema(offered: Iterable[str | int], key: str = VERDICT) -> dict[str, Any]:
    """JSON schema of an answer: `reason` first, so that the answer is written after the thinking, then `key`.

    The offered answers are all words or all whole numbers.
    """
    listed = list(offered)
    kind = "string" if all(isinstance(o, str) for o in listed) else "integer"
    return {
        "type": "object",
        "properties": {"reason": {"type": "string"}, key: {"type": kind, "enum": listed}},
        "required": ["reason", key],
        "additionalProperties": False,
    }


def parse_object(text: str, finish_reason: str, offered: Mapping[str, Answer] | Mapping[int, Answer], key: str = VERDICT) -> Answer:
    """The answer of a reply that is one object {reason, `key`} of `answer_schema`, else unparsed.

    A key given twice, another order, a third key or text around the object is not the form asked for; neither is a
    number in quotes or with a fraction, nor a label that is a number.
    """
    if finish_reason != "stop":
        return UNPARSED
    try:
        # A tuple marks an object: an array stays a list, and a key given twice stays visible.
        found = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return UNPARSED
    if not isinstance(found, tuple) or [name for name, _ in found] != ["reason", key]:
        return UNPARSED
    (_, reason), (_, said) = found
    if not isinstance(reason, str):
        return UNPARSED
    # By type as well: to Python 1, 1.0 and True are the same key.
    return next((answer for option, answer in offered.items() if type(said) is type(option) and said == option), UNPARSED)


def parse_line(text: str, finish_reason: str, offered: Mapping[str, Answer] | Mapping[int, Answer], key: str = VERDICT) -> Answer:
    """The answer of a reply whose final non-empty line is exactly 'Verdict: LABEL' ('Score: N' for `SCORE`), else unparsed.

    Words before that line are reasoning and never count, except that a whole earlier line of the same form with
    another answer makes two answers, which is none.
    """
    if finish_reason != "stop":
        return UNPARSED
    forms = {f"{key.capitalize()}: {option}": answer for option, answer in offered.items()}
    last = text.replace("\r\n", "\n").replace("\r", "\n").strip().rpartition("\n")[2].strip()
    # `splitlines` also ends lines at vertical tabs and Unicode's separators: what looks like a line to a reader speaks against
    # the last one, while the last one itself must stand alone by plain line ends.
    stated = {line for raw in text.splitlines() if (line := raw.strip()) in forms}
    return forms[last] if stated == {last} else UNPARSED


def parse_word(text: str, finish_reason: str, offered: Mapping[str, Answer] = YES_NO) -> Answer:
    """The answer of a reply that is one bare word among `offered`, in any case, with a full stop at most."""
    if finish_reason != "stop":
        return UNPARSED
    word = text.strip()
    # ASCII only: other alphabets hold letters whose lower case is one of ours (the Kelvin sign is a k).
    return offered.get(word.removesuffix(".").lower(), UNPARSED) if len(word) <= 16 and word.isascii() else UNPARSED


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
