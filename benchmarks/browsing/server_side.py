"""What a page asks of the server, by the functions through which the app asks: `list`, `pair`, `save_label`, `search`, `matrix`.

No answer comes from a cache: every repeat asks for something else, or comes after a commit.
"""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import get_args

from app import data, reports
from app.state import ListState
from benchmarks.browsing.bare import Bare
from benchmarks.browsing.timing import Times, in_turns
from benchmarks.synthetic.pairs import SCHEDULES, SOURCES
from music_core.store.labels import add_label
from music_core.store.pairs import PairFilter, pair_ids
from music_core.types import LabelEvent, Split

REPEATS = {"list": 40, "pair": 40, "save_label": 40, "search": 9, "matrix": 9}
PERSON = "Fay"
_SORTS = ("created", "chars", "divergence", "opening", "labels", "turns", "length_difference")
_WORDS = ("Zymurgy", "quokka", "Note 1234", "quokka: ", "note 77")


def measure(home: Path, seed: int) -> dict[str, Times]:
    """Milliseconds of every thing, ours and bare, on the store in `home`, which is written to."""
    os.environ["MUSIC_HOME"] = str(home)
    data.serve()
    data.store()
    bare, random = Bare(home), Random(seed)
    bare.prepare_save()
    ids = random.sample(pair_ids(data.store(), PairFilter()), 3 * max(REPEATS.values()))
    asked: dict[str, tuple[Callable[[int], object], Callable[[int], object]]] = {
        "list": (_list, lambda i: bare.list(get_args(Split)[i % 3], SOURCES[i % len(SOURCES)][0])),
        "pair": (lambda i: data.pair_view(ids[i]), lambda i: bare.pair(ids[-i - 1])),
        "save_label": (lambda i: _save(ids[i], seed), lambda i: bare.save(f"token-{seed}-{i}")),
        "search": (_search, lambda i: bare.search(_WORDS[i % len(_WORDS)])),
        "matrix": (lambda _: reports.agreement(), lambda _: bare.matrix()),
    }
    found = {}
    for name, (ours, floor) in asked.items():
        # A commit before each matrix, so that it is made anew: what a page meets after somebody's vote.
        before: Callable[[int], object] = (lambda i: _save(ids[-i - 1], seed)) if name == "matrix" else (lambda _: None)
        found[name] = in_turns(REPEATS[name], ours, floor, before)
    bare.close()
    return found


def _list(i: int) -> object:
    state = ListState(source=(SOURCES[i % len(SOURCES)][0],), split=(get_args(Split)[i % 3],), sort=_SORTS[i % len(_SORTS)])
    if i % 2:
        state = state.changed(judge="qwen-32b", verdict=("chosen",), model="model-a")
    if i % 4 > 1:
        state = state.changed(source=(), schedule=(SCHEDULES[i % len(SCHEDULES)],), sort="margin", model="model-b")
    return data.page_of_pairs(state.changed(page=1 + i // 12), None)


def _save(pair_id: str, seed: int) -> object:
    """What a vote reads and writes: the person's history on the pair, then the event, read back."""
    history = data.labels_by(pair_id, PERSON)[1]
    return add_label(data.store(), LabelEvent(f"{seed}-{pair_id}-{len(history)}", pair_id, PERSON, "left", "chosen", not history))


def _search(i: int) -> object:
    return data.page_of_pairs(ListState(q=_WORDS[i % len(_WORDS)], page=1 + i // len(_WORDS)), None)
