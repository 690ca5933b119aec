"""From pairs to batches of token ids: the length policy, counts of what was dropped, right padding."""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from music_core.errors import RewardError
from music_core.reward.backend import torch
from music_core.reward.template import ChatEncoder
from music_core.types import ContrastPair, Message


@dataclass(frozen=True, slots=True)
class EncodedPair:
    """Token ids of both sides, template applied; `turns_dropped` leading turns were left out of both."""

    pair_id: str
    chosen: "array[int]"
    rejected: "array[int]"
    turns_dropped: int = 0

    @property
    def longest(self) -> int:
        """Tokens of the longer side."""
        return max(len(self.chosen), len(self.rejected))


@dataclass(frozen=True, slots=True)
class EncodingReport:
    """What became of the pairs: used + sum of dropped = all. `shortened` of the used ones lost leading turns.

    Reasons: too_long, no_reply_at_end, same_text, template_refused. `by_source` holds the same counts per source.
    """

    used: int = 0
    shortened: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    by_source: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def _turn_starts(messages: Sequence[Message]) -> list[int]:
    """Index of the first message of every turn (everything up to and with an assistant reply is one turn)."""
    start = 1 if messages and messages[0].role == "system" else 0
    return [start, *(i + 1 for i, m in enumerate(messages) if m.role == "assistant")][:-1]


def _without_turns(messages: Sequence[Message], n: int) -> tuple[Message, ...]:
    """The messages without their first `n` turns; a leading system message stays."""
    head = tuple(messages[:1]) if messages[0].role == "system" else ()
    return (*head, *messages[_turn_starts(messages)[n] :])


def _droppable(pair: ContrastPair, keep_divergence: bool) -> int:
    """How many leading turns may go: never the judged (last) turn, nor, if asked, one in which the sides differ."""
    most = min(pair.chosen.n_turns, pair.rejected.n_turns) - 1
    return min(most, pair.divergence - 1) if keep_divergence else most


def encode_pair(
    encoder: ChatEncoder, pair_id: str, pair: ContrastPair, *, max_length: int, keep_divergence: bool = True
) -> EncodedPair | str:
    """The pair as token ids, at most `max_length` on either side, or the reason why it cannot be used.

    The same leading turns are dropped from both sides, as few as needed; no message is ever cut.
    """
    sides = (pair.chosen.messages, pair.rejected.messages)
    if any(not side or side[-1].role != "assistant" for side in sides):
        return "no_reply_at_end"
    if pair.divergence == 0:
        return "same_text"
    for n in range(_droppable(pair, keep_divergence) + 1):
        try:
            good, bad = (array("i", encoder.ids(_without_turns(side, n))) for side in sides)
        except RewardError:
            return "template_refused"
        if good == bad:
            return "same_text"
        encoded = EncodedPair(pair_id, good, bad, n)
        if encoded.longest <= max_length:
            return encoded
    return "too_long"


def encode_pairs(
    encoder: ChatEncoder,
    pairs: Sequence[tuple[str, ContrastPair]],
    *,
    max_length: int,
    keep_divergence: bool = True,
    sources: Mapping[str, str] | None = None,
) -> tuple[list[EncodedPair], EncodingReport]:
    """All usable pairs in order, and the counts. `sources` maps pair ids to the source they are counted under."""
    out: list[EncodedPair] = []
    dropped: Counter[str] = Counter()
    by_source: dict[str, Counter[str]] = {}
    for pair_id, pair in pairs:
        encoded = encode_pair(encoder, pair_id, pair, max_length=max_length, keep_divergence=keep_divergence)
        count = by_source.setdefault(sources.get(pair_id, "unknown"), Counter()) if sources is not None else Counter[str]()
        if isinstance(encoded, str):
            dropped[encoded] += 1
            count[encoded] += 1
            continue
        out.append(encoded)
        count.update(["used"] + (["shortened"] if encoded.turns_dropped else []))
    shortened = sum(e.turns_dropped > 0 for e in out)
    return out, EncodingReport(len(out), shortened, dict(dropped), {k: dict(v) for k, v in by_source.items()})


def pad_right(sequences: Sequence[Sequence[int]], pad_id: int, device: torch.device) -> torch.Tensor:
    """Token ids, shape (n, longest), int64, padded on the right.

    A causal model needs no attention mask then: no real token can see what follows it. Left out on purpose, since
    a padding mask is what turns Gemma-2's sliding window into NaN under sdpa.
    """
    out = torch.full((len(sequences), max(len(s) for s in sequences)), pad_id, dtype=torch.int64)
    for row, ids in enumerate(sequences):
        out[row, : len(ids)] = torch.as_tensor(ids, dtype=torch.int64)
    return out.to(device)


def token_batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices in batches of like length, longest first, each at most `batch_tokens` with its padding (or one item)."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[batch[0]] > batch_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
