"""Rows of a data set by the name that `datasets` knows: `hf:NAME` or `hf:NAME:SPLIT` (a local folder is a name too)."""

from collections.abc import Generator
from typing import Any

from music_core.errors import MissingExtraError, SourceError

PREFIX = "hf:"


def parse_name(text: str) -> tuple[str, str | None]:
    """Name and split of `hf:NAME[:SPLIT]`."""
    name, _, split = text.removeprefix(PREFIX).partition(":")
    if not name:
        raise SourceError(f"'{text}' names no data set.", "Write hf:NAME or hf:NAME:SPLIT.")
    return name, split or None


def hub_rows(text: str) -> Generator[Any]:
    """Every row as a dict; without a split, `train`, or the only one there is."""
    name, split = parse_name(text)
    try:
        import datasets
    except ImportError as e:
        raise MissingExtraError(f"Reading {text}", "hub") from e
    try:
        split = split or _only_split(datasets.get_dataset_split_names(name), text)
        yield from datasets.load_dataset(name, split=split)
    except SourceError:
        raise
    except Exception as e:  # builders and file systems of every kind raise what they like
        reason = (str(e).strip() or type(e).__name__).splitlines()[0].rstrip(".")
        raise SourceError(f"{text} cannot be loaded: {reason}.") from e


def _only_split(names: list[str], text: str) -> str:
    if "train" in names:
        return "train"
    if len(names) != 1:
        raise SourceError(f"{text} has the splits {', '.join(names)}.", f"Name one: {text}:{names[0] if names else 'SPLIT'}.")
    return names[0]
