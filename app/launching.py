"""What the pages write about runs: start one, stop it, take it up again. A form is one run, however often it is sent."""

import importlib.util
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app import data, people
from app.forms import named
from app.nav import set_query
from app.outcomes import title_of
from jobs import api
from jobs.runner import new_run_id
from music_core.chat.local import embedded_path
from music_core.config import EMBEDDED, Settings, load_settings
from music_core.errors import MissingExtraError, MusicError, RunError, SourceError
from music_core.evaluate.benchmarks.catalogue import benchmark_of
from music_core.evaluate.selectors import BASELINES
from music_core.sources.preview import preview

_LOG = logging.getLogger("music.app")
LABELS = "labels"
_LOOK_ROWS = 20
_DRAFT = "mw_draft"
_OUTCOME = "mw_run_outcome"
_ESTIMATE = "mw_estimate"
# Kinds that bring torch, and in words what they do with it.
_TORCH: Mapping[str, str] = {
    "train": "Training a reward model",
    "score": "Scoring with a reward model",
    "benchmark": "Scoring with a reward model",
    "demo": "The demo",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """One showing of a form. Its token is the id of the run that it will start, so a second click cannot start another."""

    kind: str
    origin: str
    token: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a draft's run would cost, or why that cannot be said."""

    token: str
    figures: Mapping[str, Any] | None = None
    error: MusicError | None = None


def draft_for(kind: str, origin: str) -> Draft:
    """The draft on screen; a new one, with a new token, when the kind or `origin` (what it was prefilled from) changed."""
    draft = st.session_state.get(_DRAFT)
    if not isinstance(draft, Draft) or (draft.kind, draft.origin) != (kind, origin):
        draft = Draft(kind, origin, new_run_id(kind))
        st.session_state[_DRAFT] = draft
        st.session_state.pop(_OUTCOME, None)
    return draft


def missing_extra(kind: str, settings: Settings, endpoints: tuple[str, ...] = ()) -> MissingExtraError | None:
    """The optional part that a run of `kind` would miss, found without importing it; None when all is there."""
    if kind in _TORCH and any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")):
        return MissingExtraError(_TORCH[kind], "train")
    local = EMBEDDED in endpoints and not settings.endpoint(EMBEDDED).base_urls
    if (local or kind == "demo") and importlib.util.find_spec("xllamacpp") is None:
        return MissingExtraError("The embedded model", "local")
    return None


def _missing_for_models(kind: str, config: Mapping[str, Any]) -> MissingExtraError | None:
    """What a Best-of-N run misses when one of its selectors is a reward model."""
    if kind != "bon" or {config.get("a"), *config.get("b", ())} <= set(BASELINES):
        return None
    return missing_extra("score", load_settings())


def _needs_hub(path: str) -> bool:
    return path.startswith("hf:") and importlib.util.find_spec("datasets") is None


def weights_missing(settings: Settings) -> bool:
    """Whether the embedded model's weights still have to be fetched."""
    return not settings.endpoint(EMBEDDED).base_urls and not embedded_path(settings.cache).is_file()


def start(draft: Draft, config: Mapping[str, Any]) -> None:
    """Start the draft's run and go to it; sent again it goes to the run that is there already."""

    def once() -> None:
        people.guard("run")
        _check(draft.kind, config)
        home = data.store().home
        if not api.runner_for(home).folder(draft.token).exists():
            _submit_once(draft, config, home)

    _tell(once)
    if _OUTCOME in st.session_state:
        return
    for key in (_DRAFT, _ESTIMATE):
        st.session_state.pop(key, None)
    set_query({"run": draft.token})


def _submit_once(draft: Draft, config: Mapping[str, Any], home: Path) -> None:
    try:
        api.submit(draft.kind, config, title=title_of(draft.kind, config), run_id=draft.token, home=home)
    except RunError:
        # Two clicks at the same instant: the runner's lock let one through, which is all that was asked for.
        if not api.runner_for(home).folder(draft.token).exists():
            raise


def _check(kind: str, config: Mapping[str, Any]) -> None:
    """What a run would only find out after it started."""
    settings = load_settings()
    endpoints = tuple(e for name in ("assistant", "user", "endpoint", "judge") for e in named(config.get(name)) if e)
    for name in endpoints:
        settings.endpoint(name)
    missing = missing_extra(kind, settings, endpoints) or _missing_for_models(kind, config)
    if missing is not None:
        raise missing
    path = str(config.get("path", ""))
    _check_places(kind, path, config)
    if kind == "import":
        _check_labels(path, config.get("fmt"))


def check_import(config: Mapping[str, Any]) -> None:
    """What hinders an import that can be told before it reads the whole file. Raises `MusicError`."""
    _check("import", config)


def _check_labels(path: str, fmt: str | None) -> None:
    """A label export carries other people's names, and says itself whether they were verified: only an admin may restore it."""
    if people.refusal("restore labels") and (fmt or preview(path, limit=_LOOK_ROWS).fmt) == LABELS:
        people.guard("restore labels")


def _check_places(kind: str, path: str, config: Mapping[str, Any]) -> None:
    if kind == "import" and not path:
        raise SourceError("No file is named.", "Give the path of a file on the machine that runs this workbench, or hf:NAME.")
    for place in (path, *_places(kind, config)):
        if _needs_hub(place):
            raise MissingExtraError("Reading a data set of the hub", "hub")
        if place and not place.startswith("hf:") and not Path(place).exists():
            raise SourceError(f"There is no file {place} on the machine that runs this workbench.", "Give its full path, or hf:NAME.")


def _places(kind: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a benchmark's rows are read from: what was named, else its place on the hub."""
    if kind != "benchmark":
        return ()
    if not config.get("model"):
        raise RunError("No model is named.", "Train one, or see those there are with: music models list")
    benchmark = benchmark_of(str(config.get("benchmark", "")))
    return named(config.get("paths")) or (benchmark.hub,)


def estimate(draft: Draft, config: Mapping[str, Any]) -> None:
    """Try the draft's run dry; `estimate_of` has the answer."""
    figures: dict[str, Any] = {}

    def dry() -> None:
        people.guard("run")
        figures.update(api.estimate(draft.kind, config, data.store()))

    error = _error_of(dry)
    st.session_state[_ESTIMATE] = Estimate(draft.token, None if error else figures, error)


def estimate_of(draft: Draft) -> Estimate | None:
    """The last estimate of this draft."""
    found = st.session_state.get(_ESTIMATE)
    return found if isinstance(found, Estimate) and found.token == draft.token else None


def _guarded_home() -> Path:
    people.guard("run")
    return data.store().home


def cancel(run_id: str) -> None:
    """Ask a run to stop."""
    _tell(lambda: api.cancel(run_id, home=_guarded_home()))


def resume(run_id: str) -> None:
    """Take a stopped run up again."""
    _tell(lambda: api.resume(run_id, home=_guarded_home()))


def _tell(act: Callable[[], object]) -> None:
    st.session_state.pop(_OUTCOME, None)
    error = _error_of(act)
    if error is not None:
        st.session_state[_OUTCOME] = error


def _error_of(act: Callable[[], object]) -> MusicError | None:
    """What went wrong in `act`. Callbacks run before the page is drawn, so nothing may escape from them."""
    try:
        act()
    except MusicError as e:
        return e
    except Exception as e:
        _LOG.exception("A click on the page of jobs failed")
        return RunError(
            f"That failed by a defect of the workbench ({type(e).__name__}).", "The server's log has the details; please report it."
        )
    return None


def last_error() -> MusicError | None:
    """What went wrong with the last click; shown once."""
    found = st.session_state.pop(_OUTCOME, None)
    return found if isinstance(found, MusicError) else None
