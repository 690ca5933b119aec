"""The start of a conversation: with whom, by which endpoints, with a model's rewards or without; and those not finished yet."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app import playing
from app.choices import Choices, endpoints
from app.components import errors
from app.form_fields import METHODS as METHOD_NAMES
from app.markup import attribute, shorten, table, visible
from app.nav import href
from app.playing import Wish
from app.times import ago
from jobs.play.draft import KINDS, METHODS, SCHEDULES, Draft, Kind
from music_core.errors import MusicError
from music_core.types import RewardModel

_SCHEDULES = {
    "all": "every turn",
    "only:1": "the first turn only",
    "from:2": "from the second turn on",
    "random:0.5": "half of the turns, at random",
}
NO_REWARDS = "none"


def drafts_markup(drafts: Sequence[Draft]) -> str:
    """Conversations to go on with, as HTML. Pure."""
    rows = []
    for draft in drafts:
        opening = shorten(draft.said[0]["left"], 90) if draft.said else "nothing said yet"
        link = f'<a class="mw-link" href="{attribute(href("play", {"draft": draft.setup.draft}))}" dir="auto">{visible(opening)}</a>'
        rows.append([link, KINDS[draft.setup.kind], str(draft.turn), ago(_moment(draft))])
    return table("Your conversations without a vote", {"Opening": "text", "With": "text", "Turns": "num", "Begun": "text"}, rows)


def _moment(draft: Draft) -> datetime | None:
    return datetime.fromisoformat(draft.setup.started_at) if draft.setup.started_at else None


def _rewards(models: Sequence[RewardModel], problem: MusicError | None) -> str | None:
    names = {NO_REWARDS: "None: the vote is blind", **{m.name: m.name for m in models}}
    about = "A model's rewards are an opinion on the answer: with them on screen your vote is stored as informed."
    chosen = st.selectbox("Rewards after each turn", list(names), format_func=lambda v: names[v], key="mw-play-reward", help=about)
    if not models:
        hint = f" {visible(str(problem))}" if problem else " Train one with <code>music train --name first</code>."
        st.html(f'<p class="mw-note">No reward model can score here.{hint}</p>')
    return None if chosen == NO_REWARDS else chosen


def show(person: str, choices: Choices, models: Sequence[RewardModel], problem: MusicError | None, drafts: Sequence[Draft]) -> None:
    """Draw the form."""
    error = playing.last_error()
    if error is not None:
        errors.show(error)
    with st.container(width=620, key="mw-play-start"):
        kind: Kind = st.radio("Talk with", list(KINDS), format_func=lambda k: KINDS[k].capitalize(), key="mw-play-kind")
        offered = endpoints(choices)
        first = list(offered).index(choices.endpoint)
        method, schedule = METHODS[0], SCHEDULES[0]
        if kind == "contrast":
            one = st.selectbox("Endpoint", list(offered), index=first, format_func=lambda e: offered[e], key="mw-play-a")
            named = (one, one)
            method = st.selectbox("Led astray by", METHODS, format_func=lambda m: METHOD_NAMES[m], key="mw-play-method")
            schedule = st.selectbox("In which turns", SCHEDULES, format_func=lambda s: _SCHEDULES[s], key="mw-play-schedule")
            st.html(
                '<p class="mw-note">One side answers you. The other answers a modified instruction instead, as MUSIC makes its rejected '
                "conversations. Which is which is drawn by lot and told after your vote.</p>"
            )
        else:
            one = st.selectbox("First endpoint", list(offered), index=first, format_func=lambda e: offered[e], key="mw-play-a")
            two = st.selectbox("Second endpoint", list(offered), index=len(offered) - 1, format_func=lambda e: offered[e], key="mw-play-b")
            named = (one, two)
            st.html('<p class="mw-note">Sides are drawn by lot; whose answers they are is told after your vote.</p>')
        reward_model = _rewards(models, problem)
        wish = Wish(person, kind, named, method, schedule, reward_model)
        st.button("Start talking", type="primary", key="mw-play-go", on_click=playing.start, args=(wish,))
    if drafts:
        st.html(f'<div class="mw-topic">{drafts_markup(drafts)}</div>')
