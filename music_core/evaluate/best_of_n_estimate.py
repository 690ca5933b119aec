"""What a Best-of-N evaluation will take, before it is started (`--dry-run`)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from music_core.evaluate import checklist
from music_core.evaluate.rubric import default_rubric
from music_core.evaluate.simulation import PoolConfig
from music_core.simulate.tokens import ASSISTANT_PROMPT_TOKENS, SEED_TOKENS, TOKENS_PER_WORD, USER_PROMPT_TOKENS, USER_TURN_TOKENS
from music_core.types import ReadingKind

# A judge's instructions, and the line above each message (Qwen2.5's tokeniser).
JUDGE_PROMPT_TOKENS: Mapping[ReadingKind, int] = {"pairwise": 290, "checklist": 110}
MARK_TOKENS = 20


class Asked(NamedTuple):
    """Calls and tokens that go to one role: assistant, user or judge."""

    calls: int
    tokens_in: int
    tokens_out: int


class BestOfNEstimate(NamedTuple):
    """Calls and tokens by role, if every message passes its gates at once; retries come on top.

    `conversations` are simulated in all. The judge's replies are counted at their longest.
    """

    assistant: Asked
    user: Asked
    judge: Asked
    conversations: int


def estimate(
    n_prompts: int,
    ns: Sequence[int],
    n_comparisons: int,
    config: PoolConfig,
    *,
    n_chains: int = 0,
    n_judged_again: int = 0,
    judge: ReadingKind = "pairwise",
) -> BestOfNEstimate:
    """Expected calls and tokens for `n_prompts` prompts under each N of `ns`.

    `n_chains` selectors pick turn by turn as well (0: none), in `n_judged_again` comparisons. Judged pairs are counted as if
    selectors picked independently of each other: of N candidates they take different ones in 1 − 1/N of the prompts. Turn by turn
    every conversation is taken to go its own way after the first turn. `judge` says how it is asked: a whole pair in both orders, or
    turn by turn of each side. Tokens found in a prefix cache are counted as sent.
    """
    reply, line = config.reply_words * TOKENS_PER_WORD, config.user_words / 2 * TOKENS_PER_WORD
    assistant, user = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    history = float(SEED_TOKENS)
    for turn in range(1, config.turns + 1):
        if turn > 1:
            # The user's message after a reply of the first turn is one of the pool's.
            users = config.size + (n_chains * len(ns) if turn > 2 else 0)
            _add(user, users, USER_PROMPT_TOKENS + USER_TURN_TOKENS * (turn - 1) + history, line)
            history += line
        _add(assistant, config.size + (n_chains * sum(ns) if turn > 1 else 0), ASSISTANT_PROMPT_TOKENS + history, reply)
        history += reply
    judged = n_comparisons * sum(1 - 1 / n for n in ns) + n_judged_again * sum(1 - 1 / n**config.turns for n in ns)
    asked = [0.0, 0.0, 0.0]
    if judge == "pairwise":
        _add(
            asked,
            2 * judged,
            JUDGE_PROMPT_TOKENS[judge] + 2 * (history + 2 * config.turns * MARK_TOKENS),
            default_rubric("pairwise").max_tokens,
        )
    for turn in range(1, config.turns + 1) if judge == "checklist" else ():
        so_far = turn / config.turns * history + 2 * turn * MARK_TOKENS
        _add(asked, 2 * judged, JUDGE_PROMPT_TOKENS[judge] + so_far, checklist.MAX_TOKENS)
    conversations = n_prompts * (config.size + n_chains * len(ns))
    return BestOfNEstimate(_asked(n_prompts, assistant), _asked(n_prompts, user), _asked(n_prompts, asked), conversations)


def _asked(n_prompts: int, of_one: Sequence[float]) -> Asked:
    return Asked(round(n_prompts * of_one[0]), round(n_prompts * of_one[1]), round(n_prompts * of_one[2]))


def _add(total: list[float], calls: float, tokens_in: float, tokens_out: float) -> None:
    total[:] = [total[0] + calls, total[1] + calls * tokens_in, total[2] + calls * tokens_out]
