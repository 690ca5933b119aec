"""Templates and batches: BOS, system role, the length policy and its counts, padding."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from music_core.errors import RewardError
from music_core.reward.batch import encode_pair, encode_pairs, pad_right, token_batches
from music_core.reward.template import ChatEncoder, is_prefix_stable, pooled_index
from music_core.types import ContrastPair, Conversation, Message
from tests.unit.reward import tiny


def encoder(style: str, **options: Any) -> ChatEncoder:
    return ChatEncoder(tiny.tokenizer(style, **options))


@pytest.mark.parametrize("style", ["llama3", "gemma"])
def test_there_is_exactly_one_bos_whoever_writes_it(style: str) -> None:
    both = encoder(style)
    assert both.tokenizer("x")["input_ids"][0] == both.bos  # the tokenizer writes one, and so does the template
    ids = both.ids(tiny.chat(1, 2).messages)
    assert ids.count(both.bos or -1) == 1 and ids[0] == both.bos
    for template in (tiny.TEMPLATES[style].replace("{{ bos_token }}", ""), "{{ bos_token }}" + tiny.TEMPLATES[style]):
        tok = tiny.tokenizer(style)
        tok.chat_template = template
        assert ChatEncoder(tok).ids(tiny.chat(1, 2).messages) == ids


def test_chatml_gets_no_bos_that_its_tokenizer_does_not_write() -> None:
    chatml = encoder("chatml")
    assert chatml.tokenizer.decode(chatml.ids(tiny.chat(1, 1).messages)).startswith("<|im_start|>user")


@pytest.mark.parametrize(("style", "end"), [("chatml", "\n"), ("llama3", "<|eot|>"), ("gemma", "\n")])
def test_the_judged_token_is_the_last_one_that_the_template_writes(style: str, end: str) -> None:
    made = encoder(style)
    assert made.tokenizer.decode([made.end_id]) == end
    prefixes = made.prefix_ids(tiny.chat(2, 4))
    assert {ids[-1] for ids in prefixes} == {made.end_id} and is_prefix_stable(prefixes)


def test_a_system_message_is_folded_only_where_the_template_refuses_it() -> None:
    conv = tiny.chat(1, 2, system=True)
    assert "system" in encoder("chatml").tokenizer.decode(encoder("chatml").ids(conv.messages))
    gemma = encoder("gemma")
    text = gemma.tokenizer.decode(gemma.ids(conv.messages))
    assert conv.messages[0].content + "\n\n" + conv.messages[1].content in text


def test_what_a_template_refuses_is_our_error() -> None:
    with pytest.raises(RewardError, match="alternate"):
        encoder("gemma").ids((Message("user", "a"), Message("user", "b")))


def test_a_tokenizer_without_template_is_refused() -> None:
    tok = tiny.tokenizer("chatml")
    tok.chat_template = None
    with pytest.raises(RewardError, match="no chat template"):
        ChatEncoder(tok)


def test_the_pooled_token_is_the_rightmost_that_is_not_padding() -> None:
    assert pooled_index([5, 6, 7], 0) == 2
    assert pooled_index([5, 6, 0, 0], 0) == 1
    assert pooled_index([5, 6, 7], None) == 2
    assert pooled_index([0], 0) == 0


def test_the_same_shared_turns_are_dropped_from_both_sides_and_nothing_else() -> None:
    made, pair = encoder("chatml"), tiny.pair(1, turns=5, shared=3, system=True)
    whole = encode_pair(made, "p", pair, max_length=10_000)
    assert not isinstance(whole, str) and whole.turns_dropped == 0
    limit = whole.longest - 1
    cut = encode_pair(made, "p", pair, max_length=limit)
    assert not isinstance(cut, str) and 1 <= cut.turns_dropped <= 3 and cut.longest <= limit
    for side, ids in ((pair.chosen, cut.chosen), (pair.rejected, cut.rejected)):
        kept = (side.messages[0], *side.messages[1 + 2 * cut.turns_dropped :])
        assert list(ids) == made.ids(kept)


def test_no_turn_is_dropped_in_which_the_sides_differ_unless_asked() -> None:
    made, pair = encoder("chatml"), tiny.pair(1, turns=4, shared=1)
    last_turns = [len(made.ids(side.messages[-2:])) for side in (pair.chosen, pair.rejected)]
    limit = max(last_turns)
    assert encode_pair(made, "p", pair, max_length=limit) == "too_long"
    cut = encode_pair(made, "p", pair, max_length=limit, keep_divergence=False)
    assert not isinstance(cut, str) and cut.turns_dropped == 3
    assert list(cut.chosen) == made.ids(pair.chosen.messages[-2:])


def test_the_judged_turn_is_never_cut() -> None:
    made, pair = encoder("chatml"), tiny.pair(1, turns=3)
    last = max(len(made.ids(side.messages[-2:])) for side in (pair.chosen, pair.rejected))
    assert encode_pair(made, "p", pair, max_length=last - 1, keep_divergence=False) == "too_long"


def test_every_pair_is_used_or_counted_with_its_reason_in_all_and_per_source() -> None:
    good = tiny.pairs(3)
    same = ContrastPair(tiny.chat(9, 1), tiny.chat(9, 1))
    open_end = ContrastPair(Conversation((Message("user", "a"),)), Conversation((Message("user", "b"),)))
    twice = (Message("user", "a"), Message("user", "b"))
    odd = ContrastPair(Conversation((*twice, Message("assistant", "c"))), Conversation((*twice, Message("assistant", "d"))))
    trimmed = ContrastPair(tiny.chat(8, 1), Conversation((*tiny.chat(8, 1).messages[:-1], Message("assistant", "x" * 900))))
    items = [*good, ("same", same), ("open", open_end), ("odd", odd), ("long", trimmed)]
    sources = {key: "hh" if i < 5 else "demo" for i, (key, _) in enumerate(items)}
    used, report = encode_pairs(encoder("gemma"), items, max_length=200, sources=sources)
    assert [p.pair_id for p in used] == [key for key, _ in good]
    assert report.dropped == {"same_text": 1, "no_reply_at_end": 1, "template_refused": 1, "too_long": 1}
    assert report.used + sum(report.dropped.values()) == len(items)
    assert report.by_source == {
        "hh": {"used": 3, "same_text": 1, "no_reply_at_end": 1},
        "demo": {"template_refused": 1, "too_long": 1},
    }


def test_sides_of_unlike_length_lose_the_same_turns() -> None:
    long, short = tiny.chat(1, 4), tiny.chat(1, 4).messages[:6]
    pair = ContrastPair(long, Conversation((*short[:5], Message("assistant", "no"))))
    made = encoder("chatml")
    cut = encode_pair(made, "p", pair, max_length=len(made.ids(long.messages)) - 1)
    assert not isinstance(cut, str) and list(cut.rejected) == made.ids(pair.rejected.messages[2 * cut.turns_dropped :])


def test_padding_goes_to_the_right() -> None:
    ids = pad_right([[1, 2, 3], [4]], 9, torch.device("cpu"))
    assert ids.tolist() == [[1, 2, 3], [4, 9, 9]] and ids.dtype == torch.int64


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=30), st.integers(1, 200))
def test_property_every_item_is_in_one_batch_and_no_batch_of_several_exceeds_the_budget(lengths: list[int], budget: int) -> None:
    batches = list(token_batches(lengths, budget))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget for batch in batches)
