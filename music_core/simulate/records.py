"""What is kept of one simulated call."""

import dataclasses
import json
from collections.abc import Sequence

from music_core.chat.protocol import ChatModel, ChatReply, ChatRequest
from music_core.prompts import prompt_hash
from music_core.types import BranchName, Message, Role, TurnRecord


def messages_hash(messages: Sequence[Message]) -> str:
    """First 16 hex digits of the SHA-256 of the messages that a call sends."""
    return prompt_hash(json.dumps([[m.role, m.content] for m in messages], ensure_ascii=False))


def turn_record(
    model: ChatModel, request: ChatRequest, reply: ChatReply, *, branch: BranchName, turn: int, role: Role, purpose: str = "reply"
) -> TurnRecord:
    """Where the message of `turn` (from 1) came from: endpoint, model, prompt hash, sampling, seed, finish, tokens, time, cost."""
    return TurnRecord(
        branch,
        turn,
        role,
        model.endpoint,
        model.model,
        messages_hash(request.messages),
        dataclasses.asdict(request.sampling),
        request.seed,
        reply.finish_reason,
        reply.tokens_in,
        reply.tokens_out,
        reply.tokens_cached,
        reply.latency_s,
        reply.cost,
        purpose,
    )
