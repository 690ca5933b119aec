# ruff: noqa: N999  # the design names this benchmark; python -m takes the name although `import` is a keyword
"""How fast a preference file is read, and in how much memory: `python -m benchmarks.import --json`.

Measured in a process of its own, on a file written for it (Anthropic-HH rows) or on `--data PATH`.
`json_rows_per_s` is the bound: the same lines through plain `json.loads`, and nothing else.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from music_core.sources.read import read_source


def main() -> None:
    """Print one JSON object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the object only")
    parser.add_argument("--data", help="a preference file to read instead")
    parser.add_argument("--pairs", type=int, default=20_000, help="rows of the file that is written")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.data or write_rows(Path(folder) / "rows.jsonl", options.pairs, Random(options.seed))
        command = [sys.executable, "-m", "benchmarks.import", "--measure", path]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def measure(path: str) -> dict[str, float | int | None]:
    """Rows per second of `read_source` with all pairs taken from it, and the peak of this process's memory."""
    before_mb = peak_memory_mb()
    start = time.perf_counter()
    with read_source(path) as reading:
        n_pairs = sum(1 for _ in reading.pairs)
        rows = reading.report.rows
    seconds = time.perf_counter() - start
    return {
        "rows": rows,
        "pairs": n_pairs,
        "file_mb": round(Path(path).stat().st_size / 1e6, 1),
        "rows_per_s": round(rows / seconds),
        "json_rows_per_s": plain_json_rows_per_s(path) if path.endswith(".jsonl") else None,
        "peak_memory_mb": peak_memory_mb(),
        "memory_before_mb": before_mb,
    }


def peak_memory_mb() -> float:
    """Largest resident size of this process so far; Linux counts in kB, macOS in bytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3), 1)


def plain_json_rows_per_s(path: str) -> int:
    """The bound: the lines through `json.loads`."""
    start = time.perf_counter()
    with Path(path).open("rb") as lines:
        n = sum(1 for line in lines if json.loads(line))
    return round(n / (time.perf_counter() - start))


def write_rows(path: Path, n: int, random: Random) -> str:
    """HH rows of one to five turns and about 2,400 characters, as in the harmless-base set."""
    words = ["pair", "turn", "reward", "of", "the", "a", "margin", "judge", "reads", "twice", "naive"]

    def passage() -> str:
        return " ".join(random.choices(words, k=random.randint(5, 60)))

    with path.open("w", encoding="utf-8") as out:
        for _ in range(n):
            shared = "".join(f"\n\nHuman: {passage()}\n\nAssistant: {passage()}" for _ in range(random.randint(0, 4)))
            sides = [f"{shared}\n\nHuman: {last}\n\nAssistant: {passage()} {i}" for last in [passage()] for i in range(2)]
            out.write(json.dumps({"chosen": sides[0], "rejected": sides[1]}) + "\n")
    return str(path)


if __name__ == "__main__":
    main()
