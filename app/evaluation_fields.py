"""The settings that evaluations of reward models offer in their forms."""

from app.choices import JUDGE_KINDS, SPLITS, Choices, endpoints, plain, simulators
from app.forms import Field
from music_core.evaluate.benchmarks.catalogue import BENCHMARKS, MULTITURN
from music_core.evaluate.selectors import BASELINES, LONGEST, RANDOM

_PICKS_JUDGED = {kind: JUDGE_KINDS[kind] for kind in ("pairwise", "checklist")}


def bon(choices: Choices) -> tuple[Field, ...]:
    """The settings of a Best-of-N run."""
    selectors = plain(choices.models) | {name: f"{name}: {about}" for name, about in BASELINES.items()}
    return (
        Field(
            "a",
            "Selector A",
            "one",
            next(iter(choices.models), LONGEST),
            "A reward model whose weights are here, or a baseline.",
            selectors,
        ),
        Field("b", "Against", "many", (RANDOM,), "A is compared with each of these.", selectors),
        Field("n_best", "Values of N", "text", "2,4,8", "Nested: a smaller N is the beginning of the same pool."),
        Field("prompts", "Prompts", "whole", 20, "First messages to start from; so many pools.", least=1),
        Field("turns", "Turns", "whole", 3, "Replies of the assistant in each conversation.", least=1),
        Field("turn_by_turn", "Pick reply by reply as well", "yes_no", False, "Every selector then has conversations of its own."),
        *simulators(choices),
        Field("judge", "Judge", "one", choices.judge, "Who compares the picks. It should not be the simulator.", endpoints(choices)),
        Field("judge_kind", "Way of judging", "one", "pairwise", "The checklist suits small judges.", _PICKS_JUDGED),
        Field("sources", "First messages from", "many", (), "Empty: all.", plain(choices.sources), hint="All sources"),
        Field(
            "splits", "Splits of the prompts", "many", (), "The test split is what no model has learned from. Empty: all.", plain(SPLITS)
        ),
        Field("name", "Store as source", "text", "", "Empty: the run's id.", optional=True, hint="the run's id"),
        Field(
            "fresh", "Simulate anew", "yes_no", False, "Also what an earlier run of this store has simulated in the same way.", more=True
        ),
        Field("reply_words", "Words per reply", "whole", 60, "Asked for in the prompt.", least=1, more=True),
        Field("user_words", "Words per user message", "whole", 30, "Asked for in the prompt.", least=1, more=True),
        Field("temperature", "Temperature", "real", None, "Of both roles, above 0. Empty: 0.8.", least=0, optional=True, more=True),
        Field("seed", "Random seed", "whole", 0, "Every random draw derives from it.", least=0, more=True),
    )


def benchmark(choices: Choices) -> tuple[Field, ...]:
    """The settings of a benchmark run."""
    names = {b.name: b.title + ("" if b.hub else ": whole conversations of this store or of files") for b in BENCHMARKS.values()}
    return (
        Field("benchmark", "Benchmark", "one", MULTITURN, "", names),
        Field("model", "Model", "one", next(iter(choices.models), ""), "A registered model whose weights are here.", plain(choices.models)),
        Field(
            "paths",
            "Files or hub names",
            "open_many",
            (),
            "Paths on the machine that runs this workbench, or hf:NAME. Empty: the benchmark's place on the hub, or the store's pairs.",
            hint="its usual place",
        ),
        Field(
            "limit",
            "At most so many rows",
            "whole",
            None,
            "The first ones: for a try, not for a figure.",
            least=1,
            optional=True,
            hint="All",
        ),
        Field("sources", "Sources", "many", (), "Of the multi-turn suite: pairs of these. Empty: all.", plain(choices.sources), hint="All"),
        Field("splits", "Splits", "many", (), "Of the multi-turn suite: seeds of these. Empty: all.", plain(SPLITS), hint="All"),
        Field("min_turns", "Turns at least", "whole", 2, "Of the multi-turn suite.", least=1, more=True),
        Field("batch_tokens", "Tokens per batch", "whole", 4096, "Larger is quicker and takes more memory.", least=256, more=True),
        Field("dtype", "Precision", "one", "float32", "Of the backbone.", plain(("float32", "bfloat16")), more=True),
        Field("device", "Device", "text", "", "cpu, cuda, cuda:1 … Empty: what there is.", optional=True, more=True, hint="what there is"),
        Field("seed", "Random seed", "whole", 0, "The bootstrap derives from it.", least=0, more=True),
    )
