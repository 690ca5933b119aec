"""A conversation with both sides: what was said, what is on its way, where to write, and the vote at the end."""

import time
from collections.abc import Mapping

import streamlit as st

from app import playing
from app.components import conversation, errors
from app.components.words import REASONS
from app.markup import details, signed, visible
from jobs.play.draft import MOST_CHARS, SIDES, Draft, Problem, Side
from jobs.play.player import STARTING, STOPPED, Flight
from music_core.errors import MusicError
from music_core.types import Conversation, LabelChoice, Message

EVERY_S = 0.7
NAMES: Mapping[Side, str] = {"left": "Left", "right": "Right"}
LOST = Problem("No reply arrived: it was stopped, or the workbench was restarted on the way.", "Ask again; what you wrote is kept.")
_VOTES: tuple[tuple[LabelChoice, str], ...] = (
    ("left", "Left is better"),
    ("right", "Right is better"),
    ("tie", "Tie"),
    ("both_bad", "Both bad"),
)


def reward_notes(draft: Draft, side: Side) -> dict[int, str]:
    """By turn: HTML below that turn's reply with the reward so far. Pure."""
    found = draft.rewards.get(side)
    values = found.values if found else ()
    return {
        turn: f'<p class="mw-reply-facts"><span>reward so far <b>{signed(value)}</b></span></p>'
        for turn, value in enumerate(values, start=1)
    }


def talk_markup(draft: Draft, *, hold_back: bool = False) -> str:
    """Both conversations as HTML, without a word on which is which. Pure.

    `hold_back` leaves out a reply of the last turn whose other side is not there yet: which side is slower tells which it is.
    """
    held = {side: _whole(draft, side) if hold_back else draft.conversation(side) for side in SIDES}
    left, right = (conversation.Side(NAMES[side], held[side], "plain", "", {}, reward_notes(draft, side)) for side in SIDES)
    return conversation.markup(left, right, open_prefix=True)


def _whole(draft: Draft, side: Side) -> Conversation:
    """What was said up to the person's last message."""
    found = draft.conversation(side, draft.n_whole)
    return Conversation((*found.messages, Message("user", draft.said[-1][side]))) if draft.waiting else found


def doing(draft: Draft, flights: Mapping[Side, Flight]) -> str:
    """What goes on, of both sides together, so that neither can be told by its pace. Pure."""
    if not draft.waiting:
        return "The rewards are computed"
    return "The model is started" if any(f.doing == STARTING for f in flights.values()) else "Both sides are answering"


def status_markup(words: str, seconds: float) -> str:
    """What goes on and for how long. Pure."""
    pulse = '<span class="mw-play-pulse" aria-hidden="true"></span>'
    return f'<p class="mw-play-doing">{pulse}<span role="status">{visible(words)} …</span> <span>{seconds:.0f} s</span></p>'


def problem_markup(draft: Draft, side: Side) -> str:
    """Why a side has not answered, as HTML: of two models without their names, which are behind a fold. Pure."""
    problem = draft.problems.get((draft.turn, side), LOST)
    if draft.setup.kind == "contrast" or problem.message in (STOPPED, LOST.message):
        return errors.markup(MusicError(problem.message, problem.hint))
    said = f'<p class="mw-text" dir="auto">{visible(problem.message)} {visible(problem.hint)}</p>'
    fold = details("Show what went wrong: it may name the model and end your blindness", said)
    return errors.markup(MusicError(f"The model on the {side} gave no reply.", "Ask it again, or look at what went wrong.")) + fold


def _missing(draft: Draft, side: Side) -> None:
    """A side that has not answered and is not about to."""
    if side in draft.waiting:
        st.html(problem_markup(draft, side))
        key = f"mw-play-again-{draft.setup.draft}-{draft.turn}-{side}"
        st.button(f"Ask {side} again", key=key, on_click=playing.ask, args=(draft, side))
    scored = draft.rewards.get(side)
    if scored is not None and scored.problem:
        st.html(f'<p class="mw-note">Without a reward: {visible(scored.problem)}</p>')


