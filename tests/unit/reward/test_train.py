"""Training: it learns, resumes, writes an ordinary folder, and refuses what it cannot do."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file

from music_core.errors import RewardError
from music_core.reward.checkpoint import state_file
from music_core.reward.optimise import batch_indices, learning_rate_factor
from music_core.reward.recipe import TrainRecipe
from music_core.reward.report import TrainReport, read_report
from music_core.reward.score import RewardScorer
from music_core.reward.train import train_reward_model
from tests.unit.reward import tiny

PAIRS = tiny.pairs(12)
HELD_OUT = tiny.pairs(20)[12:]


def recipe(base: Path, **changes: Any) -> TrainRecipe:
    values = {"max_length": 256, "steps": 6, "batch_pairs": 4, "micro_batch_pairs": 2, "learning_rate": 3e-3, "dtype": "float32", "seed": 1}
    return TrainRecipe(base=str(base), **{**values, **changes})


def train(base: Path, out: Path, should_stop: Callable[[], bool] | None = None, **changes: Any) -> TrainReport:
    return train_reward_model(PAIRS, validation=HELD_OUT, recipe=recipe(base, **changes), out_dir=out, should_stop=should_stop)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def plain_reward(folder: Path, texts: list[list[dict[str, str]]]) -> list[float]:
    """Rewards by transformers alone, all conversations in one padded batch, as its documentation shows it."""
    tok: Any = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    batch = tok.apply_chat_template(texts, padding=True, return_tensors="pt", return_dict=True)
    with torch.inference_mode():
        return [float(x) for x in model(**batch).logits.squeeze(-1).float()]


@pytest.mark.parametrize("kind", ["llama_lm", "gemma_lm"])
def test_training_learns_and_plain_transformers_gives_the_same_reward(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    out = tmp_path / "model"
    report = train(request.getfixturevalue(kind), out, steps=24, eval_every=12)
    assert report.finished and report.steps_done == 24 and report.validation is not None
    assert report.validation.accuracy >= 0.75 and report.curve[-1].loss < report.curve[0].loss
    chats = [tiny.chat(50, 1), tiny.chat(51, 4)]
    assert RewardScorer(out).last_rewards(chats) == pytest.approx(plain_reward(out, [c.as_dicts() for c in chats]), abs=1e-4)
    config = json.loads((out / "config.json").read_text())
    assert config["architectures"][0].endswith("ForSequenceClassification") and config["pad_token_id"] == 0


def test_the_folder_keeps_recipe_curve_and_counts(llama_lm: Path, tmp_path: Path) -> None:
    report = train(llama_lm, tmp_path / "model", eval_every=3)
    assert read_report(tmp_path / "model") == report
    assert report.recipe["learning_rate"] == 3e-3 and report.n_pairs == 12 and report.n_validation == 8
    assert [p.step for p in report.curve] == [1, 2, 3, 4, 5, 6]
    assert [p.step for p in report.curve if p.validation] == [3, 6]
    assert not state_file(tmp_path / "model").parent.exists()


def test_a_run_stopped_and_resumed_ends_with_the_weights_of_an_undisturbed_run(llama_lm: Path, tmp_path: Path) -> None:
    straight = train(llama_lm, tmp_path / "straight")
    asked = iter([False, False, True])
    stopped = train(llama_lm, tmp_path / "resumed", should_stop=lambda: next(asked))
    assert not stopped.finished and stopped.steps_done == 3 and not (tmp_path / "resumed").exists()
    resumed = train(llama_lm, tmp_path / "resumed")
    assert resumed.finished and resumed.tokens == straight.tokens
    assert same(weights(tmp_path / "straight"), weights(tmp_path / "resumed"))
    assert [p.loss for p in resumed.curve] == [p.loss for p in straight.curve]


class Killed(BaseException):
    """Stands for a kill: nothing of ours catches it."""


def test_a_killed_run_goes_on_from_its_last_checkpoint(llama_lm: Path, tmp_path: Path) -> None:
    def die(step: int, *_: float) -> None:
        if step == 5:
            raise Killed

    config = recipe(llama_lm, checkpoint_every=2, train_layers=2)
    with pytest.raises(Killed):
        train_reward_model(PAIRS, recipe=config, out_dir=tmp_path / "killed", on_progress=die)
    seen: list[int] = []
    train_reward_model(PAIRS, recipe=config, out_dir=tmp_path / "killed", on_progress=lambda step, *_: seen.append(step))
    assert seen == [5, 6]
    train_reward_model(PAIRS, recipe=config, out_dir=tmp_path / "whole")
    assert same(weights(tmp_path / "killed"), weights(tmp_path / "whole"))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(llama_lm: Path, tmp_path: Path) -> None:
    before = torch.get_rng_state()
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(llama_lm, tmp_path / name, seed=seed, steps=2)
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "c"))
    assert torch.equal(torch.get_rng_state(), before)


def test_micro_batches_and_gradient_checkpointing_do_not_change_the_gradient(llama_lm: Path, tmp_path: Path) -> None:
    """The loss is a mean over the pairs of the step, however they are cut up."""
    whole = train(llama_lm, tmp_path / "whole", micro_batch_pairs=4, steps=2)
    variants: dict[str, dict[str, Any]] = {"ones": {"micro_batch_pairs": 1}, "checkpointed": {"gradient_checkpointing": True}}
    for name, changes in variants.items():
        other = train(llama_lm, tmp_path / name, steps=2, **changes)
        assert [p.loss for p in other.curve] == pytest.approx([p.loss for p in whole.curve], abs=1e-4)
        assert [p.grad_norm for p in other.curve] == pytest.approx([p.grad_norm for p in whole.curve], rel=1e-3)


def test_only_the_top_layers_the_norm_and_the_head_change_when_asked(llama_lm: Path, tmp_path: Path) -> None:
    train(llama_lm, tmp_path / "one", train_layers=1, steps=1)
    train(llama_lm, tmp_path / "three", train_layers=1, steps=3)
    one, three = weights(tmp_path / "one"), weights(tmp_path / "three")
    changed = {name for name in one if not torch.equal(one[name], three[name])}
    assert changed and all(name.startswith(("model.layers.3.", "model.norm", "score")) for name in changed)
    with pytest.raises(RewardError, match="4 layers"):
        train(llama_lm, tmp_path / "nine", train_layers=9)


def test_bfloat16_arithmetic_trains_float32_weights_and_head(llama_lm: Path, tmp_path: Path) -> None:
    report = train(llama_lm, tmp_path / "bf16", dtype="bfloat16", steps=20)
    assert report.validation is not None and report.validation.accuracy >= 0.75
    assert {w.dtype for w in weights(tmp_path / "bf16").values()} == {torch.float32}
    train(llama_lm, tmp_path / "small", save_dtype="bfloat16", steps=2)
    saved = weights(tmp_path / "small")
    assert saved["score.weight"].dtype == torch.float32 and saved["model.norm.weight"].dtype == torch.bfloat16
    chats = [tiny.chat(50, 2)]
    exact, rounded = (
        RewardScorer(tmp_path / "small").last_rewards(chats),
        RewardScorer(tmp_path / "small", dtype="bfloat16").last_rewards(chats),
    )
    assert rounded == pytest.approx([r or 0.0 for r in exact], abs=0.5)


@pytest.mark.parametrize("pad", [None, "<|eot|>"])
def test_a_pad_token_that_ends_conversations_is_replaced_so_that_transformers_reads_the_right_token(
    pad: str | None, tmp_path: Path
) -> None:
    tok = tiny.tokenizer("llama3", pad=pad, eos="<|eot|>")
    lm = tiny.backbone("llama", len(tok), tok.pad_token_id, classify=False)
    base = tiny.save(tmp_path / "base", lm, tok)
    train(base, tmp_path / "model", steps=2)
    made = transformers.AutoTokenizer.from_pretrained(tmp_path / "model")
    assert made.pad_token == "<pad>" and made.eos_token == "<|eot|>"
    chats = [tiny.chat(50, 1), tiny.chat(51, 4)]
    ours = RewardScorer(tmp_path / "model").last_rewards(chats)
    assert ours == pytest.approx(plain_reward(tmp_path / "model", [c.as_dicts() for c in chats]), abs=1e-4)


def test_a_vocabulary_without_a_spare_token_gets_a_new_one(tmp_path: Path) -> None:
    core = tiny.tokenizer("llama3").backend_tokenizer
    core = core.from_str(core.to_str().replace("<pad>", "<other>"))
    tok = tiny.wrap(core, "llama3", bos="<bos>", eos="<|eot|>", pad="<|eot|>")
    base = tiny.save(tmp_path / "base", tiny.backbone("llama", len(tok), tok.pad_token_id, classify=False), tok)
    train(base, tmp_path / "model", steps=1)
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert config["vocab_size"] == len(tok) + 1 and config["pad_token_id"] == len(tok)
    chats = [tiny.chat(50, 1), tiny.chat(51, 3)]
    ours = RewardScorer(tmp_path / "model").last_rewards(chats)
    assert ours == pytest.approx(plain_reward(tmp_path / "model", [c.as_dicts() for c in chats]), abs=1e-4)


def test_a_finished_run_is_not_repeated_and_another_one_does_not_overwrite_it(llama_lm: Path, tmp_path: Path) -> None:
    first = train(llama_lm, tmp_path / "model", steps=1)
    assert train(llama_lm, tmp_path / "model", steps=1) == first
    with pytest.raises(RewardError, match="already holds something else"):
        train(llama_lm, tmp_path / "model", steps=2)


def test_a_state_of_other_pairs_or_a_damaged_one_is_refused(llama_lm: Path, tmp_path: Path) -> None:
    train(llama_lm, tmp_path / "model", should_stop=lambda: True)
    with pytest.raises(RewardError, match="another recipe or other pairs"):
        train(llama_lm, tmp_path / "model", seed=5)
    state_file(tmp_path / "model").write_bytes(b"torn")
    with pytest.raises(RewardError, match="cannot be read"):
        train(llama_lm, tmp_path / "model")


def test_without_a_usable_pair_the_message_counts_the_reasons(llama_lm: Path, tmp_path: Path) -> None:
    with pytest.raises(RewardError, match=r"None of 12 pairs can be trained on \(too_long: 12\)"):
        train(llama_lm, tmp_path / "model", max_length=8)
    with pytest.raises(RewardError, match="none given"):
        train_reward_model([], recipe=recipe(llama_lm), out_dir=tmp_path / "model")


def test_a_loss_that_is_not_a_number_stops_the_run_before_anything_is_written(llama_lm: Path, tmp_path: Path) -> None:
    with pytest.raises(RewardError, match="The loss is nan at step"):
        train(llama_lm, tmp_path / "model", learning_rate=1e30, schedule="constant", warmup=0.0)
    assert not (tmp_path / "model").exists()


def test_training_on_a_reward_model_keeps_its_head(llama: Path, tmp_path: Path) -> None:
    train(llama, tmp_path / "model", steps=1, learning_rate=1e-9)
    assert torch.allclose(weights(tmp_path / "model")["score.weight"], weights(llama)["score.weight"], atol=1e-6)


def test_the_embedded_base_asks_for_its_file(tmp_path: Path) -> None:
    with pytest.raises(RewardError, match="needs its file"):
        train_reward_model(PAIRS, recipe=TrainRecipe(steps=1), out_dir=tmp_path / "model")
    with pytest.raises(RewardError, match="no GGUF file"):
        train_reward_model(PAIRS, recipe=TrainRecipe(steps=1), out_dir=tmp_path / "m", gguf=tmp_path / "none.gguf", cache=tmp_path)


def test_batches_pass_over_all_pairs_before_any_comes_again() -> None:
    seen = [i for step in range(6) for i in batch_indices(step, 8, 4, seed=3)]
    assert [sorted(seen[k : k + 8]) for k in (0, 8, 16)] == [list(range(8))] * 3
    assert seen[:8] != seen[8:16]
    odd = [i for step in range(7) for i in batch_indices(step, 7, 2, seed=0)]
    assert sorted(odd) == sorted([*range(7), *range(7)])


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    cosine = [learning_rate_factor(s, 10, 0.2, "cosine") for s in range(10)]
    assert cosine[0] == pytest.approx(1 / 3) and cosine[2] == 1.0 and cosine[-1] < 0.05
    assert [learning_rate_factor(s, 4, 0.0, "linear") for s in range(4)] == [1.0, 0.75, 0.5, 0.25]
    assert {learning_rate_factor(s, 4, 0.0, "constant") for s in range(4)} == {1.0}
    assert learning_rate_factor(0, 1, 1.0, "linear") == 0.5


def test_the_report_is_plain_json(llama_lm: Path, tmp_path: Path) -> None:
    report = train(llama_lm, tmp_path / "model", steps=1)
    assert json.loads(json.dumps(report.as_dict()))["steps"] == 1
    assert dataclasses.is_dataclass(report)
    (tmp_path / "model" / "music.json").write_text("{}")
    with pytest.raises(RewardError, match="damaged"):
        read_report(tmp_path / "model")
