"""What a generation run will take, before it is started (`--dry-run`)."""

from dataclasses import dataclass

from music_core.contrast.config import GenerationConfig
from music_core.contrast.schedules import parse_schedule
from music_core.simulate.tokens import ASSISTANT_PROMPT_TOKENS, SEED_TOKENS, TOKENS_PER_WORD, USER_PROMPT_TOKENS, USER_TURN_TOKENS

# What the prompts that ask for a contrast add (Qwen2.5's tokeniser).
ONE_CALL_TOKENS = 600
INSTRUCTION_TOKENS = 400


@dataclass(frozen=True, slots=True)
class GenerationEstimate:
    """Calls and tokens of a run in which every message passes its gates at once; retries come on top.

    The `user_` figures are the part of them that goes to the user's endpoint.
    """

    calls: int
    tokens_in: int
    tokens_out: int
    user_calls: int = 0
    user_tokens_in: int = 0
    user_tokens_out: int = 0


def estimate(n_seeds: int, config: GenerationConfig) -> GenerationEstimate:
    """Expected calls and tokens for `n_seeds` seeds; replies are taken to be as long as the prompts ask for.

    For `random:p` the counts are averaged over draws. Tokens that a server finds in its prefix cache are counted as sent.
    """
    n_drawn = 200 if config.schedule.startswith("random") else 1
    schedule = parse_schedule(config.schedule, config.turns)
    total = [0.0] * 6
    for i in range(n_drawn):
        one = _of_pair(schedule.turns(config.turns, config.seed, f"estimate {i}"), config)
        total = [a + b / n_drawn for a, b in zip(total, one, strict=True)]
    return GenerationEstimate(*(round(n_seeds * x) for x in total))


def _of_pair(contrasted: tuple[int, ...], config: GenerationConfig) -> tuple[float, ...]:
    """The fields of `GenerationEstimate` for one pair, in their order."""
    reply = config.reply_words * TOKENS_PER_WORD
    line = config.user_words / 2 * TOKENS_PER_WORD
    calls = tokens_in = tokens_out = 0.0
    of_user = (0.0, 0.0, 0.0)
    history = float(SEED_TOKENS)
    for turn in range(1, config.turns + 1):
        chains = 1 if turn < contrasted[0] else 2
        if turn > 1:
            # Before the fork and at the turn of the fork itself there is one user.
            users = 1 if turn <= contrasted[0] else 2
            checks = 2 if config.speaker == "call" else 1
            prompt = USER_PROMPT_TOKENS + USER_TURN_TOKENS * (turn - 1) + history + (checks - 1) * USER_PROMPT_TOKENS
            asked = (users * checks, users * prompt, users * (line + checks - 1))
            calls, tokens_in, tokens_out = calls + asked[0], tokens_in + asked[1], tokens_out + asked[2]
            of_user = (of_user[0] + asked[0], of_user[1] + asked[1], of_user[2] + asked[2])
            history += line
        calls += chains
        tokens_in += chains * (ASSISTANT_PROMPT_TOKENS + history)
        tokens_out += chains * reply
        if turn in contrasted and config.method == "one_call":
            tokens_in += ONE_CALL_TOKENS
            tokens_out += line
        if turn in contrasted and config.method == "two_call":
            calls += 1
            tokens_in += INSTRUCTION_TOKENS
            tokens_out += line
        history += reply
    return calls, tokens_in, tokens_out, *of_user
