"""How many tokens a simulated conversation takes, roughly: for estimates, never for deciding anything."""

# English has about this many tokens to a word; below it, what our prompts add to a conversation (Qwen2.5's tokeniser).
TOKENS_PER_WORD = 1.35
SEED_TOKENS = 60
ASSISTANT_PROMPT_TOKENS = 60
USER_PROMPT_TOKENS = 220
USER_TURN_TOKENS = 50
