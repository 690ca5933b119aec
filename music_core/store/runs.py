"""Runs, their reports, and the snapshot and manifest that let a training run's data be read back for ever."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast, get_args

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.pairs import LOAD_BATCH, StoredPair, load
from music_core.store.session import Row, Session
from music_core.store.text import from_json, naive, now, to_json, utc
from music_core.types import ContrastPair, Run, RunStatus, Split


def create_run(store: Store, run: Run) -> Run:
    """Record what was asked for. A run id that is known already changes nothing; the stored run is returned."""
    row = {
        "run_id": run.id,
        "kind": run.kind,
        "config": to_json(dict(run.config)),
        "title": run.title,
        "created_at": naive(run.created_at),
    }
    store.write("runs", lambda session: session.insert_new("run_rows", "run_id", [row]))
    return get_run(store, run.id)


def get_run(store: Store, run_id: str) -> Run:
    """The run with this id. Raises `StoreError` when there is none."""
    found = store.read("SELECT run_id, kind, config, created_at, title FROM lake.runs WHERE run_id = ?", [run_id])
    if not found:
        raise StoreError(f"There is no run {run_id} in this store.")
    return _run(found[0])


def list_runs(store: Store, limit: int = 50) -> list[Run]:
    """The newest runs, newest first."""
    sql = "SELECT run_id, kind, config, created_at, title FROM lake.runs ORDER BY created_at DESC, run_id LIMIT ?"
    return [_run(row) for row in store.read(sql, [limit])]


def _run(row: Row) -> Run:
    run_id, kind, config, created_at, title = row
    return Run(run_id, kind, from_json(config), utc(created_at), title)


def finish_run(store: Store, run_id: str, status: RunStatus, report: Mapping[str, Any]) -> None:
    """Append the outcome of a run; the newest counts, so a resumed run may finish after it had failed."""
    if status not in get_args(RunStatus):
        raise StoreError(f"'{status}' is not a state of a run.")
    text = to_json(dict(report))

    def append(session: Session) -> None:
        seq = int(session.one("SELECT coalesce(max(seq), 0) + 1 FROM lake.report_rows"))
        session.insert("report_rows", [{"run_id": run_id, "status": status, "report": text, "seq": seq, "created_at": now()}])

    store.write("runs", append)


def run_report(store: Store, run_id: str) -> tuple[RunStatus, dict[str, Any]] | None:
    """Outcome and report of a run; None while there is none."""
    found = store.read("SELECT status, report FROM lake.reports WHERE run_id = ?", [run_id])
    return (cast("RunStatus", found[0][0]), from_json(found[0][1])) if found else None


def pin_snapshot(store: Store, run_id: str) -> int:
    """Pin the newest snapshot for a run and return its id; a run that has a pin keeps it. Compaction spares pinned snapshots."""

    def pin(session: Session) -> int:
        known = session.one("SELECT snapshot_id FROM lake.pins WHERE run_id = ?", [run_id])
        if known is not None:
            return int(known)
        # Read inside the transaction: compaction takes the same lock row, so the snapshot cannot expire before its pin is there.
        snapshot_id = int(session.one("SELECT id FROM ducklake_current_snapshot('lake')"))
        session.insert("pin_rows", [{"run_id": run_id, "snapshot_id": snapshot_id, "created_at": now()}])
        return snapshot_id

    return store.write("pins", pin)


def write_manifest(store: Store, run_id: str, items: Sequence[tuple[str, Split]]) -> None:
    """Record which pairs a run uses, in order, each with a hash of its text at the pinned snapshot (pinned now if it was not).

    A run that has a manifest keeps it. Raises `StoreError` for a pair that is not in the snapshot.
    """
    snapshot_id = pin_snapshot(store, run_id)
    hashes: dict[str, str] = {}
    ids = [pair_id for pair_id, _ in items]
    for part in _parts(ids):
        hashes |= {i: content_hash(p.pair) for i, p in _load_at(store, part, snapshot_id).items()}
    missing = next((i for i in ids if i not in hashes), None)
    if missing is not None:
        raise StoreError(f"There is no pair {missing} in snapshot {snapshot_id}, which run {run_id} has pinned.")
    rows = [
        {"run_id": run_id, "pair_id": pair_id, "content_hash": hashes[pair_id], "split": split, "seq": k}
        for k, (pair_id, split) in enumerate(items)
    ]

    def insert(session: Session) -> None:
        if not session.known("manifest_rows", "run_id", [run_id]):
            session.insert("manifest_rows", rows)

    store.write("runs", insert)


def read_manifest(store: Store, run_id: str) -> list[tuple[str, Split]]:
    """(pair id, split) of every pair the run uses, in the order they were given; empty without a manifest."""
    return [(pair_id, split) for pair_id, split, _ in _manifest(store, run_id)]


def _manifest(store: Store, run_id: str) -> list[tuple[str, Split, str]]:
    sql = "SELECT pair_id, split, content_hash FROM lake.manifests WHERE run_id = ? ORDER BY seq"
    return [cast("tuple[str, Split, str]", row) for row in store.read(sql, [run_id])]


def trained_seeds(store: Store, run_id: str) -> set[str]:
    """Ids of the seeds whose pairs the run was trained on: those of its manifest's train split; empty without a manifest."""
    sql = (
        "SELECT DISTINCT p.seed_id FROM lake.pair_rows p JOIN (SELECT pair_id FROM lake.manifests WHERE run_id = ? AND split = 'train') m "
        "USING (pair_id)"
    )
    return {row[0] for row in store.read(sql, [run_id])}


def pairs_at(store: Store, run_id: str) -> Iterator[StoredPair]:
    """The pairs of the run's manifest as they were in its pinned snapshot, in order; without a manifest all pairs of the snapshot.

    Raises `StoreError` for a run without a pin and for a pair whose text differs from what the manifest recorded.
    """
    snapshot_id = store.read("SELECT snapshot_id FROM lake.pins WHERE run_id = ?", [run_id])
    if not snapshot_id:
        raise StoreError(f"Run {run_id} has pinned no snapshot, so its data cannot be read back.")
    at = int(snapshot_id[0][0])
    manifest = _manifest(store, run_id)
    hashes = {pair_id: hash_ for pair_id, _, hash_ in manifest}
    ids = list(hashes) or [row[0] for row in store.read(f"SELECT DISTINCT pair_id FROM lake.pair_rows AT (VERSION => {at}) ORDER BY 1")]
    for part in _parts(ids):
        found = _load_at(store, part, at)
        for pair_id in part:
            if pair_id not in found or (manifest and content_hash(found[pair_id].pair) != hashes[pair_id]):
                raise StoreError(f"Pair {pair_id} is no longer what run {run_id} read.", "Run music store check.")
            yield found[pair_id]


def content_hash(pair: ContrastPair) -> str:
    """SHA-256 over every character of the pair as stored; unlike the id it sees white space and line ends."""
    text = to_json([[[m.role, m.content] for m in side.messages] for side in (pair.chosen, pair.rejected)])
    return hashlib.sha256(text.encode()).hexdigest()


def _parts(ids: Sequence[str]) -> Iterator[list[str]]:
    for i in range(0, len(ids), LOAD_BATCH):
        yield list(ids[i : i + LOAD_BATCH])


def _load_at(store: Store, ids: list[str], snapshot_id: int) -> dict[str, StoredPair]:
    return store.view(lambda session: load(session, ids, snapshot_id))
