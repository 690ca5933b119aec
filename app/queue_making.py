"""A queue made in the app: what the form asks, what it would draw, and making it."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import data, people, queues
from app.forms import Field, config_from
from app.markup import shorten
from app.nav import set_query
from app.state import ListState
from jobs.stages.queues import MOST_REPEATS, PLANS, REPEATS, Config, Drawn, drawn_by, make_queue
from music_core.config import from_mapping
from music_core.errors import ConfigError, MusicError
from music_core.guideline import VERSION
from music_core.store.guidelines import add_guideline, guidelines
from music_core.store.queues import STRATA

TOKEN = "queue"  # noqa: S105 -- part of the keys of the form's widgets
TEXT_KEY = "mw-queue-guideline-text"
_DRAWN, _ERROR = "mw_queue_drawn", "mw_queue_error"
PLAN_NAMES: Mapping[str, str] = {
    "uniform": "Uniform: all pairs alike, the safe choice",
    "stratified": "Stratified: as many of each source, schedule or number of turns",
    "disagreement": "Disagreement: rather where raters differ",
    "uncertainty": "Uncertainty: rather where a judge or model is unsure",
}


def fields(n_pairs: int, raters: Sequence[str]) -> list[Field]:
    """What the form asks, for a pool of so many pairs and the judges and models that said something about any."""
    by = {**{name: f"{name} (stratified)" for name in STRATA}, **{rater: rater for rater in raters}}
    known = {version: f"{version}: {shorten(text, 50)}" for version, text in guidelines(data.store()).items()}
    return [
        Field("name", "Name", "text", "", "For ever: a queue never changes, and its labels carry its name.", hint="pilot"),
        Field("labels", "Pairs to label", "whole", min(n_pairs, 100), "On average; draws are independent, so it varies a little.", least=1),
        Field("plan", "Plan", "one", "uniform", options={plan: PLAN_NAMES[plan] for plan in PLANS}),
        Field(
            "by", "The plan goes by", "many", (), "Nothing for uniform; two raters or more, or none, for disagreement.", by, hint="Nothing"
        ),
        Field("overlap", "People for each pair", "whole", 1, "2 or more show how far people agree with each other.", least=1),
        Field("repeats", "Pairs that come back, in %", "whole", round(100 * REPEATS), "Shown once more to the same person.", least=0),
        Field("guideline", "Guideline", "one", VERSION, options=known),
        Field("seed", "Seed", "whole", 0, "The draw derives from it.", least=0, more=True),
    ]


def raters() -> list[str]:
    """Judges and models, as plans name them."""
    values = data.filter_values()
    titles = {m.id: m.name for m in data.models()}
    models = [f"model:{titles[f.value]}" for f in values.get("model", ()) if f.value in titles]
    return [*(f"judge:{f.value}" for f in values.get("judge", ())), *models]


def described(state: ListState, person: str) -> dict[str, Any]:
    """How a queue remembers the filter that its pool came from."""
    query = {k: v for k, v in state.changed(sort="created", asc=False).query().items() if k != "page"}
    return {**query, "person": person} if state.label in ("mine", "not-mine") else query


def _config(values: Mapping[str, Any], offered: Sequence[Field], person: str) -> Config:
    given = config_from(offered, values)
    given["repeats"] = min(given.get("repeats", 0) / 100, MOST_REPEATS + 1)
    return from_mapping(Config, {**given, "created_by": person}, "A queue")


def estimate(values: Mapping[str, Any], offered: Sequence[Field], state: ListState, person: str) -> None:
    """Reckon what the queue would draw; it is in `last`."""
    st.session_state[_DRAWN] = st.session_state[_ERROR] = None
    try:
        config = _config(values, offered, person)
        st.session_state[_DRAWN] = (config, drawn_by(data.store(), config, state.filter(person)))
    except MusicError as e:
        st.session_state[_ERROR] = e


def make(values: Mapping[str, Any], offered: Sequence[Field], state: ListState, person: str) -> None:
    """Make the queue and put it on screen, or leave the error in `last`."""
    st.session_state[_DRAWN] = st.session_state[_ERROR] = None
    try:
        people.guard("queue")
        config = _config(values, offered, person)
        if not config.name:
            raise ConfigError("The queue has no name yet.", "Give one; labels will carry it.")
        text = str(st.session_state.get(TEXT_KEY) or "")
        if text.strip():
            values = {**values, "guideline": add_guideline(data.store(), text, person)}
            config = _config(values, offered, person)
        make_queue(data.store(), config, state.filter(person), described=described(state, person))
    except MusicError as e:
        st.session_state[_ERROR] = e
        return
    queues.forget_heads()
    set_query({"queue": config.name})


def last() -> tuple[tuple[Config, Drawn] | None, MusicError | None]:
    """What the last estimate found, and the last error; both gone once read."""
    return st.session_state.pop(_DRAWN, None), st.session_state.pop(_ERROR, None)
