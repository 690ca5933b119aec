"""A person's conversation with two assistants on its way into the store: a pair of real human turns, and the person's vote on it.

Where one side was led astray, the pair has a construction like a generated one and the method `play`. Two models' answers
have none: their method is `play_models`, one of `NEUTRAL_METHODS`, and `meta["sides"]` says whose answer each side is.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from jobs.play.draft import SIDES, Draft, PlayVote, Reply
from music_core.contrast.gates import leaked_later
from music_core.errors import RunError
from music_core.guideline import VERSION
from music_core.store.connect import Store
from music_core.store.labels import add_label
from music_core.store.models import get_model
from music_core.store.pairs import add_pairs
from music_core.store.traces import add_traces
from music_core.types import BRANCHES, BranchName, Contrast, ContrastPair, LabelEvent, Origin, RewardTrace, SourcedPair, StoredLabel

SOURCE = "play"
QUEUE = "play"
VIEW = "play/1"


@dataclass(frozen=True, slots=True)
class StoredPlay:
    """What was stored: the pair's id, whether it was new, and the vote as read back."""

    pair_id: str
    new: bool
    label: StoredLabel


def store_play(store: Store, draft: Draft) -> StoredPlay:
    """Store the conversation's whole turns as a pair, its rewards and the vote. Doing it again changes nothing.

    Raises `RunError` when there is no vote or no pair to store (see `sourced_pair`), `StoreError` when the store fails; then it
    can be called again.
    """
    if draft.vote is None:
        raise RunError("This conversation has no vote yet.", "Vote first; then it is stored.")
    item = sourced_pair(draft)
    new = add_pairs(store, [item]).new == 1
    traces = _traces(store, draft, item)
    if traces:
        add_traces(store, traces)
    return StoredPlay(item.pair.id, new, add_label(store, label_event(draft, draft.vote, item.pair)))


def sourced_pair(draft: Draft) -> SourcedPair:
    """The pair and its origin: what both sides have answered, without the turns that only one side did. Pure.

    Raises `RunError` when no turn is whole, when both sides say the same, or when the text of a modified instruction stands in
    the conversation.
    """
    setup, n = draft.setup, draft.n_whole
    if n < 1:
        raise RunError("No turn has the replies of both sides, so there is nothing to compare.", "Have both sides answer, then vote.")
    sides = {setup.branch_of(side): draft.conversation(side, n) for side in SIDES}
    pair = ContrastPair(sides["chosen"], sides["rejected"])
    contrasts = tuple(_contrasts(draft, n))
    if pair.divergence == 0:
        raise RunError("Both sides said the same, so there is no pair to store.", "Go on talking, or start a new conversation.")
    leaked = leaked_later(pair, contrasts)
    if leaked is not None:
        raise RunError(f"This conversation cannot be stored: {leaked}.", "Start a new conversation.")
    built = setup.kind == "contrast"
    replies = [draft.replies[turn, setup.side_of(branch)] for branch in BRANCHES for turn in range(1, n + 1)]
    origin = Origin(
        source=SOURCE,
        locator=setup.draft,
        method="play" if built else "play_models",
        schedule=setup.schedule if built else None,
        contrasts=contrasts,
        turns=tuple(record for reply in replies for record in reply.records),
        meta=_meta(draft, replies),
    )
    return SourcedPair(pair, origin)


def _contrasts(draft: Draft, n: int) -> list[Contrast]:
    side = draft.setup.side_of("rejected")
    said = [(turn, draft.replies[turn, side].instruction) for turn in range(1, n + 1)]
    return [Contrast(turn, text) for turn, text in said if text]


def _meta(draft: Draft, replies: list[Reply]) -> dict[str, Any]:
    setup = draft.setup
    retries: Counter[str] = Counter()
    for reply in replies:
        retries.update(reply.retries)
    meta: dict[str, Any] = {
        "person": setup.person,
        "user": "human",
        "endpoints": dict(setup.endpoints),
        "left": setup.left_branch,
        "seed": setup.seed,
        "retries": dict(sorted(retries.items())),
    }
    if setup.kind == "contrast":
        return {**meta, "contrast_method": setup.method}
    return {**meta, "sides": {branch: _system(draft, branch) for branch in BRANCHES}}


def _system(draft: Draft, branch: BranchName) -> str:
    """Whose answers a side is: the endpoint, with the model where that has another name."""
    endpoint = draft.setup.endpoints[branch]
    records = draft.replies[1, draft.setup.side_of(branch)].records
    model = records[-1].model if records else endpoint
    return endpoint if model == endpoint else f"{endpoint} ({model})"


def label_event(draft: Draft, vote: PlayVote, pair: ContrastPair) -> LabelEvent:
    """The vote as a label. Blind unless the person saw a model's rewards, which are an opinion on the answer. Pure."""
    setup = draft.setup
    left, right = (pair.chosen, pair.rejected) if setup.left_branch == "chosen" else (pair.rejected, pair.chosen)
    return LabelEvent(
        token=f"play-{setup.draft}",
        pair_id=pair.id,
        person=setup.person,
        choice=vote.choice,
        left_branch=setup.left_branch,
        blind=setup.reward_model is None,
        verified=vote.verified,
        seconds=vote.seconds,
        reasons=vote.reasons,
        comment=vote.comment,
        queue=QUEUE,
        guideline=VERSION,
        shown={"view": VIEW, "left": left.id, "right": right.id, "revealed": False, "rewards": setup.reward_model},
    )


def _traces(store: Store, draft: Draft, item: SourcedPair) -> list[RewardTrace]:
    """The rewards that the person saw, where they cover both sides as stored."""
    if draft.setup.reward_model is None:
        return []
    model = get_model(store, draft.setup.reward_model)
    found = []
    for branch in BRANCHES:
        rewards = draft.rewards.get(draft.setup.side_of(branch))
        if rewards is None or len(rewards.values) < draft.n_whole:
            return []
        found.append(RewardTrace(item.pair.id, branch, model.id, rewards.values[: draft.n_whole], rewards.one_pass))
    return found
