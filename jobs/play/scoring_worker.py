"""Scores conversations for another process, so that this one alone holds torch: `python -m jobs.play.scoring_worker FOLDER`.

Reads one JSON object a line, {"messages": [{role, content}]}, and answers each with {"rewards", "one_pass", "problem"}. The
first line it writes is {"ready": true}. Ends when its standard input ends, so that a killed parent leaves nothing behind.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Any


def main(folder: str) -> int:
    """Serve until standard input ends; exit status 1 with a sentence on stderr when the model cannot be loaded."""
    from music_core.errors import MusicError, RewardError
    from music_core.types import conversation

    # Ctrl-C reaches the whole process group; the parent decides when this one is done with.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if not (Path(folder) / "config.json").is_file():  # told before torch is loaded, which takes seconds
            raise RewardError(f"{folder} holds no model.", "Give a folder that transformers can load.")
        from music_core.reward.score import RewardScorer

        scorer = RewardScorer(Path(folder), n_threads=2)
    except MusicError as e:
        sys.stderr.write(f"{e}\n")
        return 1
    _say({"ready": True})
    for line in sys.stdin:
        (scored,) = scorer.score([("", conversation(json.loads(line)["messages"]))])
        _say({"rewards": list(scored.rewards), "one_pass": scored.one_pass, "problem": scored.problem})
    return 0


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
