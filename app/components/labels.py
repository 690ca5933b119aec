"""Labels of people on a pair: the current ones, and every event behind them."""

from collections.abc import Sequence

import streamlit as st

from app.components import turn_marks
from app.components.words import CHOICE_NAMES, KIND_NAMES
from app.markup import chip, details, moment, table, visible
from app.roles import shown_id
from app.sides import BUILT, SideNames
from music_core.types import BRANCHES, LabelEvent, StoredLabel


def by_branch(label: StoredLabel, names: SideNames = BUILT) -> str:
    """The decision in words, by branch; the side it was given on stands in the history."""
    event = label.event
    if event.value in ("chosen", "rejected"):
        return chip(names.of(event.value), event.value)
    return chip(CHOICE_NAMES[event.choice].lower(), "tie" if event.choice in ("tie", "both_bad") else "unresolved")


def seconds(value: float | None) -> str:
    """A duration for people, or a dash."""
    if value is None:
        return "–"
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.0f} min"


def seen_as(event: LabelEvent) -> str:
    """How a decision came about, in words: blind or informed, and what is unusual about it."""
    words = ["blind" if event.blind else "informed"]
    words += [KIND_NAMES[event.kind]] if event.kind != "label" else []
    words += ["beyond the target"] if event.beyond else []
    return ", ".join(words)


def history_markup(history: Sequence[StoredLabel], names: SideNames = BUILT) -> str:
    """Every event as a table, oldest first, each with what it replaces."""
    columns = {
        "When": "text",
        "Decision": "text",
        "Left was": "text",
        "Seen": "text",
        "Time": "num",
        "Reasons, comment, marks": "text",
        "Id": "text",
    }
    rows = []
    for label in history:
        e = label.event
        marks = turn_marks.in_words(e, {branch: names.of(branch) for branch in BRANCHES})
        why = "; ".join(part for part in (*e.reasons, e.comment, marks) if part)
        replaced = f'<br><span class="mw-note">replaces {visible(e.supersedes[:10])}</span>' if e.supersedes else ""
        rows.append(
            [
                moment(label.created_at),
                CHOICE_NAMES[e.choice],
                visible(names.of(e.left_branch)),
                seen_as(e),
                seconds(e.seconds),
                f'<span dir="auto">{visible(why) or "–"}</span>',
                f"<code>{visible(label.id[:10])}</code>{replaced}",
            ]
        )
    return table("Label events, oldest first", columns, rows)


def current_of(history: Sequence[StoredLabel]) -> list[StoredLabel]:
    """Each person's newest event, where it is a decision or a skip; a repeat is never current."""
    newest: dict[str, StoredLabel] = {}
    for label in history:
        if label.event.kind != "repeat":
            newest[label.event.person] = label
    return [label for _, label in sorted(newest.items()) if label.event.choice is not None]


def show(history: Sequence[StoredLabel], names: SideNames = BUILT) -> None:
    """Draw every person's current label, and the events behind it folded."""
    out = ""
    people = sorted({label.event.person for label in history})
    current = {label.event.person: label for label in current_of(history)}
    for person in people:
        events = [label for label in history if label.event.person == person]
        label = current.get(person)
        verified = " (signed in)" if events[-1].event.verified else " (unverified)"
        now = by_branch(label, names) if label else chip("taken back", "unresolved")
        seen = f'<span class="mw-note">{seen_as(label.event)}</span>' if label else ""
        n = f"{len(events)} event{'s' if len(events) > 1 else ''}"
        name = visible(shown_id(person))
        out += f'<li><span class="mw-judge">{name}{verified}</span> {now}{seen}{details(n, history_markup(events, names))}</li>'
    st.html(f'<ul class="mw-judges">{out}</ul>')
