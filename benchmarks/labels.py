"""Writers of several processes label and add pairs at once, some are killed; then every acknowledged write is looked for.

`python -m benchmarks.labels --json [--seconds 30] [--writers 2] [--kills 0] [--compactions 0] [--apart] [--catalog postgres:DSN]`

All writers send the same token and the same pair at every beat of a shared clock, and their own ones in between.
A write counts as acknowledged when the store's function has returned and a line about it is in the writer's own file.
The last line printed is one JSON object: `lost` are acknowledged writes that are not there or not as acknowledged,
`doubled` are surplus rows of any id in the tables themselves (below the views, which would hide them).
"""

import argparse
import contextlib
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from music_core.errors import MusicError, StoreBusyError
from music_core.store.connect import Store, open_store
from music_core.store.labels import add_label
from music_core.store.maintain import compact
from music_core.store.pairs import PairFilter, add_pairs, list_pairs
from music_core.types import ContrastPair, Conversation, LabelEvent, Message, Origin, SourcedPair

BEAT_S = 0.2
READY_S = 180.0
TABLES = {"pair_rows": "pair_id", "origin_rows": "origin_id", "conversation_rows": "conversation_id", "label_rows": "label_id"}


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: where, how long (seconds), how many writers, how many of them killed and how often compacted on the way.

    `apart` gives every writer a home of its own on the same catalog, as if on another machine: there is no queue between
    them, so that they meet in the catalog, which alone keeps them from each other's rows.
    """

    home: Path
    seconds: float = 30.0
    writers: int = 2
    kills: int = 0
    compactions: int = 0
    apart: bool = False
    catalog: str | None = None
    seed: int = 0

    def open(self, name: str) -> Store:
        """The store as process `name` opens it."""
        catalog = self.catalog or f"sqlite:{self.home}/catalog.sqlite"
        return open_store(self.home / name if self.apart else self.home, catalog=catalog, data_path=f"{self.home}/parquet/")


def example_pair(name: str) -> SourcedPair:
    """A small pair whose content, and so whose id, follows from `name`; its text is awkward on purpose."""
    user = Message("user", f"Write {name} as 'JSON', \"quoted\" {{and}} [nested]")
    good, bad = (Conversation((user, Message("assistant", f"{name}: {text}"))) for text in ("'}]\\", "NULL"))
    return SourcedPair(ContrastPair(good, bad), Origin("benchmark", name))


def write_until_stopped(plan: Plan, index: int, log: Path) -> None:
    """A writer's life: wait for the go file, then write until its deadline, one line in `log` per acknowledgement."""
    store = plan.open(f"writer{index}")
    target = example_pair("the labelled pair")
    add_pairs(store, [target])
    log.with_suffix(".ready").touch()
    go = plan.home / "go"
    while not go.exists():
        time.sleep(0.01)
    until, life = float(go.read_text()), log.stem
    with log.open("a", encoding="utf-8") as out:
        step = 0
        while time.time() < until:
            beat = int(time.time() / BEAT_S) + 1
            _write_one(store, target, f"{life}-{step}", index, out)
            if time.time() < beat * BEAT_S:
                time.sleep(beat * BEAT_S - time.time())
                _write_one(store, target, f"shared-{beat}", index, out)
            step += 1
    store.close()


def _write_one(store: Store, target: SourcedPair, name: str, index: int, out: Any) -> None:
    try:
        _label_and_add(store, target, name, index, out)
    except StoreBusyError as e:  # refused aloud: neither acknowledged nor lost
        out.write(json.dumps({"refused": e.message}) + "\n")
        out.flush()


def _label_and_add(store: Store, target: SourcedPair, name: str, index: int, out: Any) -> None:
    start = time.perf_counter()
    label = add_label(store, LabelEvent(name, target.pair.id, f"writer {index}", "left", "chosen", True))
    out.write(json.dumps({"label": label.id, "person": label.event.person, "s": time.perf_counter() - start}) + "\n")
    out.flush()
    start = time.perf_counter()
    pair = example_pair(name)
    add_pairs(store, [pair])
    out.write(json.dumps({"pair": pair.pair.id, "s": time.perf_counter() - start}) + "\n")
    out.flush()


