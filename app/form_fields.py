"""The settings that each kind of run offers in its form, with words and defaults for people."""

from collections.abc import Mapping

from app import evaluation_fields
from app.choices import JUDGE_KINDS, SPLITS, Choices, endpoints, plain, simulators
from app.forms import Field
from music_core.config import EMBEDDED, SCRIPTED, recipe_names, recipe_table

METHODS: Mapping[str, str] = {
    "swap": "swap: answer a related seed's instruction",
    "one_call": "one call: modify and answer in one reply (the paper's)",
    "two_call": "two calls: modify the instruction, then answer it",
}
SCHEDULES = ("all", "last", "from:2", "only:2", "random:0.5")
RUBRICS: Mapping[str, str] = {"overall": "overall: which served the user better?", "per_turn": "per turn: settle every turn first"}
VERDICT_SCALES: Mapping[str, str] = {"three": "A, tie or B", "five": "A or B, slightly or much, or tie"}
FORMATS: Mapping[str, str] = {
    "": "Recognise it",
    "hh": "hh: Anthropic HH text",
    "trl": "trl: chosen and rejected",
    "sharegpt": "sharegpt: ranking",
    "oasst": "oasst: Open-Assistant trees",
    "ultrainteract": "ultrainteract: reasoning in several turns",
    "ultrafeedback": "ultrafeedback: scored replies, or binarized",
    "helpsteer": "helpsteer: ratings or preferences",
    "skywork": "skywork: chosen, rejected and their source",
    "rewardbench": "rewardbench: rows of the benchmark",
    "rmb": "rmb: pairwise rows of the benchmark",
    "chats": "chats: conversations or prompts to start from",
    "mt-bench": "mt-bench: votes and verdicts, a folder",
    "pandalm": "pandalm: three annotators",
    "alpacaeval": "alpacaeval: annotations",
    "llmbar": "llmbar: gold labels",
    "labels": "labels: exported from a workbench",
}
LAUNCHED = ("generate", "judge", "train", "score", "bon", "benchmark", "import", "sample", "demo")
VERBS: Mapping[str, str] = {
    "generate": "Generate pairs",
    "judge": "Judge pairs",
    "train": "Train a model",
    "score": "Score pairs",
    "bon": "Compare by Best-of-N",
    "benchmark": "Run a benchmark",
    "import": "Import a file",
    "sample": "Load the sample",
    "demo": "Run the demo",
}
ABOUT: Mapping[str, str] = {
    "generate": "Two chat models play user and assistant; the rejected side answers modified instructions.",
    "judge": "A chat model reads stored pairs, in both orders and turn by turn. Nothing is asked twice.",
    "train": "A reward model learns from pairs of the train split; its data is pinned and written down.",
    "score": "A registered model gives every pair a reward after each turn.",
    "bon": "Each selector picks one of N simulated conversations, a judge compares the picks. They are stored as pairs to label.",
    "benchmark": "A registered model against a benchmark by its authors' protocol, beside published figures.",
    "import": "Preference data, votes and verdicts: a file or folder on the machine that runs this workbench, or the hub.",
    "sample": "The pairs that come with the workbench, with readings and rewards. Loading twice changes nothing.",
    "demo": "The whole line on the embedded model: generate, judge, train, score. Under 10 minutes on 2 cores.",
}


def _which(choices: Choices, *, most: int | None = None) -> tuple[Field, ...]:
    return (
        Field("sources", "Sources", "many", (), "Only pairs of these sources. Empty: all.", plain(choices.sources), hint="All"),
        Field("splits", "Splits", "many", (), "Only pairs of these splits. Empty: all.", plain(SPLITS), hint="All"),
        Field(
            "limit",
            "At most so many pairs",
            "whole",
            most,
            "Always the same ones, a fixed random sample. Empty: all.",
            least=1,
            optional=True,
            hint="All",
        ),
        Field("run_ids", "Made by runs", "many", (), "Only pairs that these runs made. Empty: all.", hint="All", more=True),
    )


