"""AlpacaEval annotations (tatsu-lab/alpaca_eval): two outputs for one instruction and one annotator's preference a row.

`preference` runs from 1 (the first output) to 2 (the second); 1.5, and 0 in older files, is a tie. Rows with an
`annotator_index` are the human annotations of AlpacaFarm, other rows those of an automatic annotator. AlpacaEval shuffles
the outputs of each call and does not keep in which order it showed them, so its verdicts come without readings.
"""

from collections.abc import Mapping
from typing import Any

from music_core.sources.messages import checked_text
from music_core.sources.origins import plain_origin
from music_core.sources.pandalm import instruction
from music_core.sources.rows import NO_VOTE, NO_VOTER, NOT_THIS_FORMAT, ForeignVotes, RowPairs, UnusableRowError
from music_core.sources.votes import Contest, Judge, Outcome, contest, label, name_of, verdict
from music_core.types import Message

FORMAT = "alpacaeval"
COLUMNS = ("instruction", "input", "output_1", "output_2", "generator_1", "generator_2", "annotator", "annotator_index", "preference")


def is_alpacaeval(row: Any) -> bool:
    """Whether the row has an instruction, two outputs and a preference."""
    return isinstance(row, Mapping) and {"instruction", "output_1", "output_2", "preference"} <= row.keys()


def read_alpacaeval(row: Any, locator: str) -> RowPairs:
    """One pair of one turn with one annotator's preference."""
    if not is_alpacaeval(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    preference = row["preference"]
    number = isinstance(preference, int | float) and not isinstance(preference, bool)
    if not number or not (preference == 0 or 1 <= preference <= 2):
        raise UnusableRowError(NO_VOTE)
    asked = Message("user", instruction(row))
    sides = [[asked, Message("assistant", checked_text(row[key]))] for key in ("output_1", "output_2")]
    found = contest(sides[0], sides[1], _systems(row), locator, plain_origin(row, locator, COLUMNS).meta)
    return RowPairs((found.item,), votes=_votes(row, found, 1.5 if preference == 0 else float(preference)))


def _votes(row: Mapping[str, Any], found: Contest, preference: float) -> ForeignVotes:
    outcome: Outcome = "tie" if preference == 1.5 else "first" if preference < 1.5 else "second"
    if row.get("annotator_index") is not None:
        person = f"{FORMAT}-annotator-{name_of(row['annotator_index'], NO_VOTER)}"
        return ForeignVotes(labels=(label(found, person, outcome, FORMAT, {"data": FORMAT}),))
    name = name_of(row.get("annotator"), NO_VOTER)
    return ForeignVotes(verdicts=(verdict(found, Judge(name, name), outcome, score=3 - 2 * preference),))


def _systems(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Both generators; None unless both are named."""
    names = (row.get("generator_1"), row.get("generator_2"))
    if not all(isinstance(n, str) and n.strip() for n in names):
        return None
    return name_of(names[0]), name_of(names[1])
