"""What a Best-of-N evaluation would cost."""

from typing import Any

from jobs.estimate import Rate, assumed_seconds, per_call, priced, shown, total_cost
from jobs.memory import assumed_score_rate, score_memory_gb, shape_of
from jobs.stages.best_of_n_config import Config
from jobs.stages.score import registered_model
from jobs.stages.seeds import choose
from music_core.config import Settings
from music_core.evaluate.best_of_n_estimate import BestOfNEstimate
from music_core.evaluate.best_of_n_estimate import estimate as estimate_calls
from music_core.evaluate.selectors import BASELINES
from music_core.simulate.tokens import SEED_TOKENS, TOKENS_PER_WORD
from music_core.store.connect import Store


def expected(config: Config, n_prompts: int) -> BestOfNEstimate:
    """Calls and tokens by role."""
    selectors = len({config.a, *config.b})
    again = {"n_chains": selectors, "n_judged_again": len(set(config.b))} if config.turn_by_turn else {}
    return estimate_calls(n_prompts, config.ns, len(set(config.b)), config.pool(), judge=config.judge_kind, **again)


def estimate(config: Config, store: Store, settings: Settings) -> dict[str, Any]:
    """Calls and tokens if every message passes its gates at once, `parts` by role; the judge's replies at their longest."""
    n_prompts = len(choose(store, config.seed_choice))
    figures = expected(config, n_prompts)
    roles = {"assistant": figures.assistant, "user": figures.user, "judge": figures.judge}
    names = dict(zip(roles, (*config.endpoints, config.judge), strict=True))
    seconds, costs = 0.0, []
    rates: dict[str, Rate] = {}
    for role, asked in roles.items():
        endpoint = settings.endpoint(names[role])
        part, used = assumed_seconds(endpoint, asked.tokens_in, asked.tokens_out)
        seconds, rates = seconds + part, rates | used
        costs.append(priced(endpoint, asked.tokens_in, asked.tokens_out))
    calls = sum(asked.calls for asked in roles.values())
    measured = per_call(
        store, "bon", lambda c: (c["assistant"], c["user"] or c["assistant"], c["judge"]) == (*config.endpoints, config.judge)
    )
    if measured:
        seconds, rates = calls * measured["seconds"].value, {"seconds": measured["seconds"]}
    scoring = _scoring(config, store, figures.conversations)
    return {
        "calls": calls,
        "tokens_in": sum(asked.tokens_in for asked in roles.values()),
        "tokens_out": sum(asked.tokens_out for asked in roles.values()),
        "cost": total_cost(costs),
        "hours": (seconds + scoring.pop("seconds", 0.0)) / 3600,
        **scoring,
        "seeds": n_prompts,
        "conversations": figures.conversations,
        "parts": {role: asked._asdict() for role, asked in roles.items()},
        "rates": shown(rates),
    }


def _scoring(config: Config, store: Store, n_conversations: int) -> dict[str, float]:
    """Seconds and memory of scoring by the registered models whose size is known; empty without any."""
    tokens = n_conversations * (SEED_TOKENS + config.turns * (config.reply_words + config.user_words / 2) * TOKENS_PER_WORD)
    shapes = []
    for name in dict.fromkeys((config.a, *config.b)):
        if name not in BASELINES:
            shape = shape_of(str(registered_model(store, name)[1]))
            shapes += [shape] if shape is not None else []
    if not shapes:
        return {}
    bytes_per_weight = 4 if config.dtype == "float32" else 2
    return {
        "seconds": sum(tokens / assumed_score_rate(shape).value for shape in shapes),
        "memory_gb_per_device": round(sum(score_memory_gb(shape, config.batch_tokens, bytes_per_weight) for shape in shapes), 2),
    }
