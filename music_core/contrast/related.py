"""Related seeds for the `swap` contrast: about similar things, but not the same request.

Relatedness is the overlap of content words, each weighed by how few seeds use it (inverse document frequency), as a share of the
words of both. Seeds above `MAX_OVERLAP` count as the same request and are left out. When too few seeds share a word, others
are drawn by hash, so that there is always something to answer.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from music_core.simulate.draws import draw
from music_core.types import Seed

MAX_OVERLAP = 0.5
# How many related seeds one seed chooses from.
N_RELATED = 8
# A word that more seeds share than this says little; leaving it out keeps the search nearly linear.
MAX_SEEDS_PER_WORD = 200
_WORD = re.compile(r"[^\W\d_]{4,}")
_STOP_WORDS = (
    "about also another because been before being best between both could does doing each else ever every find from getting give "
    "good have having help here into just know like list made make many more most much must need only other over please really "
    "should some such tell than that their them then there these they thing things think this those through using very want "
    "were what when where which while will with without would write your yours"
)
_STOP = frozenset(_STOP_WORDS.split())


class RelatedSeeds:
    """The requests of other seeds, most related first. A function of the seeds as a set: their order plays no part."""

    def __init__(self, seeds: Sequence[Seed]) -> None:
        """Index `seeds`; needs at least two different ones to be of use."""
        self._requests = dict(sorted((s.id, _opening(s)) for s in seeds))
        self._words = {i: frozenset(_WORD.findall(text.casefold())) - _STOP for i, text in self._requests.items()}
        n_using = Counter(w for words in self._words.values() for w in words)
        self._weight = {w: math.log(1 + len(self._requests) / n) for w, n in n_using.items()}
        self._using: dict[str, list[str]] = defaultdict(list)
        for i, words in self._words.items():
            for w in words:
                if n_using[w] <= MAX_SEEDS_PER_WORD:
                    self._using[w].append(i)

    def requests(self, seed: Seed) -> tuple[str, ...]:
        """Up to `N_RELATED` requests to answer instead of this seed's, most related first; empty when there is no other seed."""
        near = {other for w in self._words[seed.id] for other in self._using.get(w, ())} - {seed.id}
        scored = sorted((-self.overlap(seed.id, other), other) for other in near)
        found = [other for score, other in scored if -score <= MAX_OVERLAP][:N_RELATED]
        if len(found) < N_RELATED:
            rest = set(self._requests) - near - {seed.id}
            found += sorted(rest, key=lambda other: draw(seed.id, other))[: N_RELATED - len(found)]
        return tuple(self._requests[i] for i in found)

    def overlap(self, a: str, b: str) -> float:
        """Weighed overlap of the content words of two seeds, given by id: 0 (none) to 1 (the same words)."""
        shared = sum(self._weight[w] for w in self._words[a] & self._words[b])
        every = sum(self._weight[w] for w in self._words[a] | self._words[b])
        return shared / every if every else 0.0


def _opening(seed: Seed) -> str:
    return next(m.content for m in seed.context.messages if m.role == "user")
