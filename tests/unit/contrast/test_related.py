import random

from music_core.contrast.related import MAX_OVERLAP, N_RELATED, RelatedSeeds
from tests.unit.contrast.talk import seed

TEXTS = (
    "How do I bake sourdough bread in a small oven?",
    "How do I bake sourdough bread in a small oven at home?",
    "How long can sourdough bread be kept in a freezer?",
    "Which flour makes a good pizza in a small oven?",
    "Where can children swim near Lisbon?",
    "How do I prepare a talk for work?",
)
SEEDS = [seed(text) for text in TEXTS]


def test_related_requests_share_words_but_are_not_the_same_request() -> None:
    related = RelatedSeeds(SEEDS)
    found = related.requests(SEEDS[0])
    assert TEXTS[0] not in found
    assert TEXTS[1] not in found
    assert set(found[:2]) == {TEXTS[2], TEXTS[3]}
    assert related.overlap(SEEDS[0].id, SEEDS[1].id) > MAX_OVERLAP


def test_the_order_of_the_seeds_plays_no_part() -> None:
    mixed = list(SEEDS)
    random.Random(1).shuffle(mixed)
    assert [RelatedSeeds(mixed).requests(s) for s in SEEDS] == [RelatedSeeds(SEEDS).requests(s) for s in SEEDS]


def test_seeds_that_share_no_word_still_find_others_to_answer() -> None:
    found = RelatedSeeds(SEEDS).requests(SEEDS[4])
    assert len(found) == len(SEEDS) - 1
    assert RelatedSeeds(SEEDS[:1]).requests(SEEDS[0]) == ()


def test_many_seeds_are_searched_without_comparing_all_with_all() -> None:
    words = [f"word{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}" for i in range(600)]
    rng = random.Random(0)
    seeds = [seed(" ".join(rng.sample(words, 6)) + f" {i}") for i in range(2000)]
    related = RelatedSeeds(seeds)
    assert all(len(related.requests(s)) == N_RELATED for s in seeds[:100])
