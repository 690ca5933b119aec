"""Gates of one simulated message: plain callables that return a reason to refuse it, or None.

A gate sees a message as it was just written; the message is tried again a bounded number of times.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from music_core.prompts import names, template
from music_core.simulate.speaker import sounds_like_assistant
from music_core.types import Message, Role, normalise

# So many words in a row that are also in one of our prompts, or in the contrast's instruction, are no accident.
LEAK_WORDS = 8
# A shorter instruction ("Why?", "Tell me a joke") may stand in an honest reply.
MIN_INSTRUCTION_WORDS = 4
# A reply whose every n-gram of this length turns up again and again is stuck in a loop.
LOOP_WORDS = 6
MAX_LOOPED_SHARE = 0.4

PROMPT_KINDS = ("user_", "assistant_", "contrast_")
_TAG = re.compile(r"</?(instruction|answer)>", re.IGNORECASE)
_TALK = re.compile(r"\b(modified|contrastive) (instruction|request)\b|\bnote for the writer\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\$\w+")
_WORD = re.compile(r"\w+(?:['’]\w+)?")


@dataclass(frozen=True, slots=True)
class TurnDraft:
    """One message as just written, with the branch's messages before it; `instruction` is what a contrasted reply answered."""

    role: Role
    text: str
    finish_reason: str
    history: tuple[Message, ...]
    instruction: str | None = None


TurnGate = Callable[[TurnDraft], str | None]


def empty(draft: TurnDraft) -> str | None:
    """Nothing was said."""
    return None if _WORD.search(draft.text) else "the message is empty"


def unfinished(draft: TurnDraft) -> str | None:
    """The message was cut off: by the token limit or a filter, or it ends where something must follow."""
    if draft.finish_reason != "stop":
        return f"the model ended with '{draft.finish_reason}'"
    if draft.text.rstrip().endswith((":", ",", ";", "(", " -")):
        return "the message stops where something must follow"
    return None


def leak(draft: TurnDraft) -> str | None:
    """Text of our prompts or of the contrast's instruction stands in the message.

    Words that the conversation itself already holds do not count: an assistant may repeat what its user said.
    """
    if _TAG.search(draft.text) or _TALK.search(draft.text):
        return "the message speaks of its instruction"
    said = word_runs(" \n ".join(m.content for m in draft.history), LEAK_WORDS)
    if (word_runs(draft.text, LEAK_WORDS) - said) & _prompt_runs():
        return "the message holds text of a prompt"
    if draft.instruction is not None and _holds(draft.text, draft.instruction, " \n ".join(m.content for m in draft.history)):
        return "the message holds the contrast's instruction"
    return None


def speaker(draft: TurnDraft) -> str | None:
    """A user's line sounds like an assistant's."""
    return sounds_like_assistant(draft.text) if draft.role == "user" else None


def repetition(draft: TurnDraft) -> str | None:
    """The message says what its speaker said before, or runs in a loop."""
    if normalise(draft.text).casefold() in {normalise(m.content).casefold() for m in draft.history}:
        return "the message was said before"
    words = words_of(draft.text)
    runs = [tuple(words[i : i + LOOP_WORDS]) for i in range(len(words) - LOOP_WORDS + 1)]
    if len(runs) >= 2 * LOOP_WORDS and len(runs) - len(set(runs)) > MAX_LOOPED_SHARE * len(runs):
        return "the message runs in a loop"
    return None


def words_of(text: str) -> list[str]:
    """The words of `text` in order, case and punctuation apart."""
    return [w.casefold() for w in _WORD.findall(text)]


def word_runs(text: str, n: int) -> frozenset[tuple[str, ...]]:
    """All runs of `n` words in `text`, case and punctuation apart."""
    words = words_of(text)
    return frozenset(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _holds(text: str, instruction: str, said: str) -> bool:
    n = min(LEAK_WORDS, len(words_of(instruction)))
    if n < MIN_INSTRUCTION_WORDS:
        return False
    return not (word_runs(instruction, n) - word_runs(said, n)).isdisjoint(word_runs(text, n))


@cache
def _prompt_runs() -> frozenset[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for name in names():
        if name.startswith(PROMPT_KINDS):
            # A run must not reach over a placeholder: what stands there belongs to the conversation.
            for part in _PLACEHOLDER.split(template(name)):
                found |= word_runs(part, LEAK_WORDS)
    return frozenset(found)


MESSAGE_GATES: Mapping[str, TurnGate] = {
    "empty": empty,
    "unfinished": unfinished,
    "leak": leak,
    "speaker": speaker,
    "repetition": repetition,
}
