"""A GGUF file, written here the way llama.cpp writes a Llama with tied embeddings, becomes a backbone and then a reward model."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
import transformers

from music_core.errors import RewardError
from music_core.reward.convert import gguf_backbone
from music_core.reward.recipe import TrainRecipe
from music_core.reward.score import RewardScorer
from music_core.reward.train import train_reward_model
from tests.unit.reward import tiny

WIDTH, INNER, LAYERS, HEADS, KV_HEADS = 32, 64, 2, 4, 2


def write_gguf(path: Path) -> Any:
    """A random Llama with ChatML's tokenizer, in float32; returns the tokenizer."""
    tok = tiny.tokenizer("chatml")
    core = json.loads(tok.backend_tokenizer.to_str())
    by_id = sorted(tok.get_vocab().items(), key=lambda item: item[1])
    special = set(tok.all_special_tokens)
    writer: Any = gguf.GGUFWriter(str(path), "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(by_id))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([token for token, _ in by_id])
    writer.add_token_types([3 if token in special else 1 for token, _ in by_id])
    writer.add_token_merges([" ".join(m) if isinstance(m, list) else m for m in core["model"]["merges"]])
    ids = tok.get_vocab()
    writer.add_bos_token_id(ids["<|im_start|>"])
    writer.add_eos_token_id(ids["<|im_end|>"])
    writer.add_pad_token_id(ids["<|im_end|>"])
    writer.add_chat_template(tiny.CHATML)
    draw = np.random.default_rng(0)
    kv = WIDTH // HEADS * KV_HEADS
    shapes = {"attn_q": (WIDTH, WIDTH), "attn_k": (kv, WIDTH), "attn_v": (kv, WIDTH), "attn_output": (WIDTH, WIDTH)}
    shapes |= {"ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}
    writer.add_tensor("token_embd.weight", draw.normal(0, 0.2, (len(by_id), WIDTH)).astype(np.float32))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", draw.normal(0, 0.2, shape).astype(np.float32))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tok


def test_a_gguf_file_is_converted_once_and_plain_transformers_loads_the_folder(tmp_path: Path) -> None:
    write_gguf(tmp_path / "small.gguf")
    folder = gguf_backbone(tmp_path / "small.gguf", tmp_path / "cache")
    config = json.loads((folder / "config.json").read_text())
    assert "quantization_config" not in config and config["architectures"] == ["LlamaForCausalLM"]
    made: Any = transformers.AutoTokenizer.from_pretrained(folder)
    assert made.chat_template == tiny.CHATML
    assert made.decode(made("tell me slowly")["input_ids"]) == "tell me slowly"
    stamp = (folder / "config.json").stat().st_mtime_ns
    assert gguf_backbone(tmp_path / "small.gguf", tmp_path / "cache") == folder
    assert (folder / "config.json").stat().st_mtime_ns == stamp
    assert [p.name for p in (tmp_path / "cache").iterdir()] == [folder.name]  # no working folder is left


def test_the_embedded_base_trains_and_scores(tmp_path: Path) -> None:
    write_gguf(tmp_path / "small.gguf")
    recipe = TrainRecipe(steps=2, batch_pairs=4, max_length=256, dtype="float32", train_layers=1, learning_rate=1e-3)
    report = train_reward_model(
        tiny.pairs(6), recipe=recipe, out_dir=tmp_path / "model", gguf=tmp_path / "small.gguf", cache=tmp_path / "cache"
    )
    assert report.finished and report.recipe["base"] == "embedded"
    (scored,) = RewardScorer(tmp_path / "model").score([("c", tiny.chat(3, 3))])
    assert scored.one_pass and len(scored.rewards) == 3
    plain: Any = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "model")
    made: Any = transformers.AutoTokenizer.from_pretrained(tmp_path / "model")
    with torch.inference_mode():
        batch = made.apply_chat_template(tiny.chat(3, 3).as_dicts(), return_tensors="pt", return_dict=True)
        assert plain(**batch).logits.item() == pytest.approx(scored.rewards[-1], abs=1e-4)


def test_a_file_that_is_no_model_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"no model")
    with pytest.raises(RewardError, match="cannot be read as a model"):
        gguf_backbone(tmp_path / "bad.gguf", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
