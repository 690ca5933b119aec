"""The three ways to make a contrast: `one_call` (the paper's), `two_call` and `swap` (ours).

Each is a plain async callable: given how to ask the assistant's model and the branch so far, it returns the modified instruction
and the answer to it. The prompts' exact words are ours; the paper names the idea only.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from music_core.chat.protocol import ChatReply
from music_core.prompts import render, template
from music_core.simulate.assistant import assistant_messages, with_last_request
from music_core.types import Message

ONE_CALL = "contrast_one_call"
INSTRUCTION = "contrast_instruction"
ASK = "contrast_instruction_ask"
EXAMPLES = "contrast_examples"
_FORM = re.compile(r"\s*<instruction>([^<]+)</instruction>\s*<answer>(.+)</answer>\s*", re.DOTALL)


class UnparsedContrastError(ValueError):
    """The reply does not have the form that was asked for; nothing is guessed from it."""


class Ask(Protocol):
    """One call to the assistant's model; `purpose` is kept with the turn, `one_line` stops it at the first line."""

    async def __call__(self, messages: Sequence[Message], *, purpose: str, one_line: bool = False) -> ChatReply:
        """The reply, journaled."""
        ...


@dataclass(frozen=True, slots=True)
class ContrastTask:
    """What a contrast is made of: the branch up to the user's message, and (for `swap`) the other instruction to answer."""

    history: tuple[Message, ...]
    reply_words: int
    other_request: str = ""

    @property
    def request(self) -> str:
        """The user's message that is to be missed."""
        return self.history[-1].content


@dataclass(frozen=True, slots=True)
class ContrastDraft:
    """The modified instruction, the answer to it, and how the answer's call ended."""

    instruction: str
    answer: str
    finish_reason: str


async def one_call(ask: Ask, task: ContrastTask) -> ContrastDraft:
    """Modified instruction and answer in one reply, parsed strictly.

    Raises `UnparsedContrastError` on a finished reply that has another form.
    """
    reply = await ask(one_call_messages(task), purpose="reply")
    if reply.finish_reason != "stop":
        return ContrastDraft("", reply.text, reply.finish_reason)
    instruction, answer = parse_one_call(reply.text)
    return ContrastDraft(instruction, answer, reply.finish_reason)


async def two_call(ask: Ask, task: ContrastTask) -> ContrastDraft:
    """One call writes the modified instruction, a second one answers it where the user's message stood."""
    written = await ask(instruction_messages(task), purpose="instruction", one_line=True)
    instruction = next((line.strip() for line in written.text.splitlines() if line.strip()), "").strip('"“”')
    if not instruction or written.finish_reason != "stop":
        raise UnparsedContrastError("no modified instruction was written")
    reply = await ask(answer_messages(task, instruction), purpose="reply")
    return ContrastDraft(instruction, reply.text, reply.finish_reason)


async def swap(ask: Ask, task: ContrastTask) -> ContrastDraft:
    """The instruction of a related seed is answered instead: wrong for certain, and no skill of the model is needed."""
    reply = await ask(answer_messages(task, task.other_request), purpose="reply")
    return ContrastDraft(task.other_request, reply.text, reply.finish_reason)


Method = Callable[[Ask, ContrastTask], Awaitable[ContrastDraft]]
METHOD_CALLS: Mapping[str, Method] = {
    "one_call": one_call,
    "two_call": two_call,
    "swap": swap,
}


def one_call_messages(task: ContrastTask) -> tuple[Message, ...]:
    """The branch, its last message followed by the note that asks for the contrast."""
    note = render(ONE_CALL, request=task.request, words=str(task.reply_words))
    return assistant_messages(with_last_request(task.history, note), task.reply_words)


def instruction_messages(task: ContrastTask) -> tuple[Message, ...]:
    """The question for a modified instruction, with worked examples before it."""
    out = [Message("system", render(INSTRUCTION))]
    for example in template(EXAMPLES).split("\n\n"):
        request, _, other = example.partition("\n=> ")
        out += [Message("user", render(ASK, request=request)), Message("assistant", other)]
    return (*out, Message("user", render(ASK, request=task.request)))


def answer_messages(task: ContrastTask, instruction: str) -> tuple[Message, ...]:
    """The branch with the modified instruction in the place of the user's message."""
    return assistant_messages(with_last_request(task.history, instruction), task.reply_words)


def parse_one_call(text: str) -> tuple[str, str]:
    """(instruction, answer) of a reply in exactly the form asked for, each tag once.

    Raises `UnparsedContrastError` on any other form.
    """
    match = _FORM.fullmatch(text)
    if match is None or any(text.count(tag) != 1 for tag in ("<instruction>", "</instruction>", "<answer>", "</answer>")):
        raise UnparsedContrastError("the reply is not one <instruction> and one <answer>")
    return match.group(1).strip(), match.group(2).strip()
