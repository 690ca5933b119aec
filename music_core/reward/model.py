"""A reward model: a causal backbone, a linear head in float32, and the chat template that both were trained with."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from music_core.errors import RewardError
from music_core.reward.backend import DTYPES, quiet, torch, transformers
from music_core.reward.template import ChatEncoder

HEAD = "score.weight"
# Soft-capped attention is not in sdpa, and a sliding window with a padding mask gives NaN there (transformers#32390).
EAGER_ONLY = ("gemma2",)
# Tokens that vocabularies keep for padding or for nothing; tried before a new one is added.
_PADS = ("<|pad|>", "<pad>", "[PAD]", "<|finetune_right_pad_id|>", "<|endoftext|>", "<|reserved_special_token_0|>", "<unused0>")


@dataclass(frozen=True, slots=True)
class RewardNet:
    """A loaded model with its tokenizer; `fresh_head` is True when the head was drawn at random just now."""

    model: Any  # transformers' PreTrainedModel: its attributes are set at run time
    encoder: ChatEncoder
    device: torch.device
    fresh_head: bool = False

    @property
    def pad_id(self) -> int | None:
        """The pad token in the model's config, by which plain transformers finds the pooled position."""
        value = self.model.config.get_text_config().pad_token_id
        return None if value is None else int(value)

    @property
    def max_positions(self) -> int | None:
        """Tokens that the backbone was built for; None when its config does not say."""
        value = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return None if value is None else int(value)

    def rewards_at(self, ids: torch.Tensor, rows: Sequence[int], columns: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """Rewards, float32, shape (len(rows),), read at positions (rows[k], columns[k]) of right-padded ids, shape (n, length).

        `dtype` bfloat16 runs the backbone under autocast; gathering and head are float32 always.
        """
        with torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32):
            hidden = self.model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        with torch.autocast(self.device.type, enabled=False):
            judged = hidden[torch.tensor(rows, device=self.device), torch.tensor(columns, device=self.device)]
            rewards: torch.Tensor = self.model.score(judged.float()).squeeze(-1)
        return rewards


def attention_for(config: Any, wanted: str = "auto") -> str | None:
    """The attention implementation: `wanted`, or for 'auto' eager where sdpa is wrong and transformers' choice (None) elsewhere.

    Raises `RewardError` for sdpa on a model that it gives wrong rewards for.
    """
    kind = config.get_text_config().model_type
    if wanted == "auto":
        return "eager" if kind in EAGER_ONLY else None
    if wanted == "sdpa" and kind in EAGER_ONLY:
        raise RewardError(f"{kind} cannot run on sdpa attention: it has no soft cap there.", "Set attention to auto or eager.")
    return wanted


def load_reward_net(
    folder: str | Path, *, dtype: str = "float32", device: torch.device | None = None, attention: str = "auto", head_seed: int | None = None
) -> RewardNet:
    """Load a sequence classifier with one label, or with `head_seed` set also a plain language model to put a new head on.

    Raises `RewardError` naming `folder` when it holds no causal model, more than one label, no head, or no chat template.
    """
    where = device or torch.device("cpu")
    with quiet():
        try:
            config = transformers.AutoConfig.from_pretrained(folder)
            config.num_labels = 1 if head_seed is not None else config.num_labels
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="right")
            model, info = transformers.AutoModelForSequenceClassification.from_pretrained(
                folder, config=config, dtype=DTYPES[dtype], attn_implementation=attention_for(config, attention), output_loading_info=True
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as e:
            raise RewardError(f"{folder} cannot be loaded as a reward model: {e}") from e
    fresh = HEAD in info["missing_keys"]
    _refuse_unusable(model, str(folder), fresh and head_seed is None)
    net = RewardNet(model.to(where), ChatEncoder(tokenizer), where, fresh)
    if fresh and head_seed is not None:
        _draw_head(model, head_seed)
    elif dtype != "float32":
        model.score.float()
        _restore_head(model, Path(folder))
    return net


def _refuse_unusable(model: Any, folder: str, no_head: bool) -> None:
    if no_head:
        raise RewardError(f"{folder} is a language model without a reward head.", "Train one on it first: music train")
    if model.config.num_labels != 1:
        raise RewardError(f"{folder} has {model.config.num_labels} labels; a reward model has one.")
    if not isinstance(getattr(model, "score", None), torch.nn.Linear):
        raise RewardError(f"{folder} ({type(model).__name__}) has no linear head named 'score' on a causal backbone.")
    if not getattr(model.config.get_text_config(), "is_causal", True):
        raise RewardError(f"{folder} attends in both directions; traces need a causal backbone.")


def _draw_head(model: Any, seed: int) -> None:
    """Head weights from N(0, 1 / (d + 1)), so that first rewards are of order one (Stiennon et al. 2020, appendix)."""
    weight = model.score.weight
    drawn = torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed)) / (weight.shape[1] + 1) ** 0.5
    model.score.float()
    model.score.weight.data.copy_(drawn)


def _restore_head(model: Any, folder: Path) -> None:
    """The head as saved: loading in bf16 has rounded it. Left as it is where `folder` is a name on the hub."""
    index = folder / "model.safetensors.index.json"
    name = json.loads(index.read_text(encoding="utf-8"))["weight_map"].get(HEAD, "") if index.is_file() else "model.safetensors"
    if not (folder / name).is_file():
        return
    from safetensors import safe_open  # here, so that a missing extra is first noticed by backend, which names it

    with safe_open(folder / name, framework="pt") as f:
        if HEAD in f.keys():  # noqa: SIM118 -- not a dict
            model.score.weight.data.copy_(f.get_tensor(HEAD))


def settle_pad_token(net: RewardNet) -> None:
    """Give tokenizer and config one pad token that is not the token a conversation ends with.

    transformers reads the reward at the right-most token that is not padding, so a template that ends in its own
    pad token (pad == eos is common) would be read one token early there.
    """
    tokenizer, model, end = net.encoder.tokenizer, net.model, net.encoder.end_id
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == end:
        vocabulary = tokenizer.get_vocab()
        known = [t for t in _PADS if t in vocabulary and vocabulary[t] not in (end, tokenizer.eos_token_id)]
        tokenizer.add_special_tokens({"pad_token": known[0] if known else "<|pad|>"})
        if len(tokenizer) > model.get_input_embeddings().num_embeddings:
            with quiet():
                model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    tokenizer.padding_side = "right"
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    model.config.pad_token_id = tokenizer.pad_token_id


def save_reward_net(net: RewardNet, folder: Path, *, dtype: str = "float32") -> None:
    """Write an ordinary `AutoModelForSequenceClassification` folder; backbone in `dtype`, head in float32. Changes the model's dtype."""
    folder.mkdir(parents=True, exist_ok=True)
    net.model.base_model.to(DTYPES[dtype])
    with quiet():
        net.model.save_pretrained(folder)
        net.encoder.tokenizer.save_pretrained(folder)
    if net.model.config.get_text_config().model_type in EAGER_ONLY:
        # transformers would choose sdpa by itself, whose rewards differ in the third digit for want of the soft cap.
        path = folder / "config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**config, "attn_implementation": "eager"}, indent=2), encoding="utf-8")