class Writers:
    """The writing processes. Each life of each of them writes what was acknowledged into a file of its own."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.logs: list[Path] = []
        self._processes = [self._start(index) for index in range(plan.writers)]

    def _start(self, index: int) -> subprocess.Popen[str]:
        plan, log = self._plan, self._plan.home / f"life{len(self.logs)}.jsonl"
        self.logs.append(log)
        arguments = ["--worker", str(index), "--log", str(log), "--home", str(plan.home)]
        arguments += ["--catalog", plan.catalog] if plan.catalog else []
        arguments += ["--apart"] if plan.apart else []
        command = [sys.executable, "-m", "benchmarks.labels", *arguments]
        return subprocess.Popen(command, cwd=Path(__file__).parents[1], stderr=subprocess.PIPE, text=True)

    def wait_until_ready(self) -> None:
        """Raises `MusicError` when one of them ends or takes too long."""
        until = time.time() + READY_S
        while not all(log.with_suffix(".ready").exists() for log in self.logs):
            failed = next((p for p in self._processes if p.poll()), None)
            if failed is not None or time.time() > until:
                raise MusicError(f"A writer did not start: {failed.communicate()[1] if failed else 'too slow'}")
            time.sleep(0.02)

    def kill_one(self, index: int) -> None:
        """End it by kill -9, and start another in its place."""
        self._processes[index].send_signal(signal.SIGKILL)
        self._processes[index].communicate()
        self._processes[index] = self._start(index)

    def wait_until_done(self) -> None:
        """Raises `MusicError` with the output of one that failed by itself."""
        for process in self._processes:
            _, error = process.communicate(timeout=READY_S)
            if process.returncode:
                raise MusicError(f"A writer failed: {error}")

    def end(self) -> None:
        """Leave none behind, whatever happened."""
        for process in self._processes:
            process.kill()
            process.wait()


def run(plan: Plan) -> dict[str, Any]:
    """Carry out `plan` with a reader in this process, and count. Raises `MusicError` if a writer or the reader fails by itself."""
    plan.home.mkdir(parents=True, exist_ok=True)
    rng = random.Random(plan.seed)
    # The writers start on an empty folder, all at once: creating the store is part of the trial.
    writers = Writers(plan)
    try:
        writers.wait_until_ready()
        begin = time.time()
        (plan.home / "go.tmp").write_text(str(begin + plan.seconds))
        (plan.home / "go.tmp").rename(plan.home / "go")
        with ThreadPoolExecutor(1) as pool, contextlib.closing(plan.open("reader")) as store:
            reads = pool.submit(_read, store, begin + plan.seconds, _moments(rng, begin, plan.seconds, plan.compactions))
            for moment in _moments(rng, begin, plan.seconds, plan.kills):
                time.sleep(max(0.0, moment - time.time()))
                writers.kill_one(rng.randrange(plan.writers))
            writers.wait_until_done()
            done = {"kills": plan.kills, "compactions": plan.compactions, "reads": reads.result()}
            result = count(store, writers.logs)
            catalog = "postgres" if store.where.is_postgres else "sqlite"
    finally:
        writers.end()
    return {"catalog": catalog, "apart": plan.apart, "seconds": plan.seconds, "writers": plan.writers, **done, **result}


def _read(store: Store, until: float, compactions: list[float]) -> int:
    """Ask for a page again and again, as the app does, and compact at the given times; the number of pages."""
    n = 0
    while time.time() < until:
        list_pairs(store, PairFilter(sources=("benchmark",)), limit=30)
        n += 1
        if compactions and time.time() > compactions[0]:
            compactions.pop(0)
            with contextlib.suppress(StoreBusyError):  # where the writers leave no gap, packing may wait
                compact(store, keep_days=0.0001)
    return n


def _moments(rng: random.Random, begin: float, seconds: float, n: int) -> list[float]:
    """`n` moments in the middle of the run, in order."""
    return sorted(begin + rng.uniform(0.1, 0.9) * seconds for _ in range(n))


def count(store: Store, logs: list[Path]) -> dict[str, Any]:
    """Compare the writers' files with the tables below the views."""
    lines = [json.loads(line) for log in logs if log.exists() for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
    refused = sum("refused" in line for line in lines)
    lines = [line for line in lines if "refused" not in line]
    ids = {table: Counter(row[0] for row in store.read(f"SELECT {key} FROM lake.{table}")) for table, key in TABLES.items()}  # noqa: S608 -- our own names
    persons: dict[str, str] = dict(store.read("SELECT label_id, person FROM lake.label_rows"))
    lost = sum(persons.get(line["label"]) != line["person"] if "label" in line else not ids["pair_rows"][line["pair"]] for line in lines)
    seconds = sorted(line["s"] for line in lines)
    return {
        "acknowledged": len(lines),
        "refused": refused,
        "lost": lost,
        "doubled": sum(n - 1 for counter in ids.values() for n in counter.values()),
        "stored": {table: len(counter) for table, counter in ids.items()},
        "median_ms": round(statistics.median(seconds) * 1000, 1) if seconds else None,
        "p95_ms": round(seconds[int(0.95 * (len(seconds) - 1))] * 1000, 1) if seconds else None,
    }


def main(arguments: list[str] | None = None) -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labels", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=0, help="how many times a writer is ended by kill -9 and started anew")
    parser.add_argument("--compactions", type=int, default=0, help="how many times the store is compacted meanwhile")
    parser.add_argument("--apart", action="store_true", help="no queue between the writers, as on several machines")
    parser.add_argument("--catalog", default=None, help="postgres:DSN of an empty database; default: SQLite in a temporary folder")
    parser.add_argument("--seed", type=int, default=0, help="draws the moments of the kills")
    parser.add_argument("--home", type=Path, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--worker", type=int, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, default=None, help=argparse.SUPPRESS)
    a = parser.parse_args(arguments)
    if a.worker is not None:
        write_until_stopped(Plan(a.home, catalog=a.catalog, apart=a.apart), a.worker, a.log)
        return
    with tempfile.TemporaryDirectory() as folder:
        result = run(Plan(a.home or Path(folder), a.seconds, a.writers, a.kills, a.compactions, a.apart, a.catalog, a.seed))
    if not a.json:
        print(f"{result['acknowledged']} writes acknowledged, {result['lost']} lost, {result['doubled']} doubled")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
