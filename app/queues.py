"""Labelling queues as the Label page walks them: the drawn pairs in an order of one's own, and how far everybody is."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from app import data
from music_core.store.queues import QueueHead, answered, labels_given, list_queues, read_drawn, read_queue


@dataclass(frozen=True, slots=True)
class Walk:
    """A queue before one person. `done` pairs are not offered: the person decided or skipped them, or others filled them.

    `ids` are the drawn pairs in the person's order; `n_given` of `head.n_wanted` labels are there, by anybody.
    """

    head: QueueHead
    ids: tuple[str, ...]
    drawn: Mapping[str, float]
    done: frozenset[str]
    n_given: int
    n_mine: int


@st.cache_data(ttl=data.QUEUE_S, max_entries=8, show_spinner=False)
def _heads(home: str) -> list[QueueHead]:  # noqa: ARG001
    return list_queues(data.store())


def heads() -> list[QueueHead]:
    """All queues, newest first; a new one joins after at most `data.QUEUE_S` seconds."""
    return _heads(str(data.store().home))


# A queue never changes, so it is read once.
@st.cache_resource(max_entries=32, show_spinner=False)
def _drawn(home: str, name: str) -> tuple[QueueHead, Mapping[str, float]]:  # noqa: ARG001
    opened = data.store()
    known = next((head for head in list_queues(opened) if head.name == name), None)
    return (known or read_queue(opened, name).head), read_drawn(opened, name)


def own_order(person: str, name: str, ids: Mapping[str, float]) -> tuple[str, ...]:
    """The pairs shuffled by a hash of person, queue and pair: the place of a pair tells nothing, and people seldom meet on one."""
    return tuple(
        sorted(ids, key=lambda pair_id: hashlib.sha256(f"order\0{person}\0{name}\0{pair_id}".encode("utf-8", "surrogatepass")).digest())
    )


def walk(name: str, person: str) -> Walk:
    """The queue as it stands now. Raises `StoreError` naming the queues there are."""
    opened = data.store()
    head, drawn = _drawn(str(opened.home), name)
    found = answered(opened, drawn, person)
    done = frozenset(pair_id for pair_id, a in found.items() if a.mine or a.n_people >= head.overlap)
    n_mine = sum(a.mine for a in found.values())
    return Walk(head, own_order(person, name, drawn), drawn, done, labels_given(found, head.overlap), n_mine)
