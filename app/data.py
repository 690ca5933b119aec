"""What the pages read. The store is opened once per server; answers are kept until anything is committed by anybody."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import streamlit as st

from app.conversation_state import ConversationList
from app.state import PAGE_ROWS, ListState
from music_core.config import load_settings
from music_core.store import labels
from music_core.store.connect import Store, open_store
from music_core.store.evidence import Evidence, evidence_of, verdicts_on
from music_core.store.filters import selection
from music_core.store.labels import SaidSoFar, label_history, labels_of
from music_core.store.models import list_models
from music_core.store.pairs import (
    Facet,
    IdList,
    PairFilter,
    PairPage,
    StoredPair,
    facets,
    get_pair,
    get_text,
    list_pairs,
    listed_ids,
    sorted_ids,
)
from music_core.store.pairs import simulators as list_simulators
from music_core.store.readings import readings_of
from music_core.store.runs import list_runs
from music_core.store.traces import traces_of
from music_core.store.views import SavedView, list_views
from music_core.types import ContrastPair, LabelEvent, Reading, RewardModel, RewardTrace, Run, StoredLabel, Verdict, content_id

AnyList = TypeVar("AnyList", ListState, ConversationList)
# Where labels decide which pairs a labelling queue has, it is read again after so many seconds rather than after each label.
QUEUE_S = 20
# New origins of a pair show after at most this many seconds.
PAIR_S = 30
# A pair that was read for labelling is kept for so many seconds, longer than a person reads it.
DESK_S = 1800
AHEAD_S = 0.25
_LOG = logging.getLogger("music.app")
# Their threads are waited for when the server ends, see `end`.
_AHEAD = ThreadPoolExecutor(max_workers=2, thread_name_prefix="read-ahead")
_BESIDE = ThreadPoolExecutor(max_workers=4, thread_name_prefix="read-beside")


@dataclass(frozen=True, slots=True)
class PairView:
    """Everything stored about one pair."""

    stored: StoredPair
    traces: tuple[RewardTrace, ...]
    readings: tuple[Reading, ...]
    verdicts: tuple[Verdict, ...]
    history: tuple[StoredLabel, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pair stands in a filtered list: `position` from 1, None when the filter leaves it out."""

    position: int | None
    total: int
    previous: str | None
    following: str | None


@st.cache_resource(show_spinner="Opening the store …")
def _open(home: str, catalog: str | None, data_path: str | None) -> Store:
    return open_store(Path(home), catalog=catalog, data_path=data_path)


_Where = tuple[str, str | None, str | None]
# Where the store lies that was asked for last, and the store: a page asks dozens of times, and a look into Streamlit's cache
# takes longer than most of what is then asked of the store.
_newest: tuple[_Where, Store] | None = None


# Whether this process is a server, in which many threads read at once, and the store that is kept open for them.
_serving = False
_kept: Store | None = None


def serve() -> None:
    """Keep the store open that the settings name, see `Store.keep_open`, until `stop_serving`."""
    global _serving
    _serving = True
    if _newest is not None:
        _keep(_newest[1])


def stop_serving() -> None:
    """End what `serve` has begun."""
    global _serving
    _serving = False
    _keep(None)


def _keep(opened: Store | None) -> None:
    global _kept
    before, _kept = _kept, opened
    if before is not None and before is not opened:
        before.let_go()
    if opened is not None:
        opened.keep_open()


def end() -> None:
    """Wait for what runs in the background; nothing more is begun. For the end of the server."""
    for pool in (_AHEAD, _BESIDE):
        pool.shutdown(cancel_futures=True)
    stop_serving()


def store() -> Store:
    """The store that the settings name. Raises `StoreError` or `ConfigError`; nothing is cached then."""
    global _newest
    settings = load_settings()
    where = (str(settings.home), settings.catalog, settings.data_path)
    known = _newest
    if known is not None and known[0] == where and known[1].is_open:
        return known[1]
    opened = _open(*where)
    _newest = (where, opened)
    if _serving:
        _keep(opened)
    return opened


@st.cache_data(max_entries=64, show_spinner=False)
def _page(home: str, version: int, f: PairFilter, sort: str, descending: bool, offset: int) -> PairPage:  # noqa: ARG001
    return list_pairs(store(), f, sort=sort, descending=descending, limit=PAGE_ROWS, offset=offset)


