"""TRL preference rows (huggingface.co/docs/trl/dataset_formats): conversational or plain, explicit or implicit prompt.

Our own export is this format with a `music` object beside it, see `origins`.
"""

from collections.abc import Mapping
from typing import Any

from music_core.sources.messages import checked_pair, checked_text, read_messages
from music_core.sources.origins import music_origins, plain_origin
from music_core.sources.rows import NO_SHARED_PROMPT, NOT_THIS_FORMAT, PROMPT_DIFFERS, RowPairs, UnusableRowError
from music_core.types import Message, SourcedPair, normalise

COLUMNS = ("prompt", "chosen", "rejected", "music")


def is_trl(row: Any) -> bool:
    """Whether the row has `chosen` and `rejected` in one of TRL's forms and a `prompt` that fits, or none."""
    if not isinstance(row, Mapping) or "conversations" in row:
        return False
    sides = (row.get("chosen"), row.get("rejected"))
    return all(isinstance(s, str | list | Mapping) for s in sides) and isinstance(row.get("prompt"), str | list | None)


def read_trl(row: Any, locator: str) -> RowPairs:
    """One pair, with one origin, or with all those that its `music` object carries."""
    if not is_trl(row):
        raise UnusableRowError(NOT_THIS_FORMAT)
    prompt, chosen, rejected = row.get("prompt"), row["chosen"], row["rejected"]
    if prompt is None and isinstance(chosen, str) and isinstance(rejected, str):
        prompt, chosen, rejected = split_prompt(checked_text(chosen), checked_text(rejected))
    pair = checked_pair(_with_prompt(prompt, read_messages(chosen)), _with_prompt(prompt, read_messages(rejected)))
    origins = music_origins(row["music"]) if row.get("music") is not None else (plain_origin(row, locator, COLUMNS),)
    return RowPairs(tuple(SourcedPair(pair, origin) for origin in origins))


def split_prompt(chosen: str, rejected: str) -> tuple[str, str, str]:
    """Prompt, chosen reply and rejected reply of two texts without a column for the prompt: their longest common start.

    TRL cuts at the first character that differs; here the cut goes back to the last white space before it, so
    that "blue" and "black" stay whole.
    """
    n = next((i for i, (a, b) in enumerate(zip(chosen, rejected, strict=False)) if a != b), min(len(chosen), len(rejected)))
    whole_words = all(len(t) == n or t[n].isspace() for t in (chosen, rejected))
    shared = chosen[:n]
    cut = n if whole_words or shared[-1:].isspace() else n - len(shared.rsplit(maxsplit=1)[-1]) if shared else 0
    prompt = chosen[:cut].strip()
    if not prompt:
        raise UnusableRowError(NO_SHARED_PROMPT)
    return prompt, chosen[cut:].strip(), rejected[cut:].strip()


def _with_prompt(prompt: Any, side: list[Message]) -> list[Message]:
    """The whole conversation; a side that repeats the prompt (as UltraFeedback's does) is taken as it is."""
    conversational = bool(side) and side[0].role != "assistant"
    if prompt is None or (conversational and isinstance(prompt, str) and not prompt.strip()):
        return side
    if isinstance(prompt, list):
        before = read_messages(prompt)
        repeats = len(side) > len(before) > 0 and all(_same(a, b) for a, b in zip(before, side, strict=False))
        return side if repeats else before + side
    question = Message("user", checked_text(prompt))
    if conversational:
        if not any(_same(question, m) for m in side[:-1]):
            raise UnusableRowError(PROMPT_DIFFERS)
        return side
    return [question, *side]


def _same(a: Message, b: Message) -> bool:
    return a.role == b.role and normalise(a.content) == normalise(b.content)
