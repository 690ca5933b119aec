"""Tiny random reward models and tokenizers, built here: nothing is fetched."""

import random
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from music_core.types import ContrastPair, Conversation, conversation

WORDS = [
    "tea",
    "rain",
    "map",
    "seven",
    "garden",
    "why",
    "how",
    "bread",
    "slowly",
    "train",
    "tell",
    "me",
    "about",
    "the",
    "a",
    "of",
    "boil",
    "code",
    "bridge",
    "night",
    "please",
    "no",
    "yes",
    "sum",
]

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}"
    "{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' + m['content'] | trim + '<|eot|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else 'user') + '\n' }}"
    "{{ m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
# Like Qwen3's: the last reply is written differently from the same reply further up.
UNSTABLE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
    "{% if loop.last and m['role'] == 'assistant' %}{{ '<think>\n</think>\n' }}{% endif %}"
    "{{ m['content'] + '<|im_end|>\n' }}{% endfor %}"
)
TEMPLATES = {"chatml": CHATML, "llama3": LLAMA3, "gemma": GEMMA, "unstable": UNSTABLE}
_SPECIAL = {
    "chatml": ["<|im_start|>", "<|im_end|>"],
    "llama3": ["<|start_header_id|>", "<|end_header_id|>", "<|eot|>"],
    "gemma": ["<start_of_turn>", "<end_of_turn>"],
    "unstable": ["<|im_start|>", "<|im_end|>"],
}


def tokenizer(style: str, *, pad: str | None = "<pad>", eos: str | None = None) -> Any:
    """A byte-level BPE of about 300 tokens. Like Llama's and Gemma's it writes a BOS before plain text, save for ChatML's."""
    special = ["<pad>", "<bos>", "<eos>", *_SPECIAL[style]]
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    core.train_from_iterator([" ".join(WORDS)] * 3, trainer)
    has_bos = style in ("llama3", "gemma")
    if has_bos:
        core.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", core.token_to_id("<bos>"))])
    return wrap(core, style, bos="<bos>" if has_bos else None, eos=eos or "<eos>", pad=pad)


def wrap(core: Tokenizer, style: str, *, bos: str | None, eos: str, pad: str | None) -> Any:
    """`core` with a chat template, as transformers wants it."""
    make: Any = transformers.PreTrainedTokenizerFast
    made = make(tokenizer_object=core, bos_token=bos, eos_token=eos, pad_token=pad, additional_special_tokens=_SPECIAL[style])
    made.chat_template = TEMPLATES[style]
    return made


def backbone(kind: str, vocab: int, pad_id: int | None, *, classify: bool, head_scale: float = 1.0) -> Any:
    """A random model of the given kind, 4 layers; Gemma-2's window of 16 tokens is shorter than any test conversation."""
    shape: dict[str, Any] = {
        "vocab_size": vocab,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 1024,
        "pad_token_id": pad_id,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "initializer_range": 0.2,
        "num_labels": 1,
    }
    if kind == "gemma2":
        config: Any = transformers.Gemma2Config(**shape, sliding_window=16, query_pre_attn_scalar=8)
    else:
        config = transformers.LlamaConfig(**shape)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        if not classify:
            language_model: Any = transformers.AutoModelForCausalLM
            return language_model.from_config(config)
        classifier: Any = transformers.AutoModelForSequenceClassification
        model = classifier.from_config(config)
    model.score.weight.data.mul_(head_scale)
    return model


def save(folder: Path, model: Any, tok: Any) -> Path:
    """Both into one folder."""
    model.save_pretrained(folder)
    tok.save_pretrained(folder)
    return folder


def chat(seed: int, turns: int, system: bool = False, words: int = 12) -> Conversation:
    """A random conversation of `turns` turns."""
    draw = random.Random(seed)

    def say() -> str:
        return " ".join(draw.choice(WORDS) for _ in range(draw.randint(3, words)))

    messages: list[dict[str, str]] = [{"role": "system", "content": say()}] if system else []
    for _ in range(turns):
        messages += [{"role": "user", "content": say()}, {"role": "assistant", "content": say()}]
    return conversation(messages)


def pair(seed: int, turns: int = 2, shared: int = 0, system: bool = False) -> ContrastPair:
    """Two conversations that part after `shared` turns; the rejected side's replies end in 'no no'."""
    good = chat(seed, turns, system)
    first = 2 * shared + system
    bad = [
        {"role": m.role, "content": m.content + (" no no" if m.role == "assistant" and i >= first else "")}
        for i, m in enumerate(good.messages)
    ]
    return ContrastPair(good, conversation(bad))


def pairs(n: int, turns: int = 2) -> list[tuple[str, ContrastPair]]:
    """`n` pairs with their ids."""
    made = [pair(seed, turns) for seed in range(n)]
    return [(p.id, p) for p in made]
