"""Text that compresses and searches like language, quickly: passages cut from one long text over a Zipf vocabulary."""

from dataclasses import dataclass
from random import Random

WORDS = 20_000
POOL_CHARS = 8_000_000
MEAN_CHARS = 900
# What searches look for: each stands in about one of so many passages.
NEEDLES = {"zymurgy": 40, "quokka": 2_000}
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"


@dataclass(frozen=True, slots=True)
class Passages:
    """Cuts passages of 450 to 1,350 characters, 900 on average, out of `pool`."""

    pool: str

    def one(self, random: Random) -> str:
        """The next passage. Any two differ, since each begins with a number of its own."""
        length = random.randint(MEAN_CHARS // 2, MEAN_CHARS * 3 // 2)
        start = random.randrange(len(self.pool) - length)
        needle = "".join(f" {word}" for word, every in NEEDLES.items() if random.randrange(every) == 0)
        head = f"Note {random.getrandbits(40)}{needle}: "
        return head + self.pool[start : start + length - len(head)]


def passages(random: Random) -> Passages:
    """Passages over a vocabulary of `WORDS` made-up words, their frequencies falling as 1 / rank."""
    words = sorted({_word(random) for _ in range(WORDS)})
    random.shuffle(words)
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    drawn = random.choices(words, weights, k=POOL_CHARS // 5)
    ends = random.choices((" ", ", ", ". ", ".\n\n"), (80, 8, 10, 2), k=len(drawn))
    return Passages("".join(word + end for word, end in zip(drawn, ends, strict=True))[:POOL_CHARS])


def _word(random: Random) -> str:
    return "".join(random.choice(_CONSONANTS) + random.choice(_VOWELS) for _ in range(random.choice((1, 2, 2, 3, 3, 4))))
