"""Who is speaking? A simulated user who starts to help, lecture or list has fallen into the assistant's role."""

import math
import re
from collections.abc import Sequence

from music_core.prompts import render
from music_core.types import Message

PROMPT = "user_speaker"
# More words than this in one line is a lecture, whatever it says.
MAX_USER_WORDS = 90

_OPENERS = re.compile(
    r"^(sure[,!. ]|certainly|of course|absolutely[,!.]|here (is|are|'s)|here’s|great (question|choice|idea|to hear)|good question|"
    r"you'?re welcome|you are welcome|i('m| am) (glad|happy|pleased) (to|you|that)|i('d| would) be happy to|glad (to|i could)|"
    r"as an ai|i('m| am) an? (ai|assistant|language model)|happy to help|no problem[,!.]|yes, (you can|here)|to answer your|"
    r"that('s| is) a (great|good|common|excellent) (question|idea|choice|point|start)|assistant:)",
    re.IGNORECASE,
)
_OFFERS = re.compile(
    r"(let me know if you|feel free to|how (can|may) i (help|assist)|i can help you|i hope (this|that) helps|is there anything else|"
    r"would you like me to|do you have any (other|more|specific) questions|if you have any (other|more|further)?\s*questions|"
    r"what (specific )?(questions|information) do you|i recommend|i('d| would) (suggest|recommend)|"
    r"can you (please )?provide (me )?(with )?more)",
    re.IGNORECASE,
)
_LIST = re.compile(r"(^|\s)(1[.)]|[-*•]) .*(\s)(2[.)]|[-*•]) |\*\*|^#+ ")
_ADVICE = re.compile(
    r"\b(you (can|should|could|may|might|need to|will need|'ll need|must)|try to|make sure|remember to|consider)\b", re.IGNORECASE
)
_SELF = re.compile(r"\b(i|i'm|i've|i'd|my|me|we|our|us)\b", re.IGNORECASE)


def sounds_like_assistant(text: str) -> str | None:
    """Why `text`, meant to be a user's line, sounds like an assistant's; None where it does not.

    A cheap reading of form: stock openings, offers of help, lists, length, and advice in the second person by somebody who
    neither asks nor speaks of himself. It cannot see sense; `speaker_messages` asks a model.
    """
    line = text.strip()
    if _OPENERS.search(line):
        return "opens like an assistant"
    if _OFFERS.search(line):
        return "offers help"
    if _LIST.search(line):
        return "writes a list"
    if len(line.split()) > MAX_USER_WORDS:
        return "lectures"
    if _ADVICE.search(line) and "?" not in line and not _SELF.search(line):
        return "gives advice"
    return None


def speaker_messages(text: str, goal: str) -> tuple[Message, ...]:
    """The question to a model who wrote `text`: answered with one word, A for the person, B for the assistant."""
    return (Message("user", render(PROMPT, goal=goal, text=text)),)


def p_person(text: str, first_token: Sequence[tuple[str, float]]) -> float | None:
    """Probability that the person speaks, of the answer `text` or better its first token's log-probabilities; None if it names neither."""
    mass = {"a": 0.0, "b": 0.0}
    for token, logprob in first_token:
        name = token.strip().strip("()*.").lower()
        if name in mass:
            mass[name] += math.exp(logprob)
    total = mass["a"] + mass["b"]
    if total > 0:
        return mass["a"] / total
    word = text.strip().strip("()*.").lower()[:1]
    return {"a": 1.0, "b": 0.0}.get(word)
