"""Pairs wait in memory, or in a temporary file, until the whole source has been read."""

from dataclasses import replace

import pytest

from music_core.sources.spool import ChatSpool, PairSpool
from music_core.types import ContrastPair, Origin, SourcedChat, SourcedPair
from tests.unit.sources.files import talk

PAIRS = [SourcedPair(ContrastPair(talk("q", f"a{i}"), talk("q", f"b{i}")), Origin("set", str(i), meta={"n": i})) for i in range(50)]


@pytest.mark.parametrize(("memory_chars", "batch_chars"), [(10**9, 10), (0, 1), (20, 7), (100, 1000)])
def test_what_is_put_in_comes_out_in_order_as_often_as_wanted(memory_chars: int, batch_chars: int) -> None:
    spool = PairSpool(memory_chars, batch_chars)
    for item in PAIRS:
        spool.append(item)
    assert len(spool) == 50
    assert list(spool) == PAIRS
    several = zip(spool, spool, strict=True)  # two readers at once do not disturb each other
    assert all(a == b for a, b in several)
    spool.close()


def test_a_closed_spool_is_not_read() -> None:
    spool = PairSpool(0, 1)
    spool.append(PAIRS[0])
    spool.append(replace(PAIRS[1]))
    spool.close()
    with pytest.raises(ValueError, match="closed"):
        list(spool)


def test_chats_come_out_as_they_were_put_in_from_memory_and_from_the_file() -> None:
    chats = [SourcedChat(talk("q", f"a{i}", "and?"), Origin("set", str(i), meta={"n": i})) for i in range(5)]
    for spool in (ChatSpool(), ChatSpool(0, 1)):
        for item in chats:
            spool.append(item)
        assert list(spool) == list(spool) == chats
        spool.close()
