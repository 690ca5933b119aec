"""How fast the workbench is with a store of 104,000 pairs: `python -m benchmarks.browse --json [--data PATH --pairs N --seed S]`.

The store is synthetic (`benchmarks.synthetic`): of six messages of 900 characters a side on average, beyond 104,000 pairs of copies
under ids of their own, written once under
`--data` (by default in the temporary folder) and copied for each run, since labels are written. Beside each time stands its
floor from the same run, taken in turns with it: the bare query on the same lake, and for keys and starts a minimal Streamlit
page with the same conversations, run as Streamlit runs it by itself (`floor_tuned_ms`: under our settings). `ratio` is median by
median; it is what can be compared between machines.
"""

import argparse
import importlib.metadata
import json
import logging
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.browsing import browser, server_side
from benchmarks.browsing.timing import Times, p95
from benchmarks.synthetic.fill import DONE, synthetic_store

VERSIONS = ("streamlit", "duckdb", "duckdb-extension-ducklake", "playwright")


def main() -> None:
    """Print one JSON object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the object only")
    parser.add_argument("--data", type=Path, help="folder of the synthetic store; written where it is empty")
    parser.add_argument("--pairs", type=int, default=104_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-browser", action="store_true", help="leave out keys, start and memory")
    options = parser.parse_args()
    home: Path = options.data or Path(tempfile.gettempdir()) / f"music-synthetic-{options.pairs}-{options.seed}"
    say = (lambda _: None) if options.json else (lambda text: print(text, file=sys.stderr))
    written = synthetic_store(home, options.pairs, options.seed, say)
    print(json.dumps(run(home, options.pairs, options.seed, written, with_browser=not options.no_browser)))


def run(home: Path, pairs: int, seed: int, written: dict[str, float], *, with_browser: bool = True) -> dict[str, Any]:
    """All figures of the store in `home`, which stays as it is."""
    logging.disable(logging.WARNING)  # the app's caches say at length that there is no server around them
    with copy_of(home) as copy:
        seen = browser.measure(copy, copy.parent) if with_browser and Path(browser.CHROMIUM).exists() else None
        times = server_side.measure(copy, seed)
    keys = seen.keys if seen else {}
    if seen:
        times["key_to_next"] = keys["skip_to_next"]
    return {
        "pairs": pairs,
        "p95_ms": {name: p95(t.ours) for name, t in times.items()},
        "floor_ms": {name: p95(t.floor) for name, t in times.items()},
        **(_of_browser(seen) if seen else {}),
        "ratio": {name: t.ratio for name, t in times.items()},
        "median_ms": _medians(times),
        "n": {name: len(t.ours) for name, t in times.items()},
        "keys_ms": {name: {"p95": p95(t.ours), "ratio": t.ratio} for name, t in keys.items()},
        "store_s": written,
        "seed": seed,
        "versions": {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in VERSIONS},
        "cores": os.cpu_count(),
    }


def _medians(times: dict[str, Times]) -> dict[str, float]:
    return {name: round(sorted(t.ours)[len(t.ours) // 2], 1) for name, t in times.items()}


def _of_browser(seen: browser.Seen) -> dict[str, Any]:
    return {
        "floor_tuned_ms": p95(seen.tuned_ms),
        "start_s": browser.median_s(seen.start_s),
        "floor_start_s": browser.median_s(seen.floor_start_s),
        "rss_mb": seen.rss_mb,
        "rss_first_page_mb": seen.rss_first_mb,
        "floor_rss_mb": seen.floor_rss_mb,
    }


@contextmanager
def copy_of(home: Path) -> Iterator[Path]:
    """A store with the same rows to write to. Its Parquet files are links to the same ones, since these never change."""
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=f"{home.name}-run-") as folder:
        copy = Path(folder) / "lake"
        shutil.copytree(home, copy, copy_function=_link_or_copy, ignore=shutil.ignore_patterns(DONE))
        yield copy


def _link_or_copy(source: str, target: str) -> str:
    if source.endswith(".parquet"):
        os.link(source, target)
        return target
    return shutil.copy2(source, target)


if __name__ == "__main__":
    main()
