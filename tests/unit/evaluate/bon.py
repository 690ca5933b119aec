"""Candidates, picks and verdicts of Best-of-N, written down in short."""

from music_core.evaluate.best_of_n import Candidate, Meeting, Mode, Pick
from music_core.types import Conversation, Message, Seed, Verdict, VerdictValue


def prompt(n: int) -> Seed:
    return Seed(Conversation((Message("user", f"How do I prepare task number {n} for the village fair?"),)))


def talk(prompt_n: int, text: str) -> Conversation:
    return Conversation((*prompt(prompt_n).context.messages, Message("assistant", text)))


def candidates(prompt_n: int, *texts: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(i, talk(prompt_n, text)) for i, text in enumerate(texts))


def picked(selector: str, prompt_n: int, text: str, *, n: int = 4, index: int = 0, mode: Mode = "conversation") -> Pick:
    seed = prompt(prompt_n)
    return Pick(seed.id, seed.context.id, selector, mode, n, (index,), talk(prompt_n, text))


def met(prompt_n: int, a_text: str, b_text: str, *, n: int = 4) -> Meeting:
    return Meeting(picked("A", prompt_n, a_text, n=n, index=1), picked("B", prompt_n, b_text, n=n, index=2))


def for_a(meeting: Meeting, value: str) -> Verdict:
    """The verdict `value` on the meeting's pair, where `win` and `loss` are A's."""
    other: VerdictValue = "rejected" if meeting.a_side == "chosen" else "chosen"
    values: dict[str, VerdictValue] = {"win": meeting.a_side, "loss": other, "tie": "tie", "flip": "flip", "split": "split"}
    said: VerdictValue = values.get(value, "unresolved")
    n_unparsed = 1 if said == "unresolved" else 0
    return Verdict(meeting.pair.id, "judge", "pairwise", said, None, 2, n_unparsed, 0.5 if said != "unresolved" else None)
