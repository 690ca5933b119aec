"""One branch of a pair: a chain of dependent messages, each tried until its gates pass."""

import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from music_core.chat.engine import Engine
from music_core.chat.journal import CallKey
from music_core.chat.protocol import ChatModel, ChatReply, ChatRequest, RequestRefusedError, Sampling
from music_core.contrast.config import GenerationConfig
from music_core.contrast.gates import TURN_GATES
from music_core.contrast.methods import METHOD_CALLS, Ask, ContrastTask, UnparsedContrastError, change_of
from music_core.simulate.assistant import assistant_messages
from music_core.simulate.draws import draw
from music_core.simulate.gates import TurnDraft
from music_core.simulate.records import messages_hash, turn_record
from music_core.simulate.speaker import p_person, speaker_messages
from music_core.simulate.user import first_line, user_messages
from music_core.types import BranchName, Contrast, Message, Role, Seed, TurnRecord


class DropError(Exception):
    """This branch cannot be finished; the pair is dropped for `reason`."""

    def __init__(self, reason: str, detail: str, branch: BranchName, turn: int) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.branch = branch
        self.turn = turn


@dataclass(frozen=True, slots=True)
class Stage:
    """What all branches of a run share."""

    engine: Engine
    fingerprint: str
    assistant: ChatModel
    user: ChatModel
    config: GenerationConfig


@dataclass(slots=True)
class Branch:
    """The messages of one branch so far and where each came from. Turns are counted over the generated ones."""

    stage: Stage
    seed: Seed
    name: BranchName
    priority: int
    messages: tuple[Message, ...]
    n_before: int  # turns that the seed's context already holds
    records: list[TurnRecord] = field(default_factory=list)
    contrasts: list[Contrast] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)

    def fork(self, name: BranchName) -> "Branch":
        """A branch that goes on from here under another name; the shared turns' records stay with this one."""
        return dataclasses.replace(self, name=name, records=[], contrasts=[], retries=Counter())

    async def reply(self, turn: int) -> None:
        """The assistant answers normally."""

        async def make(attempt: _Attempt) -> TurnDraft:
            answer = await attempt.ask(assistant_messages(self.messages, self.stage.config.reply_words), purpose="reply")
            return TurnDraft("assistant", answer.text.strip(), answer.finish_reason, self.messages)

        await self._say("assistant", turn, make)

    async def contrast(self, turn: int, others: Sequence[str]) -> None:
        """The assistant answers a modified instruction; `others` are the requests that `swap` chooses from."""
        config = self.stage.config
        method = METHOD_CALLS[config.method]

        async def make(attempt: _Attempt) -> TurnDraft:
            other = others[draw(config.seed, self.seed.id, "other", turn, attempt.n) % len(others)] if others else ""
            change = change_of(turn, attempt.n, self.seed.id, config.seed)
            task = ContrastTask(self.messages, config.reply_words, change, other, self.stage.assistant.supports_json_schema)
            made = await method(attempt.ask, task)
            return TurnDraft("assistant", made.answer.strip(), made.finish_reason, self.messages, made.instruction)

        draft = await self._say("assistant", turn, make)
        self.contrasts.append(Contrast(self.n_before + turn, draft.instruction or ""))

    async def user(self, turn: int) -> None:
        """The simulated user writes the message that opens `turn`, from this branch's history."""
        config = self.stage.config
        prompt = user_messages(self.messages, seed_id=self.seed.id, run_seed=config.seed, user_words=config.user_words)

        async def make(attempt: _Attempt) -> TurnDraft:
            answer = await attempt.ask(prompt, purpose="reply")
            return TurnDraft("user", first_line(answer.text), answer.finish_reason, self.messages)

        await self._say("user", turn, make)

    async def _say(self, role: Role, turn: int, make: "Callable[[_Attempt], Awaitable[TurnDraft]]") -> TurnDraft:
        reason = detail = ""
        for n in range(self.stage.config.attempts):
            attempt = _Attempt(self, role, turn, n)
            try:
                draft = await make(attempt)
                reason, detail = await self._refusal(draft, attempt)
            except UnparsedContrastError as e:
                reason, detail = "unparsed", str(e)
            except RequestRefusedError as e:
                # The same request would be refused again.
                raise DropError("refused", e.message, self.name, self.n_before + turn) from e
            if not reason:
                self.messages = (*self.messages, Message(role, draft.text))
                self.records += attempt.records
                return draft
            self.retries[reason] += 1
        raise DropError(reason, detail, self.name, self.n_before + turn)

    async def _refusal(self, draft: TurnDraft, attempt: "_Attempt") -> tuple[str, str]:
        for name, gate in TURN_GATES.items():
            detail = gate(draft) if name in self.stage.config.gates else None
            if detail is not None:
                return name, detail
        if draft.role == "user" and self.stage.config.speaker == "call" and "speaker" in self.stage.config.gates:
            goal = next(m.content for m in self.messages if m.role == "user")
            answer = await attempt.ask(speaker_messages(draft.text, goal), purpose="speaker")
            p = p_person(answer.text, answer.first_token)
            if p is not None and p < 0.5:
                return "speaker", f"the model takes it for an assistant's line (P(person) = {p:.2f})"
        return "", ""


@dataclass(slots=True)
class _Attempt:
    """The calls of one try at one message."""

    branch: Branch
    role: Role
    turn: int
    n: int
    records: list[TurnRecord] = field(default_factory=list)

    @property
    def ask(self) -> Ask:
        return self._ask

    async def _ask(
        self, messages: Sequence[Message], *, purpose: str, one_line: bool = False, json_schema: Mapping[str, Any] | None = None
    ) -> ChatReply:
        stage, branch = self.branch.stage, self.branch
        model = stage.user if self.role == "user" else stage.assistant
        sampling = _sampling(stage.config, self.role, purpose, one_line)
        hashed = messages_hash(messages)
        turn = branch.n_before + self.turn
        call_seed = draw(stage.config.seed, branch.seed.context.id, branch.name, turn, self.role, self.n, purpose) & 0x7FFF_FFFF
        request = ChatRequest(
            tuple(messages),
            sampling,
            call_seed,
            session=f"{branch.seed.context.id}/{branch.name}/{self.role}",
            top_logprobs=20 if purpose == "speaker" else 0,
            json_schema=json_schema,
        )
        key = CallKey(stage.fingerprint, branch.seed.context.id, branch.name, turn, self.role, self.n, hashed)
        reply = await stage.engine.call(model, request, key, priority=branch.priority)
        record = turn_record(model, request, reply, branch=branch.name, turn=turn, role=self.role, purpose=purpose)
        self.records.append(record)
        return reply


def _sampling(config: GenerationConfig, role: Role, purpose: str, one_line: bool) -> Sampling:
    if purpose == "speaker":
        return Sampling(temperature=0.0, top_p=1.0, max_tokens=1)
    if one_line:
        return dataclasses.replace(config.assistant, max_tokens=config.user.max_tokens, stop=("\n",))
    return config.user if role == "user" else config.assistant
