"""Opening local files, gzipped or not; whatever goes wrong while reading is one sentence about that file."""

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from music_core.errors import SourceError

ENDINGS = (".jsonl", ".json", ".parquet")
GZIP_MAGIC = b"\x1f\x8b"


def kind_and_stem(path: Path) -> tuple[str, str, bool]:
    """Ending (one of `ENDINGS`), name without endings, and whether it is gzipped, all by the file's name."""
    name = path.name
    gzipped = name.lower().endswith(".gz")
    bare = name[:-3] if gzipped else name
    ending = Path(bare).suffix.lower()
    if ending not in ENDINGS:
        raise SourceError(
            f"{path}: '{''.join(path.suffixes[-2:]) or name}' is no known ending.", f"Known: {', '.join(ENDINGS)}, each also with .gz."
        )
    return ending, Path(bare).stem, gzipped


def check_file(path: Path) -> None:
    """Refuse what is missing, no file, or empty, before anything is read."""
    if path.is_dir():
        raise SourceError(f"{path} is a folder; give one of the files in it.")
    if not path.exists():
        raise SourceError(f"There is no file {path}.")
    if not path.is_file():
        raise SourceError(f"{path} is not a regular file.")
    if path.stat().st_size == 0:
        raise SourceError(f"{path} is empty.")


class InputFile:
    """A file opened for reading bytes, unpacked if gzipped; every read error is a `SourceError`."""

    def __init__(self, path: Path, raw: BinaryIO | gzip.GzipFile) -> None:
        self.path = path
        self._raw = raw

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        with _reading(self.path):
            return self._raw.read(size)

    def readline(self, size: int) -> bytes:
        """One line, at most `size` bytes of it; none at the end."""
        with _reading(self.path):
            return self._raw.readline(size)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except EOFError as e:
        raise SourceError(f"{path} is cut off: its gzip data ends too early.") from e
    except (gzip.BadGzipFile, zlib.error) as e:
        raise SourceError(f"{path} is not sound gzip data: {e}.") from e
    except OSError as e:
        raise SourceError(f"{path} cannot be read: {e.strerror or e}.") from e


@contextmanager
def open_input(path: Path, gzipped: bool) -> Iterator[InputFile]:
    """The file's bytes, unpacked. The name says whether it is gzipped, and the content has to agree."""
    with _reading(path), path.open("rb") as plain:
        packed = plain.read(2) == GZIP_MAGIC
    if packed != gzipped:
        said = "ends in .gz but is not gzipped" if gzipped else "is gzipped but does not end in .gz"
        raise SourceError(f"{path} {said}.", "Rename it.")
    with path.open("rb") as raw:
        if not gzipped:
            yield InputFile(path, raw)
            return
        with gzip.GzipFile(fileobj=raw) as unpacked:
            yield InputFile(path, unpacked)


@contextmanager
def open_seekable(path: Path, gzipped: bool) -> Iterator[IO[bytes]]:
    """A file object that can seek: the file itself, or its unpacked copy in a temporary file."""
    with open_input(path, gzipped) as packed:
        if not gzipped:
            with path.open("rb") as plain:
                yield plain
            return
        with tempfile.TemporaryFile() as copy:
            while piece := packed.read(1 << 20):
                copy.write(piece)
            copy.seek(0)
            yield copy
