"""One simulated conversation, message by message, for Best-of-N: nothing is contrasted, and several may go on from one beginning."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from music_core.chat.engine import Engine
from music_core.chat.journal import CallKey
from music_core.chat.protocol import ChatModel, ChatRequest, RequestRefusedError, Sampling
from music_core.errors import ConfigError
from music_core.prompts import names, template
from music_core.simulate.assistant import assistant_messages
from music_core.simulate.draws import draw
from music_core.simulate.gates import MESSAGE_GATES, TurnDraft
from music_core.simulate.records import messages_hash, turn_record
from music_core.simulate.user import first_line, user_messages
from music_core.types import Conversation, Message, Role, Seed, TurnRecord, content_id

# Raised when the meaning of a gate or of a prompt's use changes without its text, so that old journals are not taken up.
SIMULATION_VERSION = 1


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """How the conversations of Best-of-N are simulated.

    `size` conversations of `turns` generated replies for each prompt. `attempts` bounds the tries per message when a gate refuses
    it. `reply_words` and `user_words` are asked for in the prompts; `max_tokens` of the samplings is the hard limit.
    """

    size: int = 8
    turns: int = 3
    seed: int = 0
    attempts: int = 3
    reply_words: int = 60
    user_words: int = 30
    assistant: Sampling = field(default_factory=lambda: Sampling(temperature=0.8, max_tokens=220))
    user: Sampling = field(default_factory=lambda: Sampling(temperature=0.8, max_tokens=80, stop=("\n",)))

    def __post_init__(self) -> None:
        """Check every value; the message names the setting and what it takes."""
        for name in ("size", "turns", "attempts", "reply_words", "user_words"):
            if getattr(self, name) < 1:
                raise ConfigError(f"Best-of-N: {name} must be at least 1, not {getattr(self, name)}.")
        if self.assistant.temperature <= 0:
            raise ConfigError("Best-of-N: at temperature 0 all candidates are the same.", "Give a temperature above 0.")


@dataclass(frozen=True, slots=True)
class Simulators:
    """What all conversations of a run share. `refused` counts messages by the gate that refused them."""

    engine: Engine
    assistant: ChatModel
    user: ChatModel
    config: PoolConfig
    fingerprint: str
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def width(self) -> int:
        """Conversations to keep going: as many as the endpoints take calls, since each has one call in flight."""
        if self.assistant.endpoint == self.user.endpoint:
            return self.assistant.max_concurrency
        return self.assistant.max_concurrency + self.user.max_concurrency


def simulators(engine: Engine, assistant: ChatModel, user: ChatModel, config: PoolConfig) -> Simulators:
    """The shared part of a run, with the `fingerprint` of its models and config."""
    models = [(m.endpoint, m.model) for m in (assistant, user)]
    return Simulators(engine, assistant, user, config, fingerprint(models, config))


def fingerprint(models: Sequence[tuple[str, str]], config: PoolConfig) -> str:
    """Of the `models` (endpoint, model) of assistant and user, sampling, run seed, prompts and gates, and of neither turns nor size."""
    prompts = {name: template(name) for name in names() if name.startswith(("user_", "assistant_"))}
    kept = {k: v for k, v in dataclasses.asdict(config).items() if k not in ("turns", "size")}
    return content_id("b", [SIMULATION_VERSION, [list(m) for m in models], kept, prompts])


def draw_name(index: int) -> str:
    """What the calls of the `index`-th draw are called in the journal."""
    return f"draw-{index}"


@dataclass(frozen=True, slots=True)
class Line:
    """A conversation as far as it got. `priority` is the place of its prompt: earlier ones are served first."""

    seed: Seed
    priority: int
    messages: tuple[Message, ...]
    turns: tuple[TurnRecord, ...] = ()

    @classmethod
    def start(cls, seed: Seed, priority: int) -> "Line":
        """The context of a prompt, before its first reply."""
        return cls(seed, priority, seed.context.messages)

    @property
    def conversation(self) -> Conversation:
        """The messages so far."""
        return Conversation(self.messages)


class StuckError(Exception):
    """No try at a message passed the gates; the conversation cannot go on for `reason` (a gate's name)."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


async def said(sims: Simulators, line: Line, role: Role, index: int) -> Line:
    """`line` with one more message by `role`, the `index`-th draw of it (from 0).

    The draw is a function of prompt, history, role and index: wherever two conversations have the same history, the same call is
    made, and the journal answers the second. Raises `StuckError`, and `ChatError` when the endpoint fails for good.
    """
    reason = detail = ""
    for attempt in range(sims.config.attempts):
        try:
            draft, record = await _try(sims, line, role, index, attempt)
        except RequestRefusedError as e:
            raise StuckError("refused", e.message) from e  # the same request would be refused again
        reason, detail = _refusal(draft)
        if not reason:
            return dataclasses.replace(line, messages=(*line.messages, Message(role, draft.text)), turns=(*line.turns, record))
        sims.refused[reason] += 1
    raise StuckError(reason, detail)


async def _try(sims: Simulators, line: Line, role: Role, index: int, attempt: int) -> tuple[TurnDraft, TurnRecord]:
    config, context_id, name = sims.config, line.seed.context.id, draw_name(index)
    model, sampling = (sims.user, config.user) if role == "user" else (sims.assistant, config.assistant)
    if role == "user":
        # The same moves for every candidate of a prompt, so that candidates differ by their replies.
        sent = user_messages(line.messages, seed_id=line.seed.id, run_seed=config.seed, user_words=config.user_words)
    else:
        sent = assistant_messages(line.messages, config.reply_words)
    turn = line.conversation.n_turns + 1
    call_seed = draw(config.seed, context_id, name, turn, role, attempt) & 0x7FFF_FFFF
    request = ChatRequest(sent, sampling, call_seed, session=f"{context_id}/{name}/{role}")
    key = CallKey(sims.fingerprint, context_id, name, turn, role, attempt, messages_hash(sent))
    reply = await sims.engine.call(model, request, key, priority=line.priority)
    text = first_line(reply.text) if role == "user" else reply.text.strip()
    # Which side of a pair the conversation becomes is not known yet.
    record = turn_record(model, request, reply, branch="chosen", turn=turn, role=role)
    return TurnDraft(role, text, reply.finish_reason, line.messages), record


def _refusal(draft: TurnDraft) -> tuple[str, str]:
    for name, gate in MESSAGE_GATES.items():
        detail = gate(draft)
        if detail is not None:
            return name, detail
    return "", ""
