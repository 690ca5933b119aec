import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from music_core.store.connect import Store, open_store
from music_core.store.pairs import add_pairs
from music_core.types import ContrastPair, Origin, SourcedPair, conversation


@pytest.fixture
def home(empty_store: Path, tmp_path: Path) -> Path:
    shutil.copytree(empty_store, tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = open_store(home)
    yield opened
    opened.close()


_numbers = itertools.count()


def make_pair(text: str = "How do I boil an egg?", *, turns: int = 1, source: str = "test", locator: str | None = None) -> SourcedPair:
    """A pair whose last replies differ; `text` is the first user message."""
    shared = [("user", text), ("assistant", "Tell me more.")] * (turns - 1) + [("user", text)]
    good = conversation([{"role": r, "content": c} for r, c in [*shared, ("assistant", "Eight minutes in boiling water.")]])
    bad = conversation([{"role": r, "content": c} for r, c in [*shared, ("assistant", "Fry it.")]])
    return SourcedPair(ContrastPair(good, bad), Origin(source, str(next(_numbers)) if locator is None else locator))


def add_six_pairs(store: Store) -> list[str]:
    """Ids of six stored pairs of the sources a and b, with one to three turns."""
    pairs = [make_pair(f"Question {k}", turns=k % 3 + 1, source="ab"[k % 2]) for k in range(6)]
    add_pairs(store, pairs)
    return [p.pair.id for p in pairs]


@pytest.fixture
def six_pairs(store: Store) -> list[str]:
    return add_six_pairs(store)