def fields_of(kind: str, choices: Choices) -> tuple[Field, ...]:
    """The settings that the form of `kind` offers."""
    match kind:
        case "generate":
            return _generate(choices)
        case "judge":
            return _judge(choices)
        case "train":
            return _train(choices)
        case "score":
            return _score(choices)
        case "bon":
            return evaluation_fields.bon(choices)
        case "benchmark":
            return evaluation_fields.benchmark(choices)
        case "import":
            return _import()
        case "demo":
            return _demo()
        case _:
            return ()


def _generate(choices: Choices) -> tuple[Field, ...]:
    # A 135M model cannot write a modified instruction; `swap` needs no skill of it.
    own = choices.endpoint in (EMBEDDED, SCRIPTED)
    return (
        Field("n", "Pairs", "whole", 12, "One pair for each different first message.", least=1),
        Field("turns", "Turns", "whole", 3 if own else 5, "Replies of the assistant in each conversation.", least=1),
        Field("method", "Contrast", "one", "swap" if own else "one_call", "How the rejected side is led astray.", METHODS),
        Field(
            "schedule",
            "Contrasted turns",
            "open",
            "random:0.5" if own else "all",
            "all, last, from:K, only:K or random:P",
            plain(SCHEDULES),
        ),
        *simulators(choices),
        Field(
            "sources",
            "First messages from",
            "many",
            (),
            "Sources to take seeds from. Empty: all.",
            plain(choices.sources),
            hint="All sources",
        ),
        Field("splits", "Splits of the seeds", "many", (), "Empty: all.", plain(SPLITS), hint="All splits"),
        Field(
            "name",
            "Store as source",
            "text",
            "",
            "The name under which the pairs are found. Empty: the run's id.",
            optional=True,
            hint="the run's id",
        ),
        Field("reply_words", "Words per reply", "whole", 50 if own else 120, "Asked for in the prompt.", least=1, more=True),
        Field("user_words", "Words per user message", "whole", 25 if own else 40, "Asked for in the prompt.", least=1, more=True),
        Field(
            "attempts", "Tries per message", "whole", 3, "How often a message is written anew when a gate refuses it.", least=1, more=True
        ),
        Field(
            "temperature",
            "Temperature",
            "real",
            None,
            "Of both roles. Empty: 0.7 for the assistant, 0.8 for the user.",
            least=0,
            optional=True,
            more=True,
        ),
        Field(
            "speaker",
            "Check who speaks by",
            "one",
            "form",
            "How a user line is recognised as a user's.",
            {"form": "form", "call": "form and one more call"},
            more=True,
        ),
        Field("seed", "Random seed", "whole", 0, "Every random draw derives from it.", least=0, more=True),
    )


def _judge(choices: Choices) -> tuple[Field, ...]:
    return (
        Field(
            "endpoint",
            "Judges",
            "many",
            (choices.endpoint,),
            "Who reads the pairs; several read side by side. A judge should not be the simulator.",
            endpoints(choices),
        ),
        Field(
            "kinds",
            "Ways of judging",
            "many",
            ("pairwise", "checklist"),
            "Pairwise shows a judge's position bias, the checklist and the score have none.",
            JUDGE_KINDS,
        ),
        *_which(choices, most=100),
        Field(
            "allow_simulator",
            "Its own pairs too",
            "yes_no",
            # The embedded model's verdicts are there to show the machinery, so its own pairs are as good as any.
            choices.endpoint in (EMBEDDED, SCRIPTED),
            "Judge also pairs that the judge's own model simulated: it shares the biases behind them. Else they are left out and counted.",
        ),
        Field(
            "rubrics",
            "Rubrics",
            "open_many",
            (),
            "What is asked: a shipped one, or the path of your own .md or .txt file. Empty: the default of each way of judging.",
            RUBRICS,
            more=True,
            hint="the defaults",
        ),
        Field("scale", "Pairwise verdicts", "one", "three", "The levels offered to a pairwise judge.", VERDICT_SCALES, more=True),
        Field("repeats", "Repeats", "whole", 1, "How often each question is asked. One, or a few at a temperature.", least=1, more=True),
        Field(
            "temperature",
            "Temperature",
            "real",
            None,
            "Of every reading. Empty: 0 for the first, 0.7 for repeats.",
            least=0,
            optional=True,
            more=True,
        ),
        Field(
            "name",
            "Judge's name",
            "text",
            "",
            "Verdicts are stored under it. Empty: the endpoint's name.",
            optional=True,
            more=True,
            hint="the endpoint's name",
        ),
    )


