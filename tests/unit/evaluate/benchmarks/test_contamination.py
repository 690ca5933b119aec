"""Which prompts a model has seen in training."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.benchmarks.catalogue import read_benchmark
from music_core.evaluate.benchmarks.contamination import find_contaminated, words_of
from music_core.evaluate.benchmarks.items import Item
from music_core.types import ContrastPair, Conversation, Message, conversation
from tests.unit.evaluate.benchmarks.rows import report_of, rewardbench_row, values

LONG = "Please write down all the steps of baking a loaf of rye bread at home in winter"  # 17 words, ten 8-grams


def item(prompt: str, key: str = "1") -> Item:
    before = (Message("user", prompt),)
    answers = tuple(Conversation((*before, Message("assistant", text))) for text in ("yes", "no"))
    return Item(key, "g", answers, 1)


def trained(*messages: str) -> ContrastPair:
    """A pair whose user messages are `messages`."""
    turns = [m for text in messages for m in ({"role": "user", "content": text}, {"role": "assistant", "content": "Sure."})]
    return ContrastPair(conversation(turns), conversation([*turns[:-1], {"role": "assistant", "content": "No."}]))


@pytest.mark.parametrize("seen", ["What's the time?", "  WHAT'S   the TIME", "Ｗhat’s the time…"])
def test_the_same_first_message_is_found_whatever_its_case_and_spacing(seen: str) -> None:
    found = find_contaminated([item("What's the time?"), item("What's the date?", "2")], [("p_1", trained(seen))])
    assert [(c.locator, c.exact, c.pair_id) for c in found.found.values()] == [("1", True, "p_1")]


def test_a_short_message_inside_another_is_no_match() -> None:
    assert not find_contaminated([item("What's the time?")], [("p_1", trained("Hello", "What's the time?"))]).found


def test_a_prompt_is_near_when_half_of_its_8_grams_lie_in_one_training_pair() -> None:
    words = LONG.split()
    # The first 12 words hold 5 of the 10 different 8-grams, the first 11 only 4.
    half, less = " ".join(words[:12]), " ".join(words[:11])
    found = find_contaminated([item(LONG)], [("p_1", trained("Hello", f"Oh, {half}?"))])
    assert [(c.exact, c.share, c.pair_id) for c in found.found.values()] == [(False, 0.5, "p_1")]
    assert not find_contaminated([item(LONG)], [("p_1", trained(less))]).found
    # Two pairs that hold the two halves of a prompt are no copy of it.
    assert not find_contaminated([item(LONG)], [("p_1", trained(less)), ("p_2", trained(" ".join(words[6:])))]).found


def test_what_assistants_say_is_not_a_prompt() -> None:
    said = trained("Tell me", "And?")
    told = Conversation((said.chosen.messages[0], Message("assistant", LONG), *said.chosen.messages[2:]))
    assert not find_contaminated([item(LONG)], [("p_1", ContrastPair(told, said.rejected))]).found


def test_the_closest_training_pair_is_named_and_counts_are_told() -> None:
    near = trained("Hello", LONG + " please")
    found = find_contaminated([item(LONG), item("Short one", "2")], [("p_1", near), ("p_2", trained(LONG)), ("p_3", trained("short one!"))])
    report = found.as_dict()
    assert (report["training_pairs"], report["prompts"], report["exact"], report["near"]) == (3, 2, 2, 0)
    assert [(i["id"], i["pair_id"]) for i in report["ids"]] == [("1", "p_2"), ("2", "p_3")]


def test_figures_without_contaminated_prompts_stand_beside() -> None:
    rows = [rewardbench_row("donotanswer", 2, 1, n=1), rewardbench_row("donotanswer", 0, 1, n=2)]
    items = read_benchmark("rewardbench", rows, "rows").items
    found = find_contaminated(items, [("p_1", trained("question 1 of donotanswer"))])
    report = report_of("rewardbench", rows, contamination=found)
    assert values(report)["Safety"] == 0.5
    clean = report["contamination"]["clean"]
    assert (clean["n"], values(clean)["Safety"]) == (1, 0.0)
    assert report["contamination"]["ids"] == [{"id": "1", "exact": True, "share": 1.0, "pair_id": "p_1"}]
    assert report_of("rewardbench", rows)["contamination"] is None
    assert report_of("rewardbench", rows, contamination=find_contaminated(items, []))["contamination"]["clean"] is None


@given(st.lists(st.text(alphabet="ab c,.", max_size=40), max_size=5), st.text(alphabet="ab c,.", max_size=40))
def test_property_a_prompt_that_was_trained_on_is_always_found(others: list[str], prompt: str) -> None:
    training = [(f"p_{n}", trained(text)) for n, text in enumerate([*others, prompt])]
    found = find_contaminated([item(prompt)], training)
    assert bool(found.found) == bool(words_of(prompt))
