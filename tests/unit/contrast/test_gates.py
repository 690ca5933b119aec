import random

import pytest

from music_core.chat.scripted_text import answer, question
from music_core.contrast.gates import PAIR_GATES, TURN_GATES, identical, leaked_later, unchanged
from music_core.prompts import names, render, template
from music_core.simulate.gates import TurnDraft, empty, leak, repetition, speaker, unfinished
from music_core.types import Contrast, ContrastPair, Message, Role
from tests.unit.contrast.talk import talk

PROMPT_LEAKS = ("the message holds text of a prompt", "the message speaks of its instruction")
ASKED = (Message("user", "How long should green tea draw if it must not turn bitter?"),)


def draft(text: str, role: Role = "assistant", finish: str = "stop", instruction: str | None = None) -> TurnDraft:
    return TurnDraft(role, text, finish, ASKED, instruction)


@pytest.mark.parametrize("text", ["", "  \n ", "...", "—"])
def test_a_message_without_a_word_is_empty(text: str) -> None:
    assert empty(draft(text))
    assert empty(draft("Six.")) is None


def test_a_message_cut_off_is_unfinished_whatever_it_says() -> None:
    assert "length" in (unfinished(draft("Boil it for six minutes.", finish="length")) or "")
    assert "content_filter" in (unfinished(draft("Boil it.", finish="content_filter")) or "")
    assert unfinished(draft("Here are the steps:"))
    assert unfinished(draft("Boil it for six minutes.")) is None


@pytest.mark.parametrize("name", [n for n in names() if n.startswith(("user_", "assistant_", "contrast_"))])
def test_text_of_any_prompt_in_a_message_is_a_leak(name: str) -> None:
    longest = max(template(name).replace("$", " $").splitlines(), key=lambda line: len(line.split("$")[0].split()))
    words = longest.split("$")[0].split()
    if len(words) < 8:
        pytest.skip("no run of eight words outside the placeholders")
    copied = " ".join(words)
    assert leak(draft(f"Well, {copied.upper()} and so on.")) in (
        "the message holds text of a prompt",
        "the message speaks of its instruction",
    )


def test_the_contrasts_instruction_in_the_reply_is_a_leak() -> None:
    instruction = "How do I clean an old teapot without any soap?"
    assert leak(draft(f"You ask: {instruction} Roll them.", instruction=instruction)) == "the message holds the contrast's instruction"
    assert leak(draft("Roll the egg on the table, then peel it under water.", instruction=instruction)) is None
    assert leak(draft("Here I answer the modified instruction: roll it.", instruction=instruction))
    assert leak(draft("<answer>Roll it.</answer>", instruction=instruction))


def test_words_that_the_user_said_are_no_leak() -> None:
    repeated = "How long should green tea draw if it must not turn cold?"
    assert leak(draft("How long should green tea draw if it must not turn bitter? Six minutes.", instruction=repeated)) is None


def test_an_instruction_found_anywhere_in_the_rejected_branch_is_a_leak() -> None:
    instruction = "How do I peel boiled eggs?"
    pair = ContrastPair(talk("a", "x"), talk("a", "b", "c", "So: how do I peel boiled eggs?"))
    assert leaked_later(pair, [Contrast(1, instruction)]) == "the instruction of turn 1 stands in the transcript"
    assert leaked_later(pair, [Contrast(1, "Why?")]) is None
    assert leaked_later(pair, []) is None


@pytest.mark.parametrize(
    "text",
    [
        "Sure, here are some tips for your trip.",
        "You're welcome! Let me know if you have any other questions.",
        "1. Boil water. 2. Add the egg.",
        "You should try to rest more and drink water.",
        "As an AI, I cannot taste food.",
        "I recommend the small pan for that.",
        "How can I help you with your garden?",
        "word " * 95,
    ],
)
def test_a_user_who_speaks_like_an_assistant_is_noticed(text: str) -> None:
    assert speaker(draft(text, role="user"))
    assert speaker(draft(text, role="assistant")) is None


@pytest.mark.parametrize(
    "text",
    [
        "I only have a small pan, does that change the time?",
        "That's not what I asked, I wanted to know about soft yolks.",
        "ok but my eggs come straight from the fridge, so how long then?",
        "Could you give me an example for two people?",
        "You said six minutes, but why not five?",
        "Thanks, and what should I do first?",
        "Can you make it shorter?",
        "I can't eat that, I'm allergic to nuts.",
    ],
)
def test_a_user_who_asks_tells_or_objects_passes(text: str) -> None:
    assert speaker(draft(text, role="user")) is None


def test_saying_the_same_again_and_running_in_a_loop_are_repetition() -> None:
    assert repetition(draft("how long should green tea draw if it must not turn bitter? ", role="user")) == "the message was said before"
    assert repetition(draft("It is good for you and for me too. " * 6)) == "the message runs in a loop"
    assert repetition(draft("Boil it for six minutes, then put it into cold water at once so that it does not go on cooking.")) is None


def test_an_instruction_that_says_the_same_is_unchanged() -> None:
    assert unchanged(draft("Six minutes.", instruction="How long should green tea draw, if it must not turn bitter"))
    assert unchanged(draft("Roll it.", instruction="How do I peel an egg?")) is None
    assert unchanged(draft("Six minutes.")) is None


def test_branches_that_are_the_same_are_dropped() -> None:
    same = talk("a", "One.", "b", "Two.")
    other = talk("a", "One.", "b", "Three.")
    later = talk("a", "One.", "b", "TWO. ", "c")
    assert identical(ContrastPair(same, same), [Contrast(2, "x")]) == "both branches are the same"
    assert identical(ContrastPair(same, later), [Contrast(2, "x")]) == "both replies of turn 2 are the same"
    assert identical(ContrastPair(same, other), [Contrast(2, "x")]) is None


def test_the_scripted_models_sentences_pass_every_gate() -> None:
    rng = random.Random(0)
    for _ in range(300):
        for made in (draft(question(rng), role="user"), draft(answer(rng))):
            refused = {name: gate(made) for name, gate in TURN_GATES.items()}
            assert not any(refused.values()), (made.text, refused)


def test_gates_render_no_prompt_with_values() -> None:
    """A seed that stands in a prompt's placeholder is conversation, not prompt."""
    rendered = render("contrast_instruction_ask", request=ASKED[0].content, change="")
    assert ASKED[0].content in rendered
    assert leak(TurnDraft("assistant", ASKED[0].content, "stop", ())) is None
    assert set(PAIR_GATES) == {"identical", "leak"}