def _train(choices: Choices) -> tuple[Field, ...]:
    recipes = {
        name: f"{name}: {recipe_table(name).get('about', '')}".rstrip(": ") for name in recipe_names() if "train" in recipe_table(name)
    }
    name = next(n for k in range(1, len(choices.taken_names) + 2) if (n := f"rm-{k}") not in choices.taken_names)
    return (
        Field("name", "Name of the model", "text", name, "Names its folder and its votes; must be new."),
        Field("recipe", "Recipe", "one", "tiny-cpu", "Base model, length, batch, learning rate.", recipes),
        Field("sources", "Sources", "many", (), "Only training pairs of these sources. Empty: all.", plain(choices.sources), hint="All"),
        Field(
            "methods",
            "Contrasts",
            "many",
            (),
            "Only pairs made in these ways. Empty: all, imported ones too.",
            {m: m for m in METHODS},
            hint="All",
        ),
        Field("steps", "Steps", "whole", None, "Optimiser steps. Empty: the recipe's.", least=1, optional=True, hint="the recipe's"),
        Field("limit", "At most so many pairs", "whole", None, "Training pairs. Empty: all.", least=1, optional=True, hint="All"),
        Field("validation_limit", "Validation pairs", "whole", 500, "Most pairs that accuracy is measured on.", least=1, more=True),
        Field(
            "base",
            "Base model",
            "text",
            "",
            "A folder, or a name on the hub. Empty: the recipe's.",
            optional=True,
            more=True,
            hint="the recipe's",
        ),
        Field("seed", "Random seed", "whole", None, "Empty: the recipe's.", least=0, optional=True, more=True, hint="the recipe's"),
        Field("device", "Device", "text", "", "cpu, cuda, cuda:1 … Empty: what there is.", optional=True, more=True, hint="what there is"),
    )


def _score(choices: Choices) -> tuple[Field, ...]:
    return (
        Field("model", "Model", "one", next(iter(choices.models), ""), "A registered model whose weights are here.", plain(choices.models)),
        *_which(choices),
        Field("batch_tokens", "Tokens per batch", "whole", 4096, "Larger is quicker and takes more memory.", least=256, more=True),
        Field("dtype", "Precision", "one", "float32", "Of the backbone.", plain(("float32", "bfloat16")), more=True),
        Field("device", "Device", "text", "", "cpu, cuda, cuda:1 … Empty: what there is.", optional=True, more=True, hint="what there is"),
    )


def _import() -> tuple[Field, ...]:
    return (
        Field(
            "path",
            "File",
            "text",
            "",
            "Path of a .jsonl, .json or .parquet file or of a folder of MT-bench on the machine that runs this workbench, or hf:NAME.",
            hint="/data/preferences.jsonl",
        ),
        Field("fmt", "Format", "one", "", "Recognised by itself where it can be.", FORMATS, optional=True),
        Field("name", "Store as source", "text", "", "Empty: the file's name.", optional=True, hint="the file's name"),
        Field("limit", "At most so many rows", "whole", None, "Empty: all.", least=1, optional=True, hint="All"),
    )


def _demo() -> tuple[Field, ...]:
    return (
        Field("pairs", "Pairs", "whole", 12, "To generate, at least 4.", least=4),
        Field("turns", "Turns", "whole", 2, "Replies of the assistant in each conversation.", least=1),
        Field("checklist_pairs", "Judged turn by turn", "whole", 6, "Pairs; all are judged as wholes.", least=1),
        Field("steps", "Steps of training", "whole", 16, "", least=1),
    )
