"""A row of each public preference set, with our own text in the authors' columns."""

from typing import Any

from tests.unit.sources.files import ROWS as PLAIN_ROWS
from tests.unit.sources.test_vote_sets import ROWS as VOTE_ROWS


def said(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


ULTRAINTERACT_ROW: dict[str, Any] = {
    "task": "Math_PoT",
    "dataset": "gsm8k",
    "trajectory": [
        {"from": "user", "value": "A crate holds 12 eggs. How many eggs are in 4 crates?"},
        {"from": "assistant", "value": "I multiply: 12 + 4 = 16."},
        {"from": "user", "value": "Observation: that is a sum. Try again."},
    ],
    "chosen": "12 * 4 = 48.",
    "rejected": "12 - 4 = 8.",
    "id": "7_1",
    "parent_id": "7",
}
ULTRAINTERACT_SFT_ROW: dict[str, Any] = {
    "task": "Logic",
    "dataset": "reclor",
    "instruction": "Which colour follows red?",
    "response": "Amber.",
    "id": "9",
    "parent_id": "9",
}
ULTRAFEEDBACK_ROW: dict[str, Any] = {
    "source": "sharegpt",
    "instruction": "Name a tall tree.",
    "models": ["alpha", "beta", "gamma", "delta"],
    "completions": [
        {
            "model": "alpha",
            "response": "A redwood.",
            "overall_score": 9.0,
            "principle": "honesty",
            "annotations": {"honesty": {"Rating": "5"}},
        },
        {"model": "beta", "response": "A bush.", "overall_score": 3.0},
        {"model": "gamma", "response": "A fern.", "overall_score": 3.0},
        {"model": "delta", "response": "An oak.", "overall_score": 7.5},
    ],
    "correct_answers": ["None"],
    "incorrect_answers": ["None"],
}
BINARIZED_ROW: dict[str, Any] = {
    "prompt": "Name a river.",
    "prompt_id": "ab12",
    "chosen": [said("user", "Name a river."), said("assistant", "The Rhine.")],
    "rejected": [said("user", "Name a river."), said("assistant", "Bonn.")],
    "messages": [said("user", "Name a river."), said("assistant", "The Rhine.")],
    "score_chosen": 8.0,
    "score_rejected": 2.5,
}
HELPSTEER3_ROW: dict[str, Any] = {
    "domain": "general",
    "language": "english",
    "context": [said("user", "Hello"), said("assistant", "Hi! What can I do?"), said("user", "Name a bird.")],
    "response1": "A trout.",
    "response2": "A wren.",
    "overall_preference": 2,
    "individual_preference": [{"score": 2, "reasoning": "A trout is a fish.", "feedback1": "", "feedback2": ""}],
}
HELPSTEER2_ROW: dict[str, Any] = {
    "split": "train",
    "prompt": "Hello\n<extra_id_1>Assistant\nHi! What can I do?\n<extra_id_1>User\nName a bird.",
    "response_1": "A wren.",
    "response_2": "A trout.",
    "preference_strength": -1,
    "preference_statement": "@Response 1 is slightly better.",
    "preference_elaboration": "It names a bird.",
    "three_most_similar_preferences": [],
    "all_preferences_unprocessed": [],
}
SKYWORK_ROW: dict[str, Any] = {
    "chosen": [said("user", "Spell cat."), said("assistant", "c, a, t")],
    "rejected": [said("user", "Spell cat."), said("assistant", "k, a, t")],
    "source": "magpie_ultra",
}
REWARDBENCH_ROW: dict[str, Any] = {
    "prompt": "Add 2 and 3.",
    "chosen": "5",
    "chosen_model": "human",
    "rejected": "6",
    "rejected_model": "unknown",
    "subset": "math-prm",
    "id": 31,
}
RMB_ROW: dict[str, Any] = {
    "pair_uid": "14",
    "conversation_input": [
        {"content": "Hello", "language": "English", "role": "user"},
        {"content": "Hi.", "language": "English", "role": "assistant"},
        {"content": "Why is the sky blue?", "language": "English", "role": "user"},
    ],
    "chosen": {"llm_name": "alpha", "answer": "Light scatters.", "score": 4.5},
    "reject": {"llm_name": "beta", "answer": "It reflects the sea.", "score": 2.0},
    "category_path": "Pairwise_set/Helpfulness/Open QA/Factual",
}
CHAT_ROW: dict[str, Any] = {"id": "c1", "messages": [said("user", "Hello"), said("assistant", "Hi."), said("user", "And now?")]}


def rating(response: Any, helpfulness: Any, prompt: Any = HELPSTEER2_ROW["prompt"]) -> dict[str, Any]:
    """A row of HelpSteer2's ratings."""
    return {"prompt": prompt, "response": response, "helpfulness": helpfulness} | dict.fromkeys(
        ("correctness", "coherence", "complexity", "verbosity"), 2
    )


# By format; a format of several layouts has one entry for each.
LAYOUTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ultrainteract", ULTRAINTERACT_ROW),
    ("ultrainteract", ULTRAINTERACT_SFT_ROW),
    ("ultrafeedback", ULTRAFEEDBACK_ROW),
    ("ultrafeedback", BINARIZED_ROW),
    ("ultrafeedback", {k: v for k, v in BINARIZED_ROW.items() if k not in ("prompt", "prompt_id", "messages")}),
    ("helpsteer", HELPSTEER2_ROW),
    ("helpsteer", HELPSTEER3_ROW),
    ("helpsteer", rating("A wren.", 4)),
    ("skywork", SKYWORK_ROW),
    ("rewardbench", REWARDBENCH_ROW),
    ("rmb", RMB_ROW),
    ("chats", CHAT_ROW),
    ("chats", {"conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hi."}], "system": "Be kind."}),
    ("chats", {"conversation": [said("user", "Hello"), said("assistant", "Hi.")], "language": "English"}),
    ("chats", {"prompt": "Name a bird.", "source": "mine"}),
    *PLAIN_ROWS.items(),
    *VOTE_ROWS.items(),
)
