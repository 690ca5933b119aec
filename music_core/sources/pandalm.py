"""PandaLM's test set (Wang et al., arXiv 2306.05087): two responses to one instruction and the choices of three annotators.

A verdict of PandaLM (`pandalm_result`) or of GPT-3.5 (`gpt_result`) may stand in the same row. These were asked in one order
only, so they count as verdicts without readings. Choices are 0 tie, 1 and 2.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from music_core.sources.messages import checked_text
from music_core.sources.origins import plain_origin
from music_core.sources.rows import NO_VOTE, NOT_THIS_FORMAT, ForeignVotes, RowPairs, UnusableRowError
from music_core.sources.votes import Contest, Judge, Outcome, contest, label, verdict
from music_core.types import GivenLabel, Message, Verdict

FORMAT = "pandalm"
COLUMNS = ("instruction", "input", "response1", "response2", "cmp_key", "annotator1", "annotator2", "annotator3")
_OUTCOMES: Mapping[Any, Outcome] = {0: "tie", 1: "first", 2: "second", "0": "tie", "tie": "tie", "Tie": "tie", "1": "first", "2": "second"}
_JUDGES: Mapping[str, Judge] = {
    "pandalm_result": Judge("pandalm-7b", "pandalm-7b"),
    "gpt_result": Judge("gpt-3.5-turbo", "gpt-3.5-turbo"),
}


def is_pandalm(row: Any) -> bool:
    """Whether the row has an instruction, two responses and an annotator."""
    return isinstance(row, Mapping) and {"instruction", "response1", "response2", "annotator1"} <= row.keys()


def read_pandalm(row: Any, locator: str) -> RowPairs:
    """One pair of one turn, with a label of each annotator and the verdicts beside them; a choice that is missing is left out."""
    if not is_pandalm(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    asked = Message("user", instruction(row))
    sides = [[asked, Message("assistant", checked_text(row[key]))] for key in ("response1", "response2")]
    about = plain_origin(row, locator, (*COLUMNS, *_JUDGES)).meta
    found = contest(sides[0], sides[1], _systems(row.get("cmp_key")), locator, about)
    votes = ForeignVotes(labels=tuple(_labels(row, found)), verdicts=tuple(_verdicts(row, found)))
    if not votes:
        raise UnusableRowError(NO_VOTE)
    return RowPairs((found.item,), votes=votes)


def instruction(row: Mapping[str, Any]) -> str:
    """The user's message: the instruction, and below it the input that goes with it, if any."""
    text = checked_text(row["instruction"])
    given = row.get("input")
    return f"{text}\n\n{checked_text(given)}" if isinstance(given, str) and given.strip() else text


def _labels(row: Mapping[str, Any], found: Contest) -> Iterator[GivenLabel]:
    for key in ("annotator1", "annotator2", "annotator3"):
        if (outcome := _outcome(row.get(key))) is not None:
            yield label(found, f"{FORMAT}-{key}", outcome, FORMAT, {"data": FORMAT})


def _verdicts(row: Mapping[str, Any], found: Contest) -> Iterator[Verdict]:
    for key, judge in _JUDGES.items():
        if (outcome := _outcome(row.get(key))) is not None:
            yield verdict(found, judge, outcome)


def _outcome(value: Any) -> Outcome | None:
    return _OUTCOMES.get(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None


def _systems(key: Any) -> tuple[str, str] | None:
    """The two systems of `bloom-7b_llama-7b`; None where that cannot be told."""
    names = checked_text(key).split("_") if isinstance(key, str) else []
    return (names[0], names[1]) if len(names) == 2 and all(names) else None