@st.cache_data(max_entries=8, show_spinner=False)
def _facets(home: str, version: int) -> dict[str, list[Facet]]:  # noqa: ARG001
    return facets(store())


@st.cache_data(max_entries=8, show_spinner=False)
def _simulators(home: str, version: int) -> list[Facet]:  # noqa: ARG001
    return list_simulators(store())


@st.cache_data(max_entries=8, show_spinner=False)
def _views(home: str, version: int) -> list[SavedView]:  # noqa: ARG001
    return list_views(store())


@st.cache_resource(max_entries=8, show_spinner=False)
def _ids(home: str, written: int, f: PairFilter, sort: str, descending: bool) -> IdList:  # noqa: ARG001
    return listed_ids(store(), f, sort=sort, descending=descending)


def _now() -> tuple[str, int]:
    """The cache key of everything read: which store, and its newest snapshot."""
    opened = store()
    return str(opened.home), opened.version()


def sort_of(state: ListState) -> str:
    """The store's name of the sorting; by margin only where a model is chosen."""
    return "created" if state.sort == "margin" and not state.model else state.sort


def with_model(state: AnyList, known: Sequence[RewardModel], values: Mapping[str, Sequence[Facet]]) -> AnyList:
    """The state with a model to take margins or rewards from: the one asked for, else the newest that has scored anything."""
    scored = {f.value for f in values.get("model", ())}
    newest = next((m.id for m in known if m.id in scored), "")
    return state if state.model else replace(state, model=newest)


def page_of_pairs(state: ListState, person: str | None) -> PairPage:
    """The rows of the state's page."""
    return _page(*_now(), state.filter(person), sort_of(state), not state.asc, (state.page - 1) * PAGE_ROWS)


def filter_values() -> Mapping[str, Sequence[Facet]]:
    """Values to filter by, each with its number of pairs."""
    return _facets(*_now())


def simulators() -> list[Facet]:
    """Models that wrote turns, each with its number of pairs."""
    return _simulators(*_now())


def views() -> list[SavedView]:
    """The saved views of everybody."""
    return _views(*_now())


def models() -> list[RewardModel]:
    """All registered reward models, newest first."""
    return list_models(store())


def runs() -> list[Run]:
    """The newest runs, newest first."""
    return list_runs(store())


def place_of(pair_id: str, state: ListState, person: str | None) -> Place:
    """The pair's neighbours in the list of `state`, as it stood when this process last looked, as for `pair_view`."""
    f, sort = state.filter(person), sort_of(state)
    ids = _ids(str(store().home), store().written_at(selection(f, sort).tables), f, sort, not state.asc)
    i = ids.place_of(pair_id)
    if i is None:
        return Place(None, len(ids), None, ids[0] if ids else None)
    return Place(i + 1, len(ids), ids[i - 1] if i else None, ids[i + 1] if i + 1 < len(ids) else None)


# A pair's conversations never change; its origins may grow, so it is read again after a while.
@st.cache_resource(max_entries=64, ttl=PAIR_S, show_spinner=False)
def _pair(home: str, pair_id: str) -> StoredPair:  # noqa: ARG001
    return get_pair(store(), pair_id)


def stored_pair(pair_id: str) -> StoredPair:
    """One pair with its origins. Raises `StoreError` for an unknown id."""
    return _pair(str(store().home), pair_id)


def pair_view(pair_id: str) -> PairView:
    """One pair with its traces, readings, verdicts and label events. Raises `StoreError` for an unknown id."""
    opened = store()
    # Beside the text, which takes as long as all the others: each is a query of its own that mostly waits for the catalog.
    traces = _BESIDE.submit(traces_of, opened, pair_id)
    verdicts, is_labelled = verdicts_on(opened, pair_id)
    # After the verdicts, so that no verdict lacks its readings.
    readings = _BESIDE.submit(readings_of, opened, pair_id)
    stored = stored_pair(pair_id)
    history = label_history(opened, pair_id) if is_labelled else []
    return PairView(stored, tuple(traces.result()), tuple(readings.result()), verdicts, tuple(history))


def evidence(pair_id: str) -> Evidence:
    """What the Label page hides until the decision. Not the text, which is on screen. As new as `said_so_far`, asked for before it."""
    return evidence_of(store(), pair_id)


@st.cache_data(max_entries=8, show_spinner=False)
def _known_models(home: str, written: int) -> list[RewardModel]:  # noqa: ARG001
    return models()


