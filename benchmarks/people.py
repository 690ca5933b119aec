"""Twenty people label at once: `python -m benchmarks.people --json [--people N --seconds S --data PATH --pairs N --seed S]`.

Each speaks Streamlit's protocol over a websocket (`benchmarks.crowd`), votes on a labelling queue of its own store copy, one vote
every five seconds, and a real browser works among them. Afterwards the store is held against what the server acknowledged:
labels lost, doubled or under another name, and pairs that two people got although one was asked for.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from playwright.sync_api import sync_playwright
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.browse import copy_of
from benchmarks.browsing import browser
from benchmarks.browsing.timing import p95
from benchmarks.crowd.client import Client, Drawn, press
from benchmarks.synthetic.fill import synthetic_store
from jobs.stages.queues import Config, make_queue
from music_core.store.connect import open_store
from music_core.store.labels import all_labels
from music_core.store.pairs import PairFilter, pair_ids

QUEUE = "crowd"
EVERY_S = 5.0
# A pair is on screen for so long at least.
READ_S = 1.0
ENOUGH = 4_000
_RECEIPT = re.compile(r"Stored and read back: <code>([^<]+)</code>.*?· ([^·<]+) \(unverified\)", re.S)


@dataclass
class Told:
    """What the server told the people: (beginning of a label's id, name), times, and what went wrong."""

    labels: list[tuple[str, str]] = field(default_factory=list)
    vote_ms: list[float] = field(default_factory=list)
    next_ms: list[float] = field(default_factory=list)
    probe_ms: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    """Print one JSON object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the object only")
    parser.add_argument("--data", type=Path, required=True, help="folder of the synthetic store; written where it is empty")
    parser.add_argument("--pairs", type=int, default=104_000)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    synthetic_store(words.data, words.pairs, words.seed, lambda _: None)
    with copy_of(words.data) as home:
        print(json.dumps(run(home, words.people, words.seconds, words.seed)))


def run(home: Path, people: int, seconds: float, seed: int) -> dict[str, Any]:
    """Let so many people label for so many seconds on the store in `home`, and hold the store against what they were told."""
    n_pool = _make_queue(home, seed)
    told, rss = Told(), []
    with browser.Server(browser.WORKBENCH, {"MUSIC_HOME": str(home)}) as server:
        probe = threading.Thread(target=_probe, args=(server.url, seconds, told))
        probe.start()
        rss = asyncio.run(_crowd(server, people, seconds, seed, told))
        probe.join()
    return {"people": people, "seconds": seconds, "queue": n_pool, **_held(home, told, people), **_times(told), "rss_mb": rss}


def _make_queue(home: Path, seed: int) -> int:
    store = open_store(home)
    # Pairs that nobody has decided yet: a label counts for a queue wherever it was given.
    pool = PairFilter(splits=("validation", "test"), labelled=False)
    labels = min(ENOUGH, len(pair_ids(store, pool)))
    made = make_queue(store, Config(name=QUEUE, labels=labels, seed=seed, repeats=0.0), pool)
    store.close()
    return int(made.head.n_drawn)


async def _crowd(server: browser.Server, people: int, seconds: float, seed: int, told: Told) -> list[float]:
    until = time.monotonic() + seconds
    tasks = [asyncio.create_task(_person(server.url, f"Person {i}", until, Random(f"{seed} {i}"), told)) for i in range(people)]
    rss = []
    for part in (0.2, 0.6, 1.0):
        await asyncio.sleep(max(0.0, until - seconds * (1 - part) - time.monotonic()))
        rss.append(server.rss_mb())
    await asyncio.gather(*tasks)
    return rss


async def _person(url: str, name: str, until: float, random: Random, told: Told) -> None:
    try:
        async with Client(url, "label", f"queue={QUEUE}") as client:
            phase = random.random() * EVERY_S
            await asyncio.sleep(phase)
            drawn = await client.run()
            form = next(i for i in drawn.inputs if i.endswith("mw-person-name-label"))
            drawn = await client.run(WidgetState(id=form, string_value=name), press(drawn.button("FormSubmitter:mw-person-name-label")))
            while time.monotonic() < until:
                # By the clock of this person alone. Counted from the answer before, all who once waited for the same thing, such
                # as the first reading of the store, would vote at the same instant from then on.
                wait = (phase - time.monotonic()) % EVERY_S
                await asyncio.sleep(wait if wait > READ_S else wait + EVERY_S)
                drawn = await _vote(client, drawn, random, name, told)
    except (LookupError, OSError, TimeoutError) as e:
        told.wrong.append(f"{name}: {type(e).__name__}: {e}")


async def _vote(client: Client, drawn: Drawn, random: Random, name: str, told: Told) -> Drawn:
    answer = await client.run(press(drawn.button(random.choice(["mw-left-", "mw-right-", "mw-tie-"]))))
    told.vote_ms.append(answer.ms)
    receipt = _RECEIPT.search("\n".join(answer.html))
    if receipt is None or answer.failed:
        told.wrong.append(f"{name}: no receipt {answer.failed}")
    else:
        told.labels.append((receipt.group(1), receipt.group(2).strip()))
        if receipt.group(2).strip() != name:
            told.wrong.append(f"{name} was told of a label of {receipt.group(2)}")
    following = await client.run(press(answer.button("mw-next-")))
    told.next_ms.append(following.ms)
    return following


def _probe(url: str, seconds: float, told: Told) -> None:
    """A person at a real browser: from the key to the next pair complete, among the others."""
    until = time.monotonic() + seconds
    with sync_playwright() as play:
        found = play.chromium.launch(
            executable_path=browser.CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.named(found, f"{url}/label", "Probe")
        while time.monotonic() < until:
            told.probe_ms.append(browser.press_on(page, "s", "mw-skip-"))
            page.wait_for_timeout(EVERY_S * 1000)
        found.close()


def _held(home: Path, told: Told, people: int) -> dict[str, Any]:
    """The store against what was acknowledged."""
    store = open_store(home)
    names = {f"Person {i}" for i in range(people)}
    given = [label for label in all_labels(store) if label.event.person in names]
    store.close()
    stored = {(label.id[:14], label.event.person) for label in given}
    on_pair = Counter((label.event.pair_id, label.event.person) for label in given)
    shared = Counter(pair_id for pair_id, _ in on_pair)
    return {
        "acknowledged": len(told.labels),
        "stored": len(given),
        "lost": len(set(told.labels) - stored),
        "doubled": sum(n - 1 for n in on_pair.values()) + len(told.labels) - len(set(told.labels)),
        "pairs_of_two_people": sum(n > 1 for n in shared.values()),
        "wrong": told.wrong[:10],
        "n_wrong": len(told.wrong),
    }


def _times(told: Told) -> dict[str, Any]:
    found = {"vote": told.vote_ms, "next": told.next_ms, "probe_key_to_next": told.probe_ms}
    return {
        "p95_ms": {name: p95(values) if values else None for name, values in found.items()},
        "median_ms": {name: round(statistics.median(values), 1) if values else None for name, values in found.items()},
        "n": {name: len(values) for name, values in found.items()},
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    main()
