"""Write a synthetic store, or take the one that was written before under the same number, seed and form."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.synthetic.copies import add_copies
from benchmarks.synthetic.pairs import RUNS, PairMaker
from benchmarks.synthetic.text import passages
from benchmarks.synthetic.votes import MODELS, judged, labels, traces
from music_core.store.connect import Store, open_store
from music_core.store.labels import add_labels
from music_core.store.maintain import compact
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs
from music_core.store.readings import add_readings
from music_core.store.runs import create_run
from music_core.store.traces import add_traces
from music_core.types import Reading, RewardModel, RewardTrace, Run, SourcedPair, Verdict

# Grows with every change of what is written, so that an older store is not taken for this one.
FORM = 2
BATCH = 4_000
N_LABELS = 2_000
# More pairs than these are copies of them.
ORIGINALS = 104_000
DONE = "synthetic.json"
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def synthetic_store(home: Path, pairs: int, seed: int, say: Callable[[str], None] = print) -> dict[str, float]:
    """Make sure that `home` holds the store of `pairs` pairs from `seed`; returns the seconds that writing and compacting took.

    Raises `ValueError` where `home` holds something else.
    """
    wanted = {"form": FORM, "pairs": pairs, "seed": seed}
    if (home / DONE).is_file():
        found = json.loads((home / DONE).read_text(encoding="utf-8"))
        if {name: found.get(name) for name in wanted} != wanted:
            raise ValueError(f"{home} holds another synthetic store: {found}")
        return dict(found["seconds"])
    if home.exists() and any(home.iterdir()):
        raise ValueError(f"{home} is not empty and no finished synthetic store; name another folder or remove it")
    store, start = open_store(home), time.monotonic()
    _write(store, pairs, Random(seed), say)
    written = time.monotonic()
    compact(store)
    seconds = {"write": round(written - start, 1), "compact": round(time.monotonic() - written, 1)}
    store.close()
    (home / DONE).write_text(json.dumps({**wanted, "seconds": seconds}), encoding="utf-8")
    return seconds


def _write(store: Store, n: int, random: Random, say: Callable[[str], None]) -> None:
    for run_id in RUNS:
        create_run(store, Run(run_id, "generate", {"schedule": "mixed"}, _WHEN, f"Synthetic {run_id}"))
    for model_id, _, _ in MODELS:
        register_model(store, RewardModel(model_id, model_id, "", "synthetic"))
    # Each kind draws from numbers of its own, so that a change of one leaves the others as they are.
    maker, said = PairMaker(Random(random.getrandbits(64)), passages(Random(random.getrandbits(64)))), Random(random.getrandbits(64))
    source, ids = maker.pairs(), list[str]()
    n_originals = min(n, ORIGINALS)
    while len(ids) < n_originals:
        batch = list(islice(source, min(BATCH, n_originals - len(ids))))
        ids += _write_batch(store, batch, said)
        say(f"{len(ids):,} of {n:,} pairs written")
    if n > n_originals:
        add_copies(store, n_originals, n)
    add_labels(store, labels(ids, N_LABELS, said))


def _write_batch(store: Store, batch: list[SourcedPair], random: Random) -> list[str]:
    add_pairs(store, batch)
    readings: list[Reading] = []
    verdicts: list[Verdict] = []
    rewards: list[RewardTrace] = []
    ids = []
    for item in batch:
        pair_id = item.pair.id
        ids.append(pair_id)
        some, resolved = judged(pair_id, random)
        readings += some
        verdicts += resolved
        rewards += traces(pair_id, item.pair.n_turns, item.pair.divergence, random)
    add_readings(store, readings, verdicts)
    add_traces(store, rewards)
    return ids
