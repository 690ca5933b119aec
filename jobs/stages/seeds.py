"""Where a generation run starts from: first messages out of the store or a file, fixed when the run first starts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jobs.files import write_json
from music_core.errors import SourceError
from music_core.store.connect import Store
from music_core.store.pairs import PairFilter, iter_seeds
from music_core.store.seeds import iter_chat_seeds
from music_core.types import Conversation, Message, Seed, content_id, conversation


@dataclass(frozen=True, slots=True)
class SeedChoice:
    """`n` seeds of these sources and splits (empty: all), or of `file`; which ones depends on `seed` alone."""

    n: int
    sources: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    file: str = ""
    seed: int = 0


def seeds_for(store: Store, folder: Path, choice: SeedChoice) -> list[Seed]:
    """The seeds of the run in `folder`: chosen at its first start and kept there, so that a resumed run has the same ones."""
    kept = folder / "seeds.json"
    if kept.is_file():
        return [Seed(conversation(messages)) for messages in json.loads(kept.read_text(encoding="utf-8"))["seeds"]]
    seeds = choose(store, choice)
    write_json(kept, {"seeds": [s.context.as_dicts() for s in seeds]})
    return seeds


def choose(store: Store, choice: SeedChoice) -> list[Seed]:
    """Up to `n` different seeds, drawn by hash. Raises `SourceError` when there are none."""
    if choice.file:
        found = [s for s in read_seeds(Path(choice.file)) if not choice.splits or s.split in choice.splits]
    else:
        of_pairs = iter_seeds(store, PairFilter(sources=choice.sources, splits=choice.splits))
        found = [*of_pairs, *iter_chat_seeds(store, choice.sources, choice.splits)]
    if not found:
        hint = "Import some pairs, prompts or chats (music import PATH), or give --seeds-file."
        raise SourceError("There are no first messages to start from.", hint)
    return draw(found, choice.n, choice.seed)


def draw(seeds: Iterable[Seed], n: int, seed: int) -> list[Seed]:
    """Up to `n` different ones of `seeds`, in an order that depends on `seed` and their text alone."""
    different = {s.id: s for s in seeds}
    return sorted(different.values(), key=lambda s: content_id("d", [seed, s.id]))[:n]


def read_seeds(path: Path) -> list[Seed]:
    """Seeds of a .jsonl file: {"prompt": text} or {"messages": [...]} ending with a user's message, one a line.

    Raises `SourceError` naming file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise SourceError(f"{path} cannot be read: {e}.") from e
    seeds: list[Seed] = []
    for n, line in enumerate(lines, start=1):
        if line.strip():
            seeds.append(Seed(_context(line, f"{path}, line {n}")))
    return seeds


def _context(line: str, at: str) -> Conversation:
    hint = 'A line is {"prompt": "..."} or {"messages": [{"role": "user", "content": "..."}]}.'
    try:
        row = json.loads(line)
        context = conversation(row["messages"]) if "messages" in row else Conversation((Message("user", row["prompt"].strip()),))
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise SourceError(f"{at} is no first message.", hint) from e
    if not context.messages or context.messages[-1].role != "user" or not context.messages[-1].content.strip():
        raise SourceError(f"{at} does not end with a user's message.", hint)
    return context
