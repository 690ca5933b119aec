"""One-pass traces against the long way round: every prefix alone, unpadded."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from music_core.errors import RewardError
from music_core.reward.score import RewardScorer, ScoredConversation, score_conversations
from music_core.types import Conversation, Message
from tests.unit.reward import tiny

CHATS = [(f"c{i}", tiny.chat(i, turns)) for i, turns in enumerate([1, 2, 3, 5, 8, 4, 6, 2, 7, 3])]


def by_hand(folder: Path, conv: Conversation) -> list[float]:
    """Each prefix through the model's own forward, one at a time: no batch, no padding, none of our code."""
    tok: Any = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    out = []
    for i in conv.assistant_positions():
        ids = tok.apply_chat_template(conv.as_dicts()[: i + 1], return_tensors="pt", return_dict=True)["input_ids"]
        with torch.inference_mode():
            out.append(model(input_ids=ids).logits.item())
    return out


def scored(folder: Path, items: list[tuple[str, Conversation]] = CHATS, **options: Any) -> dict[str, ScoredConversation]:
    return {s.key: s for s in RewardScorer(folder).score(items, **options)}


@pytest.mark.parametrize("kind", ["llama", "llama3", "gemma"])
def test_one_pass_rewards_equal_rewards_of_each_prefix_alone(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    results = scored(folder, batch_tokens=600)
    expected = {key: by_hand(folder, conv) for key, conv in CHATS}
    everything = [r for rewards in expected.values() for r in rewards]
    assert np.std(everything) >= 1
    assert all(s.one_pass for s in results.values())
    for key, rewards in expected.items():
        assert results[key].rewards == pytest.approx(rewards, abs=1e-4)


def test_the_sliding_window_is_shorter_than_every_long_conversation_and_matters(gemma: Path) -> None:
    scorer = RewardScorer(gemma)
    conv = tiny.chat(1, 6)
    ids = scorer.net.encoder.ids(conv.messages)
    assert len(ids) > 4 * scorer.net.model.config.sliding_window
    narrow = scorer.last_rewards([conv])
    for layer in scorer.net.model.model.layers:
        layer.self_attn.sliding_window = None
    scorer.net.model.config.sliding_window = 4096
    assert scorer.last_rewards([conv]) != pytest.approx(narrow, abs=1e-3)


@pytest.mark.parametrize("kind", ["llama", "gemma"])
def test_changing_a_later_turn_leaves_earlier_rewards_as_they_were(kind: str, request: pytest.FixtureRequest) -> None:
    conv = tiny.chat(3, 5)
    later = Conversation((*conv.messages[:7], Message("assistant", "bridge bridge"), *conv.messages[8:]))
    results = scored(request.getfixturevalue(kind), [("before", conv), ("after", later)])
    before, after = results["before"].rewards, results["after"].rewards
    assert after[:3] == pytest.approx(before[:3], abs=1e-5)
    assert all(abs(a - b) > 1e-3 for a, b in zip(before[3:], after[3:], strict=True))


@pytest.mark.parametrize("kind", ["llama", "gemma"])
def test_changing_an_earlier_token_changes_all_rewards_from_there_on(kind: str, request: pytest.FixtureRequest) -> None:
    conv = tiny.chat(3, 3, words=4)
    earlier = Conversation((replace(conv.messages[0], content=conv.messages[0].content + " night"), *conv.messages[1:]))
    results = scored(request.getfixturevalue(kind), [("before", conv), ("after", earlier)])
    assert all(abs(a - b) > 1e-3 for a, b in zip(results["before"].rewards, results["after"].rewards, strict=True))


def test_a_template_that_is_not_prefix_stable_is_noticed_and_scored_singly(unstable: Path) -> None:
    results = scored(unstable)
    assert results["c0"].one_pass  # one turn has one prefix
    assert not any(results[key].one_pass for key, conv in CHATS if conv.n_turns > 1)
    for key, conv in CHATS:
        assert results[key].rewards == pytest.approx(by_hand(unstable, conv), abs=1e-4)


def test_one_pass_and_singly_agree_and_the_result_says_which_it_was(llama: Path) -> None:
    fast, slow = scored(llama), scored(llama, one_pass=False)
    assert all(s.one_pass for s in fast.values()) and not any(s.one_pass for s in slow.values())
    for key in fast:
        assert fast[key].rewards == pytest.approx(slow[key].rewards, abs=1e-4)


@pytest.mark.parametrize("batch_tokens", [1, 300, 100_000])
def test_batch_size_does_not_change_rewards_and_no_conversation_is_lost(llama: Path, batch_tokens: int) -> None:
    results, reference = scored(llama, batch_tokens=batch_tokens), scored(llama)
    assert results.keys() == reference.keys()
    for key in results:
        assert results[key].rewards == pytest.approx(reference[key].rewards, abs=1e-4)
        assert len(results[key].rewards) == dict(CHATS)[key].n_turns


def test_what_follows_the_last_reply_is_not_part_of_any_reward(llama: Path) -> None:
    conv = tiny.chat(5, 2)
    asked_on = Conversation((*conv.messages, Message("user", "why")))
    results = scored(llama, [("plain", conv), ("asked on", asked_on)])
    assert results["asked on"].rewards == pytest.approx(results["plain"].rewards, abs=1e-5)


def test_a_conversation_that_cannot_be_scored_says_why_and_does_not_stop_the_others(gemma: Path) -> None:
    twice_user = Conversation((Message("user", "a"), Message("user", "b"), Message("assistant", "c")))
    items = [("odd", twice_user), ("none", Conversation((Message("user", "a"),))), ("long", tiny.chat(1, 60)), ("fine", tiny.chat(2, 2))]
    results = scored(gemma, items)
    assert [(k, results[k].problem) for k in ("odd", "none", "long", "fine")] == [
        ("odd", "template_refused"),
        ("none", "no_reply"),
        ("long", "too_long"),
        ("fine", ""),
    ]
    assert results["odd"].rewards == () and len(results["fine"].rewards) == 2


def test_a_template_without_system_role_gets_it_in_the_first_user_message(gemma: Path) -> None:
    conv = tiny.chat(4, 2, system=True)
    folded = Conversation((Message("user", conv.messages[0].content + "\n\n" + conv.messages[1].content), *conv.messages[2:]))
    results = scored(gemma, [("system", conv), ("folded", folded)])
    assert results["system"].rewards == pytest.approx(results["folded"].rewards, abs=1e-5)


def test_rewards_are_finite_for_gemma_2_beside_a_much_longer_neighbour(gemma: Path) -> None:
    items = [("short", tiny.chat(1, 1)), ("long", tiny.chat(2, 25))]
    results = scored(gemma, items, batch_tokens=10**6)
    assert results["short"].rewards == pytest.approx(by_hand(gemma, items[0][1]), abs=1e-4)


def test_bfloat16_scores_stay_near_and_keep_a_float32_head(llama: Path) -> None:
    scorer = RewardScorer(llama, dtype="bfloat16")
    assert scorer.net.model.score.weight.dtype == torch.float32
    assert torch.equal(scorer.net.model.score.weight, RewardScorer(llama).net.model.score.weight)
    exact = scored(llama)
    for s in scorer.score(CHATS):
        assert s.rewards == pytest.approx(exact[s.key].rewards, abs=0.5)


def test_progress_counts_every_conversation_and_the_function_scores_like_the_class(llama: Path) -> None:
    seen: list[tuple[int, int]] = []
    results = list(score_conversations(llama, CHATS, n_threads=1, on_progress=lambda done, total: seen.append((done, total))))
    assert seen == [(i + 1, len(CHATS)) for i in range(len(CHATS))]
    assert {s.key: s.rewards for s in results} == {k: s.rewards for k, s in scored(llama).items()}


def test_a_folder_without_head_or_without_template_is_refused_with_a_sentence(llama_lm: Path, tmp_path: Path) -> None:
    with pytest.raises(RewardError, match="without a reward head"):
        RewardScorer(llama_lm)
    tok = tiny.tokenizer("chatml")
    tok.chat_template = None
    bare = tiny.save(tmp_path / "bare", tiny.backbone("llama", len(tok), 0, classify=True), tok)
    with pytest.raises(RewardError, match="no chat template"):
        RewardScorer(bare)
    with pytest.raises(RewardError, match="cannot be loaded"):
        RewardScorer(tmp_path / "nothing")
    with pytest.raises(RewardError, match="dtype"):
        RewardScorer(bare, dtype="float8")


def test_gemma_2_runs_on_eager_attention_and_refuses_sdpa(gemma: Path) -> None:
    assert RewardScorer(gemma).net.model.config._attn_implementation == "eager"
    with pytest.raises(RewardError, match="sdpa"):
        RewardScorer(gemma, attention="sdpa")
