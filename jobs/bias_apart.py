"""`python -m jobs.bias_apart`: the bias report for the selection on standard input, as one JSON line, in a process of its own."""

import json
import sys
from typing import Any

from jobs.stages.bias import report_for
from music_core.errors import MusicError


def main() -> None:
    """Print `{"report": …}`, or `{"error", "hint"}` of what a person can mend."""
    found: dict[str, Any]
    try:
        found = {"report": report_for(json.load(sys.stdin))}
    except MusicError as e:
        found = {"error": e.message, "hint": e.hint}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
