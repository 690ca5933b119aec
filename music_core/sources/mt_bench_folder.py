"""A folder in MT-bench's own layout: the questions, the models' answers, the votes of people and the verdicts of judges.

question.jsonl, model_answer/MODEL.jsonl, and as many of: human_judgments.jsonl (any file with `human` or `vote` in its name
or its folder's), model_judgment/JUDGE_pair.jsonl (any with `pair`). Other judgment files grade single answers and are not read.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from music_core.errors import SourceError
from music_core.sources.files import ENDINGS, check_file
from music_core.sources.messages import checked_text
from music_core.sources.mt_bench import read_vote
from music_core.sources.rows import NO_ANSWER, NO_QUESTION, RowPairs, UnusableRowError
from music_core.types import Message

QUESTIONS = "question.jsonl"
# Relative to the folder that was named; a checkout of FastChat has it at the third.
PLACES = ("", "*", "data/*", "*/data/*", "*/*/data/*")
PREFERRED = "mt_bench"
_NO_VOTES = ("model_answer", "reference_answer")
_VOTE_NAMES = ("human", "pair", "vote")
# Reads the rows of one file: handed in, since `read` knows this module.
RowsOf = Callable[[Path], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class MtBenchFolder:
    """A folder that was opened: `turns` holds the user's messages by question, `answers` the replies by system and question."""

    path: Path
    turns: Mapping[str, Sequence[Any]]
    categories: Mapping[str, str]
    answers: Mapping[str, Mapping[str, Sequence[Any]]]
    vote_files: tuple[Path, ...]

    def rows(self, rows_of: RowsOf) -> Generator[Any]:
        """Every vote and verdict."""
        for path in self.vote_files:
            yield from rows_of(path)

    def read(self, row: Any, locator: str) -> RowPairs:  # noqa: ARG002 -- many rows vote on one pair
        """The pair and the vote of one row."""
        return read_vote(row, self.conversation, self.about)

    def conversation(self, question: str, system: str, turn: int) -> list[Message]:
        """The system's conversation on the question up to `turn`. Raises `UnusableRowError` where a part of it is missing."""
        asked, replies = self.turns.get(question, ()), self.answers.get(system, {}).get(question, ())
        if len(asked) < turn:
            raise UnusableRowError(NO_QUESTION)
        if len(replies) < turn:
            raise UnusableRowError(NO_ANSWER)
        out: list[Message] = []
        for user, assistant in zip(asked[:turn], replies[:turn], strict=True):
            out += [Message("user", checked_text(user)), Message("assistant", checked_text(assistant))]
        return out

    def about(self, question: str) -> Mapping[str, Any]:
        """The question's category, where it has one."""
        return {"category": self.categories[question]} if question in self.categories else {}


def find_folder(path: Path) -> Path | None:
    """The folder with question.jsonl in or below `path`; `mt_bench` where there are several. Raises `SourceError` if that is no help."""
    for place in PLACES:
        found = sorted(p for p in (path.glob(place) if place else [path]) if (p / QUESTIONS).is_file())
        chosen = [p for p in found if p.name == PREFERRED] or found
        if len(chosen) > 1:
            names = ", ".join(str(p.relative_to(path)) for p in chosen[:5])
            raise SourceError(f"{path} holds several folders with {QUESTIONS}.", f"Name one of them: {names}.")
        if chosen:
            return chosen[0]
    return None


def open_folder(path: Path, rows_of: RowsOf) -> MtBenchFolder:
    """Read the questions and answers in `path`, and find the votes. Raises `SourceError` naming file and row."""
    votes = _vote_files(path)
    if not votes:
        raise SourceError(
            f"{path} holds no votes: no file whose name has 'human' in it, and none in model_judgment that has 'pair'.",
            "docs/sources.md shows the layout.",
        )
    turns: dict[str, Sequence[Any]] = {}
    categories: dict[str, str] = {}
    for row, where in _rows(path / QUESTIONS, rows_of):
        key, asked = _key(row), row.get("turns") if isinstance(row, Mapping) else None
        if key is None or not isinstance(asked, list) or not asked:
            raise SourceError(f"{where} is no question of MT-bench: question_id and a list of turns are needed.")
        turns[key] = asked
        if isinstance(row.get("category"), str):
            categories[key] = row["category"]
    return MtBenchFolder(path, turns, categories, _answers(path, rows_of), votes)


def _answers(path: Path, rows_of: RowsOf) -> dict[str, dict[str, Sequence[Any]]]:
    """By system and question. A system goes by its file's name, as in FastChat, and by the name that its rows give."""
    found: dict[str, dict[str, Sequence[Any]]] = {}
    for file in sorted(path.glob("model_answer/*.jsonl")):
        for row, where in _rows(file, rows_of):
            key, replies = _key(row), _replies(row)
            if key is None or replies is None:
                raise SourceError(f"{where} is no answer of MT-bench: question_id and choices with a list of turns are needed.")
            found.setdefault(file.stem, {})[key] = replies
            if isinstance(row.get("model_id"), str) and row["model_id"] != file.stem:
                found.setdefault(row["model_id"], {}).setdefault(key, replies)
    return found


def _replies(row: Any) -> list[Any] | None:
    choices = row.get("choices") if isinstance(row, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    turns = first.get("turns") if isinstance(first, Mapping) else None
    return turns if isinstance(turns, list) else None


def _key(row: Any) -> str | None:
    key = row.get("question_id") if isinstance(row, Mapping) else None
    return str(key) if isinstance(key, int | str) and not isinstance(key, bool) else None


def _rows(path: Path, rows_of: RowsOf) -> Iterable[tuple[Any, str]]:
    check_file(path)
    return ((row, f"{path}, row {n}") for n, row in enumerate(rows_of(path), start=1))


def _vote_files(path: Path) -> tuple[Path, ...]:
    files = [*sorted(path.iterdir()), *sorted(p for p in path.glob("*/*") if p.parent.name not in _NO_VOTES)]
    found = tuple(p for p in files if p.is_file() and _is_vote_file(p.relative_to(path)))
    for file in found:
        check_file(file)
    return found


def _is_vote_file(path: Path) -> bool:
    """By its name, or by its folder's."""
    where, name = path.as_posix().lower(), path.name.lower()
    ends = name.removesuffix(".gz").endswith(ENDINGS)
    return ends and not name.startswith("question") and "single" not in name and any(word in where for word in _VOTE_NAMES)
