"""Margins of two models, accuracy counts and manifests of a store with a trained model, against the votes of the matrix."""

from collections import Counter

import numpy as np

from music_core.store.connect import Store
from music_core.store.manifests import manifest_counts
from music_core.store.model_margins import held_out_counts, ids_of, margins_of_two, written
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs
from music_core.store.runs import write_manifest
from music_core.store.traces import add_traces
from music_core.store.votes import votes
from music_core.types import ContrastPair, Conversation, Message, Origin, RewardModel, RewardTrace, SourcedPair

TRAINED_ON = 5


def pair(i: int) -> ContrastPair:
    opening = Message("user", f"question {i}")
    good, bad = (Conversation((opening, Message("assistant", text))) for text in ("good", "bad"))
    return ContrastPair(good, bad)


def filled(store: Store) -> list[str]:
    """30 pairs of two sources, of which one method is neutral; two models, the first trained on five of the pairs."""
    items = [SourcedPair(pair(i), Origin("ab"[i % 2], f"{i}", method="votes" if i % 10 == 9 else "swap")) for i in range(30)]
    add_pairs(store, items)
    ids = [item.pair.id for item in items]
    write_manifest(store, "r1", [(i, "train") for i in ids[:TRAINED_ON]] + [(ids[6], "validation")])
    for name, run, sign in (("a", "r1", 1), ("b", None, -1)):
        model = register_model(store, RewardModel(f"m_{name}", name, "", "", run))
        scored = ids if name == "a" else ids[:20]
        margins = {pair_id: sign * (k % 3 - 0.5) for k, pair_id in enumerate(scored)}
        add_traces(store, [RewardTrace(i, "chosen", model.id, (margin,)) for i, margin in margins.items()])
        add_traces(store, [RewardTrace(i, "rejected", model.id, (-margin,)) for i, margin in margins.items()])
    return ids


def test_margins_of_two_are_the_votes_of_the_matrix(store: Store) -> None:
    ids = filled(store)
    rows = margins_of_two(store, "m_a", "m_b")
    found = ids_of(store, rows.pair.tolist())
    assert found == sorted(ids[:20])
    said = {(v.rater, v.pair_id): v for v in votes(store)}
    for k, pair_id in enumerate(found):
        assert said["model:a", pair_id].value == np.sign(rows.margin_a[k])
        assert said["model:b", pair_id].value == np.sign(rows.margin_b[k])
        assert said["model:a", pair_id].trained_on == rows.trained_a[k]
        assert not said["model:b", pair_id].trained_on
        assert not rows.trained_b[k]
        assert (("construction", pair_id) in said) == rows.built[k]
    assert rows.trained_a.sum() == TRAINED_ON
    seeds = {said["model:a", pair_id].seed_id for pair_id in found}
    assert len(set(rows.seed.tolist())) == len(seeds)
    assert len(margins_of_two(store, "m_a", "nobody").pair) == 0


def test_accuracy_counts_are_those_of_the_votes(store: Store) -> None:
    filled(store)
    said = votes(store)
    built = {v.pair_id for v in said if v.rater == "construction"}
    for name in ("a", "b"):
        own = [v for v in said if v.rater == f"model:{name}" and v.pair_id in built]
        found = [c for c in held_out_counts(store) if c.model_id == f"m_{name}"]
        assert sum(c.n * c.n_seeds for c in found) == sum(not v.trained_on for v in own)
        assert sum(c.n_right * c.n_seeds for c in found) == sum(v.value > 0 and not v.trained_on for v in own)
        assert sum(c.n_trained_on for c in found) == sum(v.trained_on for v in own)


def test_a_manifest_is_counted_by_split_and_source(store: Store) -> None:
    filled(store)
    found = manifest_counts(store, "r1")
    assert found is not None
    assert found.by_split == {"train": TRAINED_ON, "validation": 1}
    assert found.by_source == {"a": {"train": 3, "validation": 1}, "b": {"train": 2}}
    assert found.snapshot is not None
    assert found.snapshot <= store.version()
    assert manifest_counts(store, "nobody") is None


def test_what_was_written_changes_with_its_own_kind_only(store: Store) -> None:
    before = written(store, ("traces", "labels"))
    filled(store)
    after = written(store, ("traces", "labels"))
    changed = Counter(dict(after)) - Counter(dict(before))
    assert set(changed) == {"traces"}
