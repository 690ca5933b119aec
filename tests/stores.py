"""New stores for tests: each a copy of one that was created once in this process, since creating one takes more than a second."""

import functools
import shutil
import tempfile
from pathlib import Path

from music_core.store.connect import Store, open_store


@functools.cache
def _template() -> "tempfile.TemporaryDirectory[str]":
    folder = tempfile.TemporaryDirectory(prefix="store-")
    open_store(Path(folder.name)).close()
    return folder


def new_home(home: Path) -> Path:
    """`home`, with an empty store in it; its folder may be there already, a store may not."""
    shutil.copytree(_template().name, home, dirs_exist_ok=True)
    return home


def new_store(home: Path) -> Store:
    """An empty store in `home`, open."""
    return open_store(new_home(home))
