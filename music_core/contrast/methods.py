"""The three ways to make a contrast: `one_call` (the paper's), `two_call` and `swap` (ours).

Each is a plain async callable: given how to ask the assistant's model and the branch so far, it returns the modified instruction
and the answer to it. The prompts' exact words are ours; the paper names the idea only.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from music_core.chat.protocol import ChatReply
from music_core.prompts import render, template
from music_core.simulate.assistant import assistant_messages, with_last_request
from music_core.simulate.draws import bullets, shuffled
from music_core.types import Message

ONE_CALL = "contrast_one_call"
INSTRUCTION = "contrast_instruction"
ASK = "contrast_instruction_ask"
ASK_LATER = "contrast_instruction_ask_later"
ONE_CALL_ASK_LATER = "contrast_one_call_ask_later"
EXAMPLES = "contrast_examples"
CHANGES = "contrast_changes"
FORM_OBJECT = "contrast_form_object"
FORM_TAGS = "contrast_form_tags"
ONE_CALL_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"instruction": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["instruction", "answer"],
    "additionalProperties": False,
}
_FORM = re.compile(r"\s*<instruction>([^<]+)</instruction>\s*<answer>(.+)</answer>\s*", re.DOTALL)


def change_of(turn: int, attempt: int, seed_id: str, run_seed: int) -> str:
    """How the instruction of `turn` is to be modified: drawn by (seed, turn), another one in every attempt."""
    every = bullets(CHANGES)
    return shuffled(every, run_seed, seed_id, "change", turn)[attempt % len(every)]


class UnparsedContrastError(ValueError):
    """The reply does not have the form that was asked for; nothing is guessed from it."""


class Ask(Protocol):
    """One call to the assistant's model; `purpose` is kept with the turn, `one_line` stops it at the first line."""

    async def __call__(
        self, messages: Sequence[Message], *, purpose: str, one_line: bool = False, json_schema: Mapping[str, Any] | None = None
    ) -> ChatReply:
        """The reply, journaled."""
        ...


@dataclass(frozen=True, slots=True)
class ContrastTask:
    """What a contrast is made of: the branch up to the user's message, and what is to be answered instead of it.

    `change` says how the instruction is to be modified (`one_call`, `two_call`), `other_request` is answered as it is (`swap`);
    `json_schema` tells whether the endpoint holds a reply to a schema (`one_call` then asks for an object, elsewhere for tags).
    """

    history: tuple[Message, ...]
    reply_words: int
    change: str
    other_request: str = ""
    json_schema: bool = False

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
    reply = await ask(one_call_messages(task), purpose="reply", json_schema=ONE_CALL_SCHEMA if task.json_schema else None)
    if reply.finish_reason != "stop":
        return ContrastDraft("", reply.text, reply.finish_reason)
    instruction, answer = (parse_object if task.json_schema else parse_tags)(reply.text)
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
    """The question for instruction and answer at once, with worked examples before it; a follow-up comes with the talk so far."""
    form = template(FORM_OBJECT if task.json_schema else FORM_TAGS)
    own = [m.content for m in task.history if m.role == "system"]
    out = [Message("system", "\n\n".join([render(ONE_CALL, words=str(task.reply_words), form=form), *own]))]
    for example in _examples():
        out += [Message("user", example.asked), Message("assistant", _in_form(example, task.json_schema))]
    asked = render(ASK, request=_flat(task.request), change=task.change)
    said = [m for m in task.history[:-1] if m.role != "system"]
    if said:
        transcript = "\n".join(f"{m.role.capitalize()}: {_flat(m.content)}" for m in said)
        asked = render(ONE_CALL_ASK_LATER, transcript=transcript, request=_flat(task.request), change=task.change)
    return (*out, Message("user", asked))


def instruction_messages(task: ContrastTask) -> tuple[Message, ...]:
    """The question for a modified instruction, with worked examples before it; a follow-up comes with what the talk is about."""
    out = [Message("system", render(INSTRUCTION))]
    for example in _examples():
        out += [Message("user", example.asked), Message("assistant", example.instruction)]
    topic = next(m.content for m in task.history if m.role == "user")
    later = sum(m.role == "user" for m in task.history) > 1
    asked = render(ASK, request=_flat(task.request), change=task.change)
    if later:
        asked = render(ASK_LATER, topic=_flat(topic), request=_flat(task.request), change=task.change)
    return (*out, Message("user", asked))


@dataclass(frozen=True, slots=True)
class _Example:
    asked: str
    instruction: str
    answer: str


def _examples() -> list[_Example]:
    """The worked examples: blocks of a question, a line `=> instruction` and a line `== answer`."""
    out = []
    for block in template(EXAMPLES).split("\n\n"):
        asked, _, rest = block.partition("\n=> ")
        instruction, _, answer = rest.partition("\n== ")
        out.append(_Example(asked, instruction, answer))
    return out


def _in_form(example: _Example, json_schema: bool) -> str:
    if json_schema:
        return json.dumps({"instruction": example.instruction, "answer": example.answer}, ensure_ascii=False)
    return f"<instruction>{example.instruction}</instruction>\n<answer>{example.answer}</answer>"


def _flat(text: str) -> str:
    return " ".join(text.split())


def answer_messages(task: ContrastTask, instruction: str) -> tuple[Message, ...]:
    """The branch with the modified instruction in the place of the user's message."""
    return assistant_messages(with_last_request(task.history, instruction), task.reply_words)


def parse_tags(text: str) -> tuple[str, str]:
    """(instruction, answer) of a reply in exactly the tagged form, each tag once.

    Raises `UnparsedContrastError` on any other form.
    """
    match = _FORM.fullmatch(text)
    if match is None or any(text.count(tag) != 1 for tag in ("<instruction>", "</instruction>", "<answer>", "</answer>")):
        raise UnparsedContrastError("the reply is not one <instruction> and one <answer>")
    return match.group(1).strip(), match.group(2).strip()


def parse_object(text: str) -> tuple[str, str]:
    """(instruction, answer) of a reply that is one JSON object with these two texts.

    Raises `UnparsedContrastError` on anything else.
    """
    try:
        value = json.loads(text)
    except ValueError as e:
        raise UnparsedContrastError("the reply is not a JSON object") from e
    if not isinstance(value, dict) or set(value) != {"instruction", "answer"} or not all(isinstance(v, str) for v in value.values()):
        raise UnparsedContrastError("the reply's object does not hold the texts 'instruction' and 'answer'")
    return value["instruction"].strip(), value["answer"].strip()
