"""What the Play page reads and writes: conversations in their journals, replies on their way, the vote and what it is stored as."""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from app import data, people
from app.nav import set_query
from jobs.play.draft import MOST_CHARS, MOST_TURNS, SIDES, Draft, Event, Kind, Setup, Side, started
from jobs.play.journal import PlayJournal, new_draft_id
from jobs.play.player import Player
from jobs.play.scoring import scoring_problem
from jobs.stages.play import store_play
from music_core.config import load_settings
from music_core.errors import MusicError, RunError
from music_core.types import BranchName, LabelChoice, RewardModel

_LOG = logging.getLogger("music.app")
_OUTCOME = "mw_play_outcome"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form of a new conversation holds. `endpoints` are the one led astray and its twin, or the two models."""

    person: str
    kind: Kind
    endpoints: tuple[str, str]
    method: str
    schedule: str
    reward_model: str | None


@st.cache_resource(show_spinner=False, on_release=Player.close)
def _player(home: str) -> Player:
    return Player(Path(home))


def player() -> Player:
    """The one that asks for replies in this server's store."""
    return _player(str(data.store().home))


def journal() -> PlayJournal:
    """The journals in this store's folder."""
    return PlayJournal(data.store().home)


def usable(models: Sequence[RewardModel]) -> tuple[list[RewardModel], MusicError | None]:
    """The models that can score here, and why the first of the others cannot."""
    problems = {m.id: scoring_problem(m) for m in models}
    return [m for m in models if problems[m.id] is None], next((p for p in problems.values() if p is not None), None)


def start(wish: Wish) -> None:
    """Begin a conversation and go to it. Which side is which is drawn here and written down."""

    def begin() -> None:
        people.guard_label(wish.person)
        settings = load_settings()
        for name in wish.endpoints:
            settings.endpoint(name)
        if wish.kind == "models" and wish.endpoints[0] == wish.endpoints[1]:
            raise RunError("Both models are the same endpoint.", "Choose two, or talk with one that is led astray on one side.")
        names: dict[BranchName, str] = dict(zip(("chosen", "rejected"), wish.endpoints, strict=True))
        left: BranchName = "chosen" if secrets.randbits(1) else "rejected"
        setup = Setup(
            draft=new_draft_id(),
            person=wish.person,
            kind=wish.kind,
            endpoints=names,
            left_branch=left,
            seed=secrets.randbits(31),
            method=wish.method,
            schedule=wish.schedule,
            reward_model=wish.reward_model,
            started_at=datetime.now(UTC).isoformat(),
        )
        journal().append(setup.draft, started(setup))
        set_query({"draft": setup.draft})

    _tell(begin)


def send(draft: Draft, texts: Mapping[Side, str]) -> None:
    """Write down what the person said and ask both sides; the same turn twice is said once."""

    def say() -> None:
        people.guard_label(draft.setup.person)
        clean = {side: texts[side].strip() for side in SIDES}
        if not all(clean.values()):
            raise RunError("There is nothing to send.", "Write a message to both sides.")
        if max(map(len, clean.values())) > MOST_CHARS:
            raise RunError(f"A message has at most {MOST_CHARS:,} characters.", "Shorten it.")
        if draft.turn >= MOST_TURNS:
            raise RunError(f"A conversation has at most {MOST_TURNS} turns.", "Vote on it.")
        turn = draft.turn + 1

        def late(now: Draft | None) -> bool:
            return now is None or now.turn >= turn or bool(now.waiting) or not now.open

        journal().append(draft.setup.draft, {"type": "said", "turn": turn, "left": clean["left"], "right": clean["right"]}, unless=late)
        for side in SIDES:
            _ask(draft, side)

    _tell(say)


def ask(draft: Draft, side: Side) -> None:
    """Have a side answer the last message again."""
    _tell(lambda: _ask(draft, side))


def _ask(draft: Draft, side: Side) -> None:
    people.guard_label(draft.setup.person)
    name = draft.setup.reward_model
    model = next((m for m in data.models() if m.name == name and scoring_problem(m) is None), None) if name else None
    player().ask(draft.setup.draft, side, Path(model.path) if model else None)


def stop(draft: Draft) -> None:
    """Stop the replies that are on their way."""
    for side in SIDES:
        player().stop(draft.setup.draft, side)


def vote(draft: Draft, choice: LabelChoice, reasons: Sequence[str], comment: str) -> None:
    """Write the decision down, then store the pair and the label. What cannot be stored keeps its vote, and can be stored again."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(draft.setup.started_at)).total_seconds()

    def decide() -> None:
        event: Event = {
            "type": "voted",
            "choice": choice,
            "reasons": list(reasons),
            "comment": comment.strip(),
            "seconds": round(seconds, 1),
            "verified": people.guard_label(draft.setup.person),
        }
        stop(draft)
        journal().append(draft.setup.draft, event, unless=lambda now: now is None or not now.open or now.n_whole < 1)

    _tell(decide)
    if _OUTCOME not in st.session_state:
        store(draft)


def store(draft: Draft) -> None:
    """Store the conversation and its vote, at first or again."""

    def keep() -> None:
        people.guard_label(draft.setup.person)
        found = store_play(data.store(), journal().read(draft.setup.draft))
        journal().append(draft.setup.draft, {"type": "stored", "pair_id": found.pair_id})

    _tell(keep)


def last_error() -> MusicError | None:
    """What went wrong with the last click; shown once."""
    found = st.session_state.pop(_OUTCOME, None)
    return found if isinstance(found, MusicError) else None


def _tell(act: Callable[[], None]) -> None:
    """Do it; callbacks run before the page is drawn, so nothing may escape from them."""
    st.session_state.pop(_OUTCOME, None)
    try:
        act()
    except MusicError as e:
        st.session_state[_OUTCOME] = e
    except Exception as e:
        _LOG.exception("A click on the Play page failed")
        words = f"That failed by a defect of the workbench ({type(e).__name__})."
        st.session_state[_OUTCOME] = RunError(words, "The server's log has the details; please report it.")
