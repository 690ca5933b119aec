"""Which prompts of a benchmark a model has seen in training: the same first message, or most of its word 8-grams.

The benchmark is the smaller side, so it is indexed and the training pairs stream past: memory does not grow with them.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from music_core.evaluate.benchmarks.items import Item
from music_core.types import ContrastPair, Conversation

N_GRAM = 8
# Share of a prompt's different 8-grams within the user messages of one training pair. Ours: half is far more than a common phrase gives.
NEAR = 0.5
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Contaminated:
    """A prompt found in training: `exact` for the same first message, `share` of its 8-grams in pair `pair_id`, the closest."""

    key: str
    locator: str
    exact: bool
    share: float
    pair_id: str


@dataclass(frozen=True, slots=True)
class Contamination:
    """What a look through the training pairs found; `found` by item key."""

    n_pairs: int
    found: Mapping[str, Contaminated]

    def as_dict(self) -> dict[str, Any]:
        """Counts and the benchmark's ids as JSON types."""
        exact = [c for c in self.found.values() if c.exact]
        near = [c for c in self.found.values() if not c.exact]
        return {
            "training_pairs": self.n_pairs,
            "prompts": len(self.found),
            "exact": len(exact),
            "near": len(near),
            "ids": [{"id": c.locator, "exact": c.exact, "share": round(c.share, 3), "pair_id": c.pair_id} for c in self.found.values()],
        }


def words_of(text: str) -> list[str]:
    """The words of `text` without regard to case, width, punctuation and white space."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def find_contaminated(items: Sequence[Item], training: Iterable[tuple[str, ContrastPair]], *, near: float = NEAR) -> Contamination:
    """Look for the items' prompts among (pair id, training pair).

    A prompt is the user messages that all its answers share. It is contaminated when its first message has the same words as
    a training pair's first message, or when at least `near` of its word 8-grams occur in the user messages of one training pair. A
    prompt of fewer than eight words can only be found by the first.
    """
    index = _Index(items)
    best: dict[int, Contaminated] = {}
    n_pairs = 0
    for pair_id, pair in training:
        n_pairs += 1
        for k, exact, share in index.hits(pair):
            known = best.get(k)
            if (exact or share >= near) and (known is None or (exact, share) > (known.exact, known.share)):
                best[k] = Contaminated(items[k].key, items[k].locator, exact, share, pair_id)
    return Contamination(n_pairs, {best[k].key: best[k] for k in sorted(best)})


class _Index:
    """First messages and 8-grams of a benchmark's prompts, with the positions of the items that have them."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._first: dict[str, list[int]] = {}
        self._grams: dict[str, list[int]] = {}
        self._n_grams: list[int] = []
        for k, item in enumerate(items):
            prompt = _user_messages(_shared(item))
            if prompt and prompt[0]:
                self._first.setdefault(" ".join(prompt[0]), []).append(k)
            grams = {g for words in prompt for g in _grams(words)}
            self._n_grams.append(len(grams))
            for gram in grams:
                self._grams.setdefault(gram, []).append(k)

    def hits(self, pair: ContrastPair) -> Iterator[tuple[int, bool, float]]:
        """(item, same first message, share of its grams) for every item that has anything in common with the pair."""
        texts = {m.content for side in (pair.chosen, pair.rejected) for m in side.messages if m.role == "user"}
        first = _user_messages(pair.chosen)
        exact = set(self._first.get(" ".join(first[0]), ())) if first and first[0] else set()
        grams = {g for text in texts for g in _grams(words_of(text))}
        counts = Counter(k for g in grams for k in self._grams.get(g, ()))
        for k in sorted(exact | counts.keys()):
            yield k, k in exact, counts[k] / self._n_grams[k] if self._n_grams[k] else float(k in exact)


def _shared(item: Item) -> Conversation:
    """The messages that all answers begin with."""
    first, *others = item.conversations
    n = next(
        (i for i, m in enumerate(first.messages) if any(i >= len(o.messages) or o.messages[i] != m for o in others)), len(first.messages)
    )
    return Conversation(first.messages[:n])


def _user_messages(conv: Conversation) -> list[list[str]]:
    return [words_of(m.content) for m in conv.messages if m.role == "user"]


def _grams(words: Sequence[str]) -> Iterator[str]:
    return (" ".join(words[i : i + N_GRAM]) for i in range(len(words) - N_GRAM + 1))
