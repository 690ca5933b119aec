"""One pass per conversation against one pass per prefix: `python -m benchmarks.trace --json`.

Both sides run here, on the same conversations, with the same model, precision and threads, one unpadded sequence at a
time and in alternating order. All turns have (nearly) the same length, so n prefixes hold (n + 1) / 2 times the tokens
of the whole: 3.0 for 5 turns and 5.5 for 10 are the bounds. Attention, whose cost grows with the square, can beat them
a little; what both sides spend once, tokenising every prefix, keeps below them.

Without `--model` the model is random, of SmolLM2-135M's shape; its head is scaled to rewards with a standard deviation of 1.
"""

import argparse
import itertools
import json
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from music_core.reward.model import RewardNet
from music_core.reward.score import RewardScorer
from music_core.reward.template import ChatEncoder
from music_core.sources.read import read_source
from music_core.types import Conversation, Message

BOUNDS = {5: 3.0, 10: 5.5}
CHATML = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"


def main() -> None:
    """Print one JSON object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="print the object only")
    parser.add_argument("--data", help="a preference file whose words the conversations are made of; default: random words")
    parser.add_argument("--pairs", type=int, default=4, help="conversations per number of turns")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--words", type=int, default=10, help="words per message")
    parser.add_argument("--model", help="a reward model's folder; default: a random one of SmolLM2's shape")
    parser.add_argument("--layers", type=int, default=30, help="layers of the random model")
    parser.add_argument("--threads", type=int, default=None, help="CPU threads; default: torch's choice")
    options = parser.parse_args()
    scorer = RewardScorer(options.model or random_net(options.layers, options.seed), n_threads=options.threads)
    words = words_of(options.data, options.seed)
    chats = {turns: [equal_turns(words, turns, options.words) for _ in range(options.pairs)] for turns in BOUNDS}
    scale_head(scorer, chats[5])
    result: dict[str, Any] = {f"ratio_at_{turns}": None for turns in BOUNDS}
    errors: list[float] = []
    for turns, conversations in chats.items():
        ratios = [compare(scorer, conv, errors, i % 2 == 0) for i, conv in enumerate(conversations)]
        wall, cpu = ([r[k] for r in ratios] for k in (0, 1))
        result[f"ratio_at_{turns}"] = round(statistics.median(wall), 2)
        result[f"range_at_{turns}"] = [round(min(wall), 2), round(max(wall), 2)]
        result[f"cpu_ratio_at_{turns}"] = round(statistics.median(cpu), 2)
    result["max_abs_error"] = max(errors)
    result |= {f"bound_at_{turns}": bound for turns, bound in BOUNDS.items()}
    tokens = [len(scorer.net.encoder.ids(c.messages)) for c in chats[10]]
    result |= {
        "conversations": options.pairs,
        "tokens_at_10": round(statistics.mean(tokens)),
        "threads": options.threads or torch.get_num_threads(),
    }
    print(json.dumps(result))


def compare(scorer: RewardScorer, conv: Conversation, errors: list[float], whole_first: bool) -> tuple[float, float]:
    """Time of prefix scoring over time of the one pass, by the clock and in CPU seconds (which a busy machine disturbs less).

    The largest difference of their rewards joins `errors`.
    """
    seconds: dict[bool, tuple[float, float]] = {}
    rewards: dict[bool, tuple[float, ...]] = {}
    for one_pass in (True, False) if whole_first else (False, True):
        start, cpu_start = time.perf_counter(), time.process_time()
        (scored,) = scorer.score([("c", conv)], batch_tokens=1, one_pass=one_pass)
        seconds[one_pass] = time.perf_counter() - start, time.process_time() - cpu_start
        assert scored.one_pass is one_pass and len(scored.rewards) == conv.n_turns, scored.problem
        rewards[one_pass] = scored.rewards
    errors.append(max(abs(a - b) for a, b in zip(rewards[True], rewards[False], strict=True)))
    return seconds[False][0] / seconds[True][0], seconds[False][1] / seconds[True][1]


def words_of(data: str | None, seed: int) -> Iterator[str]:
    """An endless stream of words: those of the replies in `data`, or random ones."""
    if data is None:
        draw = random.Random(seed)
        while True:
            yield "".join(draw.choice("abcdefghij") for _ in range(4))
    with read_source(data) as reading:
        replies = [p.pair.chosen.messages[-1].content for p in itertools.islice(reading.pairs, 1000)]
    yield from itertools.cycle(" ".join(replies).split())


def equal_turns(words: Iterator[str], turns: int, per_message: int) -> Conversation:
    """A conversation of `turns` turns, every message `per_message` words long."""

    def say() -> str:
        return " ".join(itertools.islice(words, per_message))

    return Conversation(tuple(m for _ in range(turns) for m in (Message("user", say()), Message("assistant", say()))))


def scale_head(scorer: RewardScorer, chats: list[Conversation]) -> None:
    """Make the standard deviation of the rewards 1, so that the error means something; runs the model once, which warms it up."""
    rewards = [r for s in scorer.score([(str(i), c) for i, c in enumerate(chats)]) for r in s.rewards]
    scorer.net.model.score.weight.data.div_(max(statistics.pstdev(rewards), 1e-6))


def random_net(layers: int, seed: int) -> RewardNet:
    """A random reward model of SmolLM2-135M's shape over bytes: nothing to download, and the arithmetic is the same."""
    core = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    make: Any = transformers.PreTrainedTokenizerFast
    tokenizer = make(tokenizer_object=core, pad_token="<pad>", additional_special_tokens=["<|im_start|>", "<|im_end|>"])  # noqa: S106 -- no password
    tokenizer.chat_template = CHATML
    shape: dict[str, Any] = {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": layers}
    heads: dict[str, Any] = {"num_attention_heads": 9, "num_key_value_heads": 3, "max_position_embeddings": 8192}
    tokens: dict[str, Any] = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id, "num_labels": 1}
    config = transformers.LlamaConfig(**shape, **heads, **tokens)
    torch.manual_seed(seed)
    classifier: Any = transformers.AutoModelForSequenceClassification
    return RewardNet(classifier.from_config(config), ChatEncoder(tokenizer), torch.device("cpu"))


if __name__ == "__main__":
    main()