def _body(draft: Draft, flights: Mapping[Side, Flight]) -> None:
    if draft.turn:
        st.html(talk_markup(draft, hold_back=bool(flights)))
    if flights:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            seconds = max(time.monotonic() - f.since for f in flights.values())
            st.html(status_markup(doing(draft, flights), seconds), width="content")
            if draft.waiting:
                st.button("Stop", key=f"mw-play-stop-{draft.setup.draft}-{draft.turn}", on_click=playing.stop, args=(draft,))
        return
    for column, side in zip(st.columns(2, gap="medium"), SIDES, strict=True):
        with column:
            _missing(draft, side)


def _live(draft_id: str) -> None:
    with errors.shown():
        flights = playing.player().flights(draft_id)
        if not flights:
            st.rerun()  # once more with the whole page: the field to write in, and no refreshing any more
        _body(playing.journal().read(draft_id), flights)


def _keys(draft: Draft) -> dict[Side, str]:
    return {side: f"mw-play-text-{draft.setup.draft}-{draft.turn}-{side}" for side in SIDES}


def _send(draft: Draft, *, apart: bool) -> None:
    keys = _keys(draft)
    playing.send(draft, {side: str(st.session_state.get(keys[side if apart else "left"]) or "") for side in SIDES})


def _field(draft: Draft) -> None:
    keys = _keys(draft)
    # The first message is the seed that both sides share.
    apart = bool(draft.turn) and st.toggle("Write to each side on its own", key=f"mw-play-apart-{draft.setup.draft}")
    with st.form(f"mw-play-form-{draft.setup.draft}-{draft.turn}", border=False):
        places = st.columns(2, gap="medium") if apart else [st.container()]
        for place, side in zip(places, SIDES, strict=False):
            label = f"Your message to {side}" if apart else "Your message to both"
            with place:
                st.text_area(label, key=keys[side], max_chars=MOST_CHARS, height=90)
        st.form_submit_button(
            "Send",
            type="primary",
            key=f"mw-play-send-{draft.setup.draft}-{draft.turn}",
            on_click=_send,
            args=(draft,),
            kwargs={"apart": apart},
        )


def _vote(draft: Draft) -> None:
    draft_id = draft.setup.draft
    question = "Which side, as a whole, served you better? The vote ends the conversation and stores it."
    st.html(f'<h2 class="mw-run-title">End it and vote</h2><p class="mw-note">{question}</p>')
    reasons, comment = f"mw-play-reasons-{draft_id}", f"mw-play-comment-{draft_id}"
    with st.expander("Reasons (optional)"):
        st.pills("Why?", REASONS, selection_mode="multi", key=reasons)
        st.text_area("Comment", key=comment, height=80, max_chars=4000)

    def decide(choice: LabelChoice) -> None:
        playing.vote(draft, choice, tuple(st.session_state.get(reasons) or ()), str(st.session_state.get(comment) or ""))

    with st.container(horizontal=True, gap="small", key="mw-play-votes"):
        for choice, words in _VOTES:
            st.button(words, key=f"mw-play-vote-{draft_id}-{choice}", on_click=decide, args=(choice,))


def show(draft: Draft, person: str | None) -> None:
    """Draw the conversation; only the person who began it may go on."""
    error = playing.last_error()
    if error is not None:
        errors.show(error)
    flights = playing.player().flights(draft.setup.draft)
    if flights:
        st.fragment(_live, run_every=EVERY_S)(draft.setup.draft)
        return
    _body(draft, flights)
    if person != draft.setup.person:
        st.html(
            f'<p class="mw-remark" role="note">This is a conversation of {visible(draft.setup.person)}, who alone can go on with it.</p>'
        )
        return
    if not draft.waiting:
        _field(draft)
    if draft.n_whole:
        _vote(draft)


def contrast_notes(draft: Draft) -> dict[int, str]:
    """By turn: HTML with the modified instruction that the led astray side answered, folded. Pure."""
    side = draft.setup.side_of("rejected")
    said = {turn: draft.replies[turn, side].instruction for turn in range(1, draft.n_whole + 1)}
    return {
        turn: details(
            "This reply answers a modified instruction", f'<div class="mw-text" dir="auto">{visible(text)}</div>', css="mw-contrast"
        )
        for turn, text in said.items()
        if text
    }
