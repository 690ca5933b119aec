"""Label: one pair at a time, blind until the decision, by keys."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import actions, data, labelling, memory, people, queues
from app.components import card, errors, header, label_end, label_head, labels, off, other_votes, queue_choice, queue_form, reveal, vote_bar
from app.components.words import CHOICE_NAMES
from app.labelling import Desk
from app.markup import attribute, details
from app.nav import href, query_now
from app.state import ListState, from_query
from music_core.types import LabelChoice

_OFFERED = "mw_label_offered"


def _answer(desk: Desk) -> None:
    """What was decided and, once it was, everything that had been hidden."""
    if desk.label is None or desk.evidence is None:
        return
    st.html(reveal.receipt(desk.label) + reveal.beyond(desk.label) + reveal.repetition(desk.label, desk.history))
    reveal.show(desk.label, desk.evidence, data.known_models())


def _bar(desk: Desk, bar: DeltaGenerator) -> None:
    if desk.card is None:
        return
    pair_id, token, following = desk.card.pair_id, desk.card.token, desk.following

    def vote(choice: LabelChoice) -> None:
        labelling.take_vote(token, choice)

    def undo() -> None:
        labelling.take_undo(token)

    labelling.put_up(desk)
    if desk.voting or desk.label is None:
        keep = actions.keep_as_it_is if desk.revealed else None
        vote_bar.votes(bar, token, vote, undo, keep, can_undo=desk.newest is not None)
        return
    words = CHOICE_NAMES[desk.label.event.choice]
    change, go_on = lambda: actions.start_change(pair_id), lambda: labelling.go_to(following)
    vote_bar.decided(bar, token, words, undo, change, go_on, last=desk.last)


def page() -> None:
    """Draw the page."""
    header.show("Label", "Which conversation, as a whole, serves its user better? Nothing else is shown until you have decided.")
    query = query_now()
    with errors.shown():
        person = people.current()
        if people.refusal("label"):
            off.show(people.refusal("label"))
            return
        if person is None:
            label_head.ask_name()
            return
        # Queues are as new as the last look at the store, so look.
        data.said_so_far(person)
        if "make" in query:
            queue_form.show(from_query(query), person)
            return
        # Also where the address names a queue that there is not: here is the way to those there are.
        st.session_state[_OFFERED] = queues.offered()
        queue_choice.show(queues.heads(), queues.n_disputed())
        labelling.begin_anew()
        _work()


@st.fragment
def _work() -> None:
    """What changes from key to key. A key runs this alone: navigation, title and the choice of a queue stand."""
    memory.forget_widgets()
    bar, query = vote_bar.place(), query_now()
    others = attribute(href("label", {name: values for name, values in query.items() if name != "pair"}))
    with errors.shown(f'<a class="mw-link" href="{others}">Label the other pairs of this queue</a>' if "pair" in query else ""):
        person, state = people.current(), from_query(query)
        if person is None or people.refusal("label"):
            st.rerun()  # The whole page says why.
        desk = labelling.arrive(person)
        if st.session_state.get(_OFFERED) != queues.offered():
            st.rerun()  # A queue came, or a disagreement: into the choice of queues.
        _lay_out(desk, state, bar)


def _lay_out(desk: Desk, state: ListState, bar: DeltaGenerator) -> None:
    if not desk.queue and desk.pair is None:
        label_end.nothing(desk, state)
        return
    label_head.show(desk, state)
    if desk.pair is None:
        label_end.done(desk)
        return
    if desk.revealed:
        _answer(desk)
    other_votes.show(desk)
    card.show(desk)
    # Not after a skip alone: it tells which side was which.
    if desk.evidence:
        history = labels.history_markup(desk.history, desk.names)
        st.html(details(f"Your history on this pair ({len(desk.history)})", history))
    _bar(desk, bar)
    if desk.following:
        data.read_ahead(desk.following)
