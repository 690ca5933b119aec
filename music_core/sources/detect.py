"""Which format rows are in, by their shape."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from music_core.errors import SourceError
from music_core.sources import chats, helpsteer, rewardbench, rmb, skywork, ultrafeedback, ultrainteract
from music_core.sources.hh import is_hh, read_hh
from music_core.sources.mt_bench import is_vote
from music_core.sources.oasst import is_oasst, read_oasst
from music_core.sources.rows import GroupFormat, RowFormat
from music_core.sources.sharegpt import is_sharegpt, read_sharegpt
from music_core.sources.trl import is_trl, read_trl
from music_core.sources.vote_formats import VOTE_FORMATS

# In the order in which a row is tried. Several forms are TRL's with columns of their own, so TRL's comes last.
FORMATS: Mapping[str, tuple[Callable[[Any], bool], RowFormat]] = {
    **VOTE_FORMATS,
    "oasst": (is_oasst, read_oasst),
    "sharegpt": (is_sharegpt, read_sharegpt),
    "hh": (is_hh, read_hh),
    ultrainteract.FORMAT: (ultrainteract.is_ultrainteract, ultrainteract.read_ultrainteract),
    ultrafeedback.FORMAT: (ultrafeedback.is_ultrafeedback, ultrafeedback.read_ultrafeedback),
    helpsteer.FORMAT: (helpsteer.is_helpsteer, helpsteer.read_helpsteer),
    rmb.FORMAT: (rmb.is_rmb, rmb.read_rmb),
    skywork.FORMAT: (skywork.is_skywork, skywork.read_skywork),
    rewardbench.FORMAT: (rewardbench.is_rewardbench, rewardbench.read_rewardbench),
    chats.FORMAT: (chats.is_chat, chats.read_chat),
    "trl": (is_trl, read_trl),
}
# Formats whose pairs lie across rows.
GROUPS: Mapping[str, GroupFormat] = {helpsteer.FORMAT: helpsteer.GROUP}


def row_format(row: Any) -> str | None:
    """The first format whose shape the row has."""
    return next((name for name, (fits, _) in FORMATS.items() if fits(row)), None)


def detect_format(rows: Sequence[Any], where: str) -> str:
    """The format that most of `rows` have; `SourceError` naming what was found when none has any."""
    found = Counter(name for name in map(row_format, rows) if name)
    if found:
        return found.most_common(1)[0][0]
    raise SourceError(f"{where}: its rows are in no known format ({describe(rows)}).", known_formats())


def describe(rows: Sequence[Any]) -> str:
    """What the first row looks like, for a person."""
    first = next((r for r in rows if isinstance(r, Mapping)), None)
    if first is None:
        return "they are no objects"
    if is_vote(first):
        return "votes without the conversations; name the folder that holds question.jsonl and model_answer, too"
    if {"message_id", "parent_id", "text"} <= first.keys():
        return "single Open-Assistant messages; the files named *.trees.jsonl.gz hold whole trees"
    keys = [str(k)[:40] for k in list(first)[:8]]
    return f"the first has {', '.join(keys)}" if keys else "the first is empty"


def known_formats() -> str:
    """The sentence that lists the formats."""
    return f"Formats are: {', '.join(sorted(FORMATS))}; docs/sources.md shows a row of each."
