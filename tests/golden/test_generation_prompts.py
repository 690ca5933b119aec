"""What the models are sent, word for word. After a wanted change: MUSIC_GOLDEN=write pytest tests/golden."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from music_core.chat.roles import for_template
from music_core.contrast.methods import ContrastTask, answer_messages, instruction_messages, one_call_messages
from music_core.simulate.assistant import assistant_messages
from music_core.simulate.speaker import speaker_messages
from music_core.simulate.user import user_messages
from music_core.types import Message

FOLDER = Path(__file__).parent / "generation"
TALK = (
    Message("user", "How do I keep a sourdough starter alive if I bake once a month?"),
    Message("assistant", "Keep it in the fridge and feed it every week or two.\n\nDiscard half of it each time; a pot costs about $5."),
    Message("user", "What do I do with the half that I take out?"),
    Message("assistant", "Use it for pancakes or crackers."),
)
CHANGE = "ask about a later step, as if this one were already done."


def user(talk: Sequence[Message]) -> tuple[Message, ...]:
    return user_messages(talk, seed_id="s_golden", run_seed=0, user_words=40)


def task(n: int, *, json_schema: bool = False) -> ContrastTask:
    return ContrastTask(TALK[:n], 120, CHANGE, "Which flour makes a good pizza?", json_schema)


CASES: dict[str, Callable[[], Sequence[Message]]] = {
    "assistant": lambda: assistant_messages(TALK[:3], 120),
    "assistant_with_system": lambda: assistant_messages((Message("system", "You run a bakery."), *TALK[:1]), 120),
    "user_turn_2": lambda: user(TALK[:2]),
    "user_turn_3": lambda: user(TALK),
    "user_turn_3_without_system_role": lambda: for_template(user(TALK), accepts_system=False),
    "speaker": lambda: speaker_messages("I recommend to feed it daily.", TALK[0].content),
    "one_call_turn_1_object": lambda: one_call_messages(task(1, json_schema=True)),
    "one_call_turn_2_tags": lambda: one_call_messages(task(3)),
    "two_call_instruction_turn_1": lambda: instruction_messages(task(1)),
    "two_call_instruction_turn_2": lambda: instruction_messages(task(3)),
    "swap_answer_turn_2": lambda: answer_messages(task(3), task(3).other_request),
}


def as_text(messages: Sequence[Message]) -> str:
    return "\n".join(f"### {m.role}\n{m.content}\n" for m in messages)


@pytest.mark.parametrize("name", CASES)
def test_the_rendered_prompt_is_the_recorded_one(name: str) -> None:
    path, text = FOLDER / f"{name}.txt", as_text(CASES[name]())
    if os.environ.get("MUSIC_GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_recorded_prompt_is_still_rendered() -> None:
    assert {p.stem for p in FOLDER.iterdir()} == set(CASES)
