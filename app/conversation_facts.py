"""What is known about a conversation from the pairs that it is a side of. Pure."""

from dataclasses import replace

from app.components.conversation_turns import written_by
from app.components.trace_chart import Scored
from app.markup import shorten
from app.sides import SideNames, side_names
from jobs.report.pair.evidence import contrasts_by_turn
from music_core.store.conversations import PairSide, StoredConversation
from music_core.store.sides import systems_of
from music_core.types import Origin, RewardModel, Role, TurnRecord

# The charts and notes of pairs name two sides; of a conversation there is one, whichever side it was scored as.
ALONE = SideNames("reward", "reward")


def opening(stored: StoredConversation) -> str:
    """The beginning of the first user message."""
    first = next((m.content for m in stored.conversation.messages if m.role == "user"), "")
    return shorten(first, 90) or "Conversation without a user message"


def title_line(stored: StoredConversation) -> str:
    """Turns, messages, characters, split and source, in one line of plain text."""
    talk, (first, *_) = stored.conversation, (*origins(stored), Origin(""))
    n = len(talk.messages)
    turns = f"{talk.n_turns:,} turn{'' if talk.n_turns == 1 else 's'}"
    parts = [turns, f"{n:,} message{'' if n == 1 else 's'}", f"{talk.n_chars:,} characters", stored.split, first.source]
    return " · ".join(part for part in parts if part)


def records_of(side: PairSide, origin: Origin) -> tuple[TurnRecord, ...]:
    """The calls behind this side: its own, and those of turns before the sides part, which one side keeps for both."""
    return tuple(r for r in origin.turns if r.branch == side.branch or r.turn < side.divergence)


def origins(stored: StoredConversation) -> list[Origin]:
    """Where the conversation came from, each with the calls behind this conversation only; the same origin once."""
    found = [replace(origin, turns=records_of(side, origin)) for side in stored.sides for origin in side.origins]
    return [origin for i, origin in enumerate((*found, *stored.chats)) if origin not in (*found, *stored.chats)[:i]]


def authors(stored: StoredConversation) -> dict[tuple[int, Role], str]:
    """By turn and role: HTML that says which model wrote the message. The first origin with calls is believed.

    A message may take several calls; the last one of its role in the turn gave the words.
    """
    calls = next((o.turns for o in origins(stored) if o.turns), ())
    return {(r.turn, r.role): written_by(r.model, r.endpoint, r.seed) for r in calls}


def contrasts(stored: StoredConversation) -> dict[int, str]:
    """By turn: HTML with the modified instruction that the reply of that turn answered, where the conversation is a rejected side."""
    return contrasts_by_turn([origin for side in stored.sides if side.branch == "rejected" for origin in side.origins])


def scored(stored: StoredConversation, models: list[RewardModel]) -> list[Scored]:
    """The models with a trace of the conversation, newest first; those that are registered no more come last."""
    known = {m.id: (i, m.name) for i, m in enumerate(models)}
    traces = sorted(stored.traces, key=lambda t: (known.get(t.model_id, (len(known), ""))[0], t.model_id))
    return [Scored(t.model_id, known[t.model_id][1] if t.model_id in known else t.model_id, {"chosen": t}) for t in traces]


def side_name(side: PairSide) -> str:
    """What the pair calls this side: chosen, rejected, or a system's name."""
    return side_names(systems_of(side.origins)).of(side.branch)
