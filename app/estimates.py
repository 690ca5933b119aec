"""What the estimates of a queue are read from, kept until anything is committed, and what to do to narrow one."""

from dataclasses import dataclass

import streamlit as st

from app import data
from jobs.stages.estimates import HALF_WIDTH, Answer, QueueEstimates, estimates_of
from music_core.evaluate.estimate import LabelsNeeded, labels_needed
from music_core.store.queues import QueueHead, list_queues

__all__ = ["HALF_WIDTH", "Advice", "advice", "estimates", "heads"]


@dataclass(frozen=True, slots=True)
class Advice:
    """What labels more are for one estimate: `needed`, of which `waiting` drawn pairs, and the `total` to plan a larger queue for."""

    needed: LabelsNeeded
    waiting: int
    total: int | None


@st.cache_resource(max_entries=16, show_spinner=False)
def _heads(home: str, version: int) -> tuple[QueueHead, ...]:  # noqa: ARG001
    return tuple(list_queues(data.store()))


@st.cache_resource(max_entries=16, show_spinner="Estimating …")
def _estimates(home: str, version: int, name: str) -> QueueEstimates:  # noqa: ARG001
    return estimates_of(data.store(), name)


def _now() -> tuple[str, int]:
    opened = data.store()
    return str(opened.home), opened.version()


def heads() -> tuple[QueueHead, ...]:
    """All queues, newest first."""
    return _heads(*_now())


def estimates(name: str) -> QueueEstimates:
    """Everything that the labels of a queue say now. Raises `StoreError` for an unknown queue."""
    return _estimates(*_now(), name)


def advice(answer: Answer, head: QueueHead, half_width: float) -> Advice:
    """How to get the interval down to `half_width`. Pure."""
    found = answer.found
    needed = labels_needed(found, half_width)
    if needed.more is None or not found.n_labelled:
        return Advice(needed, found.n_waiting, None)
    # As many of the pairs drawn anew as of those drawn so far will be skipped, or lie outside of what this estimate is about.
    per_label = (found.n_labelled + found.n_skipped) / found.n_labelled * head.n_pool / found.n_pool
    return Advice(needed, found.n_waiting, min(round((found.n_labelled + needed.more) * per_label), head.n_pool))
