"""Label: one pair at a time, blind until the decision, by keys."""

import streamlit as st

from app import actions, data, labelling, people, queues
from app.components import card, empty, errors, header, label_head, labels, off, queue_choice, reveal, vote_bar
from app.components.words import CHOICE_NAMES
from app.labelling import Desk
from app.markup import attribute, details
from app.nav import href, query_now
from app.sides import side_names
from app.state import ListState, from_query
from music_core.store.sides import systems_of


def _answer(desk: Desk) -> None:
    """What was decided and, once it was, everything that had been hidden."""
    if desk.label is None or desk.stored is None:
        return
    view = data.pair_view(desk.stored.id)
    st.html(reveal.receipt(desk.label))
    reveal.show(desk.label, view.verdicts, view.traces, data.models(), side_names(systems_of(view.stored.origins)))


def _bar(desk: Desk) -> None:
    if desk.card is None:
        return
    pair_id, token = desk.card.pair_id, desk.card.token
    changing = actions.changing(pair_id)

    def undo() -> None:
        labelling.take_undo(desk)

    if desk.revealed and desk.label is not None and not changing:
        words, following = CHOICE_NAMES[desk.label.event.choice], desk.following
        vote_bar.decided(
            token, words, undo, lambda: actions.start_change(pair_id), lambda: labelling.go_to(following), last=following is None
        )
        return
    keep = actions.stop_change if changing else None
    can_undo = data.newest_label(desk.person) is not None
    vote_bar.votes(token, lambda choice: labelling.take_vote(desk, choice), undo, keep, can_undo=can_undo)


def _nothing(desk: Desk, state: ListState) -> None:
    if desk.walk is not None:
        empty.show("Nothing to label", "The plan of this queue has drawn no pair.")
        return
    empty.show("Nothing to label", "No pair passes this queue's filter.", empty.NO_PAIRS if not state.active else None)


def _done(desk: Desk) -> None:
    link = f'<a class="mw-link" href="{href("pairs", {"label": "mine"})}">See what you labelled</a>'
    if desk.walk is None:
        empty.show("This queue is done", f"You have decided or skipped all {len(desk.queue):,} pairs of it.", link=link)
        return
    head, open_ = desk.walk.head, desk.walk.head.n_wanted - desk.walk.n_given
    text = "It has all its labels." if open_ <= 0 else f"Other people are to give the {open_:,} labels that it still lacks."
    says = href("agreement", {"view": "estimates", "queue": head.name})
    link += f' · <a class="mw-link" href="{attribute(says)}">What its labels say</a>'
    empty.show("Nothing of this queue is left for you", text, {"The same as figures": f"music estimate --queue '{head.name}'"}, link)


def page() -> None:
    """Draw the page."""
    header.show("Label", "Which conversation, as a whole, serves its user better? Nothing else is shown until you have decided.")
    with errors.shown():
        person, state = people.current(), from_query(query_now())
        if people.refusal("label"):
            off.show(people.refusal("label"))
            return
        if person is None:
            label_head.ask_name()
            return
        queue_choice.show(queues.heads())
        desk = labelling.open_desk(person, state, query_now().get("queue", [""])[-1])
        if not desk.queue and desk.stored is None:
            _nothing(desk, state)
            return
        label_head.show(desk, state)
        if desk.stored is None:
            _done(desk)
            return
        if desk.revealed:
            _answer(desk)
        card.show(desk)
        if desk.history:
            history = labels.history_markup(desk.history, side_names(systems_of(desk.stored.origins)))
            st.html(details(f"Your history on this pair ({len(desk.history)})", history))
        _bar(desk)
