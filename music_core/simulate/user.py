"""The user's side: roles flipped, so that the model speaks the person's lines and is told the assistant's.

Every line the person said so far stays in, the first one included: a simulator that loses its own opening starts the dialogue
over again. Each branch's user is shown that branch's history and nothing else.
"""

from collections.abc import Sequence

from music_core.prompts import render
from music_core.simulate.draws import bullets, shuffled
from music_core.types import Message

PROMPT = "user_rules"
REPLIED = "user_turn"
OPENING = "user_opening"
MOVES = "user_moves"
# What the person wanted is shown as a reminder, not in full.
GOAL_CHARS = 400


def moves() -> tuple[str, ...]:
    """What a person may do next, one instruction each."""
    return bullets(MOVES)


def move_of(turn: int, seed_id: str, run_seed: int) -> str:
    """What the person does in `turn` (from 2): drawn by (seed, turn), and no move comes again before all were used."""
    every = moves()
    round_, place = divmod(turn - 2, len(every))
    return shuffled(every, run_seed, seed_id, "move", round_)[place]


def user_messages(history: Sequence[Message], *, seed_id: str, run_seed: int, user_words: int) -> tuple[Message, ...]:
    """What the simulated user is sent to write the message after `history`, which ends with an assistant's reply.

    The result alternates and starts with a user message, as Gemma-style templates demand. The move asked for in an earlier turn
    is rendered again as it was, so that the transcript is a prefix of the next turn's and caches hold.
    Raises `ValueError` when the history does not end with an assistant's reply.
    """
    said = [m for m in history if m.role != "system"]
    if not said or said[-1].role != "assistant":
        raise ValueError("the last message must be an assistant's")
    goal = next(m.content for m in said if m.role == "user")
    out = [Message("system", render(PROMPT, goal=_short(goal), words=str(user_words)))]
    turn = 1
    out.append(Message("user", render(OPENING)))
    for m in said:
        if m.role == "user":
            out.append(Message("assistant", m.content))
        else:
            turn += 1
            out.append(Message("user", render(REPLIED, reply=m.content, move=move_of(turn, seed_id, run_seed), words=str(user_words))))
    return tuple(out)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= GOAL_CHARS else flat[:GOAL_CHARS].rsplit(" ", 1)[0] + " ..."


def first_line(text: str) -> str:
    """The person's message out of a reply: its first line that says something, without quotes or a name in front."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "")
    for name in ("Person:", "User:", "Me:", "You:"):
        line = line.removeprefix(name).strip()
    if len(line) > 1 and line[0] in '"“' and line[-1] in '"”' and not any(c in '"“”' for c in line[1:-1]):
        line = line[1:-1].strip()
    return line
