"""MT-bench votes and verdicts (Zheng et al., arXiv 2306.05685; the layout of FastChat's llm_judge).

A vote of a person names two models and a winner: {question_id, model_a, model_b, winner, judge, turn}, with the two whole
conversations in `conversation_a` and `conversation_b` in the data set of the hub. A verdict of a judge holds two games,
one in each order: {question_id, model_1, model_2, g1_winner, g2_winner, judge, turn}; in the data set of the hub only what
they were resolved to. The voted pair ends with the voted turn.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from music_core.sources.messages import read_messages
from music_core.sources.rows import (
    NO_ANSWER,
    NO_VOTER,
    NOT_PAIRWISE,
    NOT_THIS_FORMAT,
    UNKNOWN_TURN,
    UNKNOWN_WINNER,
    ForeignVotes,
    RowPairs,
    UnusableRowError,
)
from music_core.sources.votes import Contest, Judge, Outcome, contest, label, name_of, reading, verdict
from music_core.types import Message

FORMAT = "mt-bench"
# Question, system and turn in; the conversation up to that turn out. Raises `UnusableRowError` when there is none.
Answers = Callable[[str, str, int], list[Message]]
About = Callable[[str], Mapping[str, Any]]
_OUTCOMES: Mapping[str, Outcome] = {
    "model_a": "first",
    "model_1": "first",
    "model_b": "second",
    "model_2": "second",
    "tie": "tie",
    "tie (bothbad)": "both_bad",
    "both_bad": "both_bad",
}
_INCONSISTENT = ("tie (inconsistent)", "inconsistent")
# "gpt4_pair" and "gpt-4-pair" of the tables, and a bare "gpt-4"; a list ["gpt-4", "pair-v2"] in the judgment files.
_PAIR_JUDGE = re.compile(r"(?P<model>.+?)[-_ ]pair(?:[-_ ].*)?|(?P<gpt>gpt[-_]?\d.*)", re.IGNORECASE)
MAX_TURNS = 1000


def is_mt_bench(row: Any) -> bool:
    """Whether the row is a vote that brings both conversations along."""
    return is_vote(row) and all(isinstance(row.get(f"conversation_{x}"), list) for x in "ab")


def is_vote(row: Any) -> bool:
    """Whether the row names two models and a winner, or the winners of two games."""
    if not isinstance(row, Mapping):
        return False
    return {"model_a", "model_b", "winner"} <= row.keys() or {"model_1", "model_2", "g1_winner", "g2_winner"} <= row.keys()


def read_mt_bench(row: Any, locator: str) -> RowPairs:  # noqa: ARG001 -- many rows vote on one pair
    """The pair and the vote of a row that brings both conversations along."""
    if not is_mt_bench(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    return read_vote(row)


def read_vote(row: Any, answers: Answers | None = None, about: About | None = None) -> RowPairs:
    """The pair and the vote of any row; conversations that it does not hold come from `answers`.

    `about` gives what is kept in the pair's origin about a question (its category).
    """
    if not is_vote(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    keys = ("model_a", "model_b") if "model_a" in row else ("model_1", "model_2")
    systems = (name_of(row[keys[0]]), name_of(row[keys[1]]))
    judge = judge_of(row.get("judge"))
    if judge is None and "g1_winner" in row:  # people vote once; only automatic judges play both games
        name = name_of(row.get("judge"), NO_VOTER)
        judge = Judge(f"{name}-pair", name, "pair")
    question = name_of(row.get("question_id"), NOT_THIS_FORMAT)
    turn = _turn(row, judge)
    sides = [_conversation(row, letter, answers, question, system, turn) for letter, system in zip("ab", systems, strict=True)]
    meta = {"question_id": question, "turn": turn, **(about(question) if about else {})}
    found = contest(sides[0], sides[1], systems, f"{question}/turn {turn}/{{chosen}}/{{rejected}}", meta)
    return RowPairs((found.item,), votes=_votes(row, found, judge, question, turn))


def judge_of(value: Any) -> Judge | None:
    """The automatic judge that `judge` names; None for a person. Raises `UnusableRowError` for a judge of single answers."""
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        model, prompt = name_of(value[0], NO_VOTER), "/".join(value[1:])
        if prompt.startswith("single"):
            raise UnusableRowError(NOT_PAIRWISE)
        return Judge(f"{_model(model)}-pair", _model(model), prompt)
    if isinstance(value, str) and (match := _PAIR_JUDGE.fullmatch(value.strip())):
        model = _model(match["model"] or match["gpt"])
        return Judge(f"{model}-pair", model, "pair")
    return None


def _model(name: str) -> str:
    """One name for GPT-4, which the files write in two ways."""
    return "gpt-4" if name.lower() == "gpt4" else name


def _votes(row: Mapping[str, Any], found: Contest, judge: Judge | None, question: str, turn: int) -> ForeignVotes:
    if judge and "g1_winner" in row and "g2_winner" in row:
        games = ((row["g1_winner"], "first", row.get("g1_judgment")), (row["g2_winner"], "second", row.get("g2_judgment")))
        return ForeignVotes(
            readings=tuple(
                reading(found, judge, _game(winner), "first" if shown == "first" else "second", raw if isinstance(raw, str) else "")
                for winner, shown, raw in games
            )
        )
    winner = row.get("winner")
    if not isinstance(winner, str) or winner not in (*_OUTCOMES, *_INCONSISTENT, *(("error",) if judge else ())):
        raise UnusableRowError(UNKNOWN_WINNER)
    if judge:
        outcome = "inconsistent" if winner in _INCONSISTENT else _OUTCOMES.get(winner)
        return ForeignVotes(verdicts=(verdict(found, judge, outcome),))
    shown = {"data": FORMAT, "question_id": question, "turn": turn}
    return ForeignVotes(labels=(label(found, row.get("judge"), _OUTCOMES.get(winner, "tie"), FORMAT, shown, _moment(row.get("tstamp"))),))


def _game(winner: Any) -> Outcome | None:
    """The outcome of one game; None for `error`, which is how FastChat marks an answer that it could not read."""
    if winner != "error" and (not isinstance(winner, str) or winner not in _OUTCOMES):
        raise UnusableRowError(UNKNOWN_WINNER)
    return _OUTCOMES.get(winner)


def _turn(row: Mapping[str, Any], judge: Judge | None) -> int:
    """The voted turn, from 1. Older judgment files say it by the name of the prompt only."""
    turn = row.get("turn")
    if turn is None and judge and judge.prompt != "pair":
        return 2 if judge.prompt.endswith("multi-turn") else 1
    if isinstance(turn, float) and turn.is_integer():
        turn = int(turn)
    if not isinstance(turn, int) or isinstance(turn, bool) or not 1 <= turn <= MAX_TURNS:
        raise UnusableRowError(UNKNOWN_TURN)
    return turn


def _conversation(row: Mapping[str, Any], letter: str, answers: Answers | None, question: str, system: str, turn: int) -> list[Message]:
    """What the voter read: the conversation in the row itself where there is one, up to the voted turn."""
    own = row.get(f"conversation_{letter}")
    if not isinstance(own, list):
        if answers is None:
            raise UnusableRowError(NO_ANSWER)
        return answers(question, system, turn)
    messages = read_messages(own)
    replies = [i for i, m in enumerate(messages) if m.role == "assistant"]
    if len(replies) < turn:
        raise UnusableRowError(NO_ANSWER)
    return messages[: replies[turn - 1] + 1]


def _moment(stamp: Any) -> datetime | None:
    """A Unix time in seconds, where there is a plausible one."""
    if not isinstance(stamp, int | float) or isinstance(stamp, bool) or not 0 < stamp < 2**33:
        return None
    return datetime.fromtimestamp(stamp, UTC)
