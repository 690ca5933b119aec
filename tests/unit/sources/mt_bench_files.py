"""A small folder in MT-bench's layout: three questions, three models, three voters, GPT-4 in both orders."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

QUESTIONS = [
    {"question_id": 81, "category": "writing", "turns": ["Write a blog post about Hawaii.", "Rewrite it, every sentence with an A."]},
    {"question_id": 82, "category": "roleplay", "turns": ["Pretend to be a parrot.", "Now a tired one."]},
    {"question_id": 101, "category": "math", "turns": ["What is 17 times 3?", "And plus 9?"], "reference": ["51", "60"]},
]
MODELS = ("alpha", "beta", "gamma")


def reply(model: str, question_id: int, turn: int) -> str:
    """Every reply is one of a kind, but for one that alpha and beta share word by word."""
    shared = question_id == 82 and turn == 1 and model in ("alpha", "beta")
    return "Squawk." if shared else f"{model} on {question_id}, turn {turn}."


def vote(question_id: int, turn: int, a: str, b: str, winner: str, judge: Any, **more: Any) -> dict[str, Any]:
    """A person's vote as in the human judgments."""
    return {"question_id": question_id, "model_a": a, "model_b": b, "winner": winner, "judge": judge, "turn": turn} | more


def games(question_id: int, turn: int, one: str, two: str, winners: Sequence[str]) -> dict[str, Any]:
    """GPT-4's two games on a pair as in gpt-4_pair.jsonl."""
    named = dict(zip(("g1_winner", "g2_winner"), winners, strict=True))
    raw = {"g1_judgment": f"First game. [[{winners[0]}]]", "g2_judgment": f"Second game. [[{winners[1]}]]"}
    prompt = "pair-v2" if turn == 1 else "pair-v2-multi-turn"
    about = {"question_id": question_id, "model_1": one, "model_2": two, "judge": ["gpt-4", prompt], "turn": turn, "tstamp": 1.7e9}
    return about | named | raw


# By the fixed orientation (the first name of the alphabet is `chosen`), + for it, − against it, 0 for a tie:
#                             expert_1  expert_2  author_1   GPT-4
#   81 turn 1  alpha beta        +         +         0       + +    chosen
#   81 turn 2  alpha beta        −         0                 − +    flip
#   82 turn 1  alpha gamma       +         −                 0 −    split
#   82 turn 2  beta gamma        −         −         −       + +    chosen
#  101 turn 1  alpha beta      + then −    −                 ? +    unresolved
HUMAN = [
    vote(81, 1, "alpha", "beta", "model_a", "expert_1"),
    vote(81, 1, "beta", "alpha", "model_b", "expert_2", tstamp=1_684_000_000.5),
    vote(81, 1, "alpha", "beta", "tie", "author_1"),
    vote(81, 2, "beta", "alpha", "model_a", "expert_1"),
    vote(81, 2, "alpha", "beta", "tie (inconsistent)", "expert_2"),
    vote(82, 1, "alpha", "gamma", "model_a", "expert_1"),
    vote(82, 1, "gamma", "alpha", "model_a", "expert_2"),
    vote(82, 2, "beta", "gamma", "model_b", "expert_1"),
    vote(82, 2, "gamma", "beta", "model_a", "expert_2"),
    vote(82, 2, "beta", "gamma", "model_b", "author_1"),
    vote(101, 1, "alpha", "beta", "model_a", "expert_1"),
    vote(101, 1, "alpha", "beta", "model_b", "expert_1"),
    vote(101, 1, "beta", "alpha", "model_a", "expert_2"),
]
UNUSABLE = [
    vote(81, 1, "alpha", "delta", "model_a", "expert_1"),
    vote(82, 1, "alpha", "beta", "model_b", "expert_1"),
    vote(81, 1, "alpha", "beta", "model_c", "expert_1"),
]
GPT4 = [
    games(81, 1, "alpha", "beta", ("model_1", "model_1")),
    games(81, 2, "beta", "alpha", ("model_1", "model_2")),
    games(82, 1, "alpha", "gamma", ("tie", "model_2")),
    games(82, 2, "beta", "gamma", ("model_1", "model_1")),
    games(101, 1, "alpha", "beta", ("error", "model_1")),
]


def write_lines(path: Path, rows: Iterable[Any]) -> Path:
    """One JSON value a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_folder(path: Path, human: Sequence[Any] = (*HUMAN, *UNUSABLE), gpt4: Sequence[Any] = GPT4) -> Path:
    """The folder at `path`; a file of votes that has no rows is not written."""
    write_lines(path / "question.jsonl", QUESTIONS)
    for model in MODELS:
        turns = {q["question_id"]: [reply(model, q["question_id"], t) for t in (1, 2)] for q in QUESTIONS}  # type: ignore[arg-type]
        rows = [{"question_id": q, "model_id": model, "choices": [{"index": 0, "turns": t}]} for q, t in turns.items()]
        write_lines(path / "model_answer" / f"{model}.jsonl", rows)
    if human:
        write_lines(path / "human_judgments.jsonl", human)
    if gpt4:
        write_lines(path / "model_judgment" / "gpt-4_pair.jsonl", gpt4)
    # Grades of single answers lie beside the verdicts in every real folder, and are no votes on a pair.
    write_lines(path / "model_judgment" / "gpt-4_single.jsonl", [{"question_id": 81, "model": "alpha", "score": 7}])
    return path