def known_models() -> list[RewardModel]:
    """As `models`, as new as `said_so_far`, asked for before it: for their names."""
    return _known_models(str(store().home), store().written_at(["model_rows"]))


def queue_of(state: ListState) -> IdList:
    """The pairs to label under a filter, the same order for everybody.

    Ids are hashes of content, so their order is a fixed shuffle: any beginning of the queue is a random sample.
    """
    f = state.changed(label="").filter(None)
    tables = selection(f).tables
    home = str(store().home)
    return _sorted_ids_lately(home, f) if "label_rows" in tables else _laid_out(home, f).now(store().written_at(tables))


@dataclass(slots=True)
class _LaidOut:
    """The pairs of one filter as they were read last, in how long, and until when they serve."""

    f: PairFilter
    written: int = -1
    until: float = 0.0
    ids: IdList | None = None

    def now(self, written: int) -> IdList:
        """The pairs, read again where their tables have changed: while many commits arrive, for a tenth of the time at most."""
        began = time.monotonic()
        found = self.ids
        if found is None or (written != self.written and began > self.until):
            found = self.ids = sorted_ids(store(), self.f)
            self.written, self.until = written, time.monotonic() + 10 * (time.monotonic() - began)
        return found


# Streamlit takes a filter apart field by field, at every key on the Label page.
@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs={PairFilter: repr})
def _laid_out(home: str, f: PairFilter) -> _LaidOut:  # noqa: ARG001
    return _LaidOut(f)


@st.cache_resource(max_entries=16, ttl=QUEUE_S, show_spinner=False)
def _sorted_ids_lately(home: str, f: PairFilter) -> IdList:  # noqa: ARG001
    return sorted_ids(store(), f)


# What is to be compared never changes.
@st.cache_resource(max_entries=256, ttl=DESK_S, show_spinner=False)
def _text(home: str, pair_id: str) -> ContrastPair:  # noqa: ARG001
    return get_text(store(), pair_id)


def text(pair_id: str) -> ContrastPair:
    """What is to be compared on the Label page, and nothing about it. Raises `StoreError` for an unknown id."""
    return _text(str(store().home), pair_id)


def read_ahead(pair_id: str) -> Future[None]:
    """Read a pair in the background, since the person will ask for it next.

    What fails here fails again, and is told, when asked for.
    """
    return _later(f"Pair {pair_id} could not be read ahead", lambda: text(pair_id))


def pack_index() -> Future[None]:
    """Compress the index in the background, where a page has filled it for the first time."""
    return _later("The index could not be packed", lambda: store().pack())


def _later(trouble: str, fn: Callable[[], object]) -> Future[None]:
    """Call `fn` in the background; its errors go into the log only."""

    def run() -> None:
        # Not while the page before is still on its way to the browser.
        time.sleep(AHEAD_S)
        try:
            fn()
        except Exception:
            _LOG.debug(trouble, exc_info=True)

    return _AHEAD.submit(run)


def said_so_far(person: str, *, after: str | None = None) -> SaidSoFar:
    """Where this person stands, of whom `after` names the event just given."""
    return labels.said_so_far(store(), person, after=after)


# An event never changes.
@st.cache_resource(max_entries=256, show_spinner=False)
def _event(home: str, label_id: str) -> StoredLabel:  # noqa: ARG001
    return labels.label_of_id(store(), label_id)


def label_of_id(label_id: str) -> StoredLabel:
    """One event. Raises `StoreError` for an unknown id."""
    return _event(str(store().home), label_id)


def labels_by(pair_id: str, person: str, said: SaidSoFar | None = None) -> tuple[StoredLabel | None, tuple[StoredLabel, ...]]:
    """What the person decided last on the pair and did not take back, a repeat too; and all of the person's events, oldest first."""
    if pair_id not in (said or said_so_far(person)).touched:
        return None, ()
    history = tuple(label_history(store(), pair_id, person))
    newest = {label.event.kind == "repeat": label for label in history}
    standing = [label for label in history if label in newest.values() and label.event.choice is not None]
    return (standing[-1] if standing else None), history


def labels_of_others(pair_id: str, person: str) -> list[LabelEvent]:
    """What others say about the pair now, skips left out, in an order that tells nothing about who they are."""
    events = [label.event for label in labels_of(store(), pair_id)]
    return sorted((e for e in events if e.person != person and e.value is not None), key=lambda e: content_id("o", [pair_id, e.person]))
