"""Reward traces: one per pair, branch and model."""

from collections.abc import Sequence

from music_core.store.connect import Store
from music_core.store.text import now
from music_core.types import RewardTrace, content_id

BATCH = 2000


def add_traces(store: Store, traces: Sequence[RewardTrace]) -> int:
    """Store `traces` and return how many were new; the first trace of a pair, branch and model stays.

    Raises `StoreError` for a reward that is not a finite number.
    """
    created = now()
    rows = [
        {
            "trace_id": content_id("t", [t.pair_id, t.branch, t.model_id]),
            "pair_id": t.pair_id,
            "branch": t.branch,
            "model_id": t.model_id,
            "rewards": [float(r) for r in t.rewards],
            "last_reward": float(t.rewards[-1]) if t.rewards else None,
            "one_pass": t.one_pass,
            "created_at": created,
        }
        for t in traces
    ]
    batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
    return sum(len(store.write("traces", lambda s, b=batch: s.insert_new("trace_rows", "trace_id", b))) for batch in batches)  # type: ignore[misc]


def traces_of(store: Store, pair_id: str) -> list[RewardTrace]:
    """The traces of a pair by every model, both branches."""
    # Not the view: its window over ids keeps the condition from reaching the files, so that all traces would be read.
    sql = (
        "SELECT pair_id, branch, model_id, rewards, one_pass FROM lake.trace_rows WHERE pair_id = ? "
        "QUALIFY row_number() OVER (PARTITION BY trace_id ORDER BY created_at) = 1 ORDER BY model_id, branch"
    )
    return [RewardTrace(p, branch, model, tuple(rewards), one_pass) for p, branch, model, rewards, one_pass in store.read(sql, [pair_id])]


def traced_ids(store: Store, model_id: str) -> set[str]:
    """Pairs of which the model has scored both branches."""
    sql = "SELECT pair_id FROM lake.trace_rows WHERE model_id = ? GROUP BY pair_id HAVING count(DISTINCT branch) = 2"
    return {row[0] for row in store.read(sql, [model_id])}
